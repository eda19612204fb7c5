/*
 * tlb.h - page tables of this processor, and what it remembers of them. Host tests have a header of
 * the same name instead (tests/support/machine/).
 *
 * Source: SDM vol. 3 §4.10 (caching translation information), §4.10.1 (PCID).
 */
#ifndef NONOS_KERNEL_CPU_TLB_H
#define NONOS_KERNEL_CPU_TLB_H

#include "kernel/cpu/control.h"

/* In CR3, where CR4.PCIDE is set: what is remembered of this PCID still holds. */
#define TLB_KEEP (UINT64_C(1) << 63)

/* Page tables, with their PCID. Without TLB_KEEP all that is not global is forgotten of it. */
static inline void tlb_load(uint64_t cr3)
{
    control_write_cr3(cr3);
}

/* Forgets what is not global of the tables that are loaded. */
static inline void tlb_flush(void)
{
    control_write_cr3(control_read_cr3());
}

/* Forgets one page of the tables that are loaded, and how it was found. */
static inline void tlb_flush_page(uint64_t vaddr)
{
    __asm__ volatile("invlpg (%0)" : : "r"(vaddr) : "memory");
}

/* Another processor is waited for. */
static inline void tlb_pause(void)
{
    __builtin_ia32_pause();
}

#endif
