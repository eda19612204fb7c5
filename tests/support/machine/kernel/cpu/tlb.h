/*
 * tlb.h - in place of kernel/cpu/tlb.h: a test that needs these has processors of its own, which
 * remember what they should forget.
 */
#ifndef NONOS_KERNEL_CPU_TLB_H
#define NONOS_KERNEL_CPU_TLB_H

#include <stdint.h>

#define TLB_KEEP (UINT64_C(1) << 63)

void tlb_load(uint64_t cr3);
void tlb_flush(void);
void tlb_flush_page(uint64_t vaddr);
void tlb_pause(void);

#endif
