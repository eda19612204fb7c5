/*
 * stretch.h - for how long interrupts stay off, from each place that turns them off: the longest
 * stretch by the time stamp counter. One processor.
 */
#ifndef NONOS_TESTS_BENCH_STRETCH_H
#define NONOS_TESTS_BENCH_STRETCH_H

#include <stdint.h>

/* Writes of CR3, and INVLPGs, so far. */
extern struct stretch_tlb {
    uint64_t loads, pages;
} stretch_tlb;

/* What turned interrupts off where no function did. */
#define STRETCH_VECTOR UINT64_C(0x1000) /* and the vector of an exception or interrupt */
#define STRETCH_CALL UINT64_C(0x2000)   /* and the number of a system call */

/* Called where they have gone off just now; the place is where it was called from, and where that
 * was called from. */
void stretch_begin(void);

/* The same, out of a program or of code that was interrupted. */
void stretch_begin_by(uint64_t what);

/* Called where they are about to come on; nothing when they are on. */
void stretch_end(void);

/* Forgets all; the stretch that goes on now is not noted. */
void stretch_forget(void);

/* Prints all, a line for each place. */
void stretch_print(void);

#endif
