/*
 * tlb.h - in place of the kernel's (kernel/cpu/tlb.h): the same, and each use is counted.
 */
#ifndef NONOS_KERNEL_CPU_TLB_H
#define NONOS_KERNEL_CPU_TLB_H

#include "kernel/cpu/control.h"
#include "tests/bench/stretch/stretch.h"

#define TLB_KEEP (UINT64_C(1) << 63)

static inline void tlb_load(uint64_t cr3)
{
    stretch_tlb.loads++;
    control_write_cr3(cr3);
}

static inline void tlb_flush(void)
{
    stretch_tlb.loads++;
    control_write_cr3(control_read_cr3());
}

static inline void tlb_flush_page(uint64_t vaddr)
{
    stretch_tlb.pages++;
    __asm__ volatile("invlpg (%0)" : : "r"(vaddr) : "memory");
}

static inline void tlb_pause(void)
{
    __builtin_ia32_pause();
}

#endif
