/*
 * shootdown.h - what processors remember of an address space, and how they are made to forget it.
 *
 * A processor that has the space loaded is asked by an interrupt and answers; one that has not will
 * forget before it loads it again. Where the processor has PCIDs a space keeps one as long as it
 * lives, and the next space that has it starts with nothing remembered; where it has none, or all
 * are taken, loading forgets everything.
 *
 * Source: SDM vol. 3 §4.10.4 (invalidation), §4.10.5 (propagation to other processors).
 */
#ifndef NONOS_KERNEL_MEM_SHOOTDOWN_H
#define NONOS_KERNEL_MEM_SHOOTDOWN_H

#include "kernel/mem/address.h"

#include <stdint.h>

/* One bit for each processor, by its index. */
struct translations {
    paddr_t root;
    uint32_t pcid;   /* 0: none of its own */
    uint64_t loaded; /* it runs on them */
    uint64_t stale;  /* it has to forget them before it runs on them again */
};

/* For tables that no processor has ever loaded. */
void translations_init(struct translations *translations, paddr_t root);

/* Gives the PCID back. Panics when a processor still has them loaded. */
void translations_end(struct translations *translations);

/* On this processor, with interrupts off; null: the kernel's own tables. from: what was loaded. */
void translations_load(struct translations *from, struct translations *to);

/* After entries for [first, end) have been changed or cleared, and before the frames that they
 * named are used for anything else: returns when no processor remembers them. With no lock held;
 * interrupts come in while it waits. */
void shootdown(struct translations *translations, vaddr_t first, vaddr_t end);

/* The interrupt by which another processor asks. */
void shootdown_handle(void);

/* One turn of a loop that waits, with interrupts off, for what another processor does: answers if
 * asked. */
void shootdown_wait(void);

#endif
