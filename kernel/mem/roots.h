/*
 * roots.h - the two roots of tables where programs must not have the kernel in theirs (gate.h): in
 * a block of two frames first the one that the kernel runs on, then the program's.
 *
 * Where programs may have it, there is one root, and nothing here does anything. Nothing touches
 * the processor or is locked.
 */
#ifndef NONOS_KERNEL_MEM_ROOTS_H
#define NONOS_KERNEL_MEM_ROOTS_H

#include "kernel/mem/address.h"

/* From the kernel's root to the program's. */
#define ROOTS_PROGRAM ((paddr_t)PAGE_LEN)

/* The order of a block with the roots of a space: 0 or 1. */
[[nodiscard]] unsigned roots_order(void);

/* Gives the upper half of one pair's second root to another's. */
void roots_share(paddr_t root, paddr_t from);

/* After an entry of the first root's lower half may have come or gone, the one for vaddr. */
void roots_follow(paddr_t root, vaddr_t vaddr);

#endif
