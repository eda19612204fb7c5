/*
 * xsave.h - the registers of x87, SSE and AVX. They are the programs': the kernel has no
 * instruction with any of them.
 *
 * While a thread of the kernel runs, all of them are as at the start, and their use is an exception
 * (CR0.TS). A thread in a process has an area in which they are kept while it does not run; all are
 * exchanged at once when threads are switched, nothing is put off.
 *
 * Which there are is what the processor names, of those that programs get: x87, SSE, AVX, AVX-512.
 * Without XSAVE: x87 and SSE, by FXSAVE.
 *
 * Source: SDM vol. 1 §13 (XSAVE), §10.5 (FXSAVE); vol. 3 §2.5 (CR0.TS), §2.6 (XCR0).
 */
#ifndef NONOS_KERNEL_CPU_XSAVE_H
#define NONOS_KERNEL_CPU_XSAVE_H

#include <stddef.h>
#include <stdint.h>

#define XSAVE_ALIGNMENT 64u
#define XSAVE_MAX_LEN 3072u

/* On each processor: switches them on, and forbids them at once. */
void xsave_init(void);

/* How long an area is: at most XSAVE_MAX_LEN. */
[[nodiscard]] size_t xsave_len(void);

/* Registers as they are at the start of a program. area: xsave_len() zero bytes, aligned to
 * XSAVE_ALIGNMENT. */
void xsave_init_area(void *area);

/* From the registers of the thread that has run into from, from to into those of the thread that
 * will; null: a thread of the kernel. Not both are null. With interrupts off. */
void xsave_switch(void *from, const void *to);

#endif
