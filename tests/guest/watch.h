/*
 * watch.h - looking on: what becomes of threads and programs, and what is asked of the kernel.
 *
 * The linker puts watch.c between the product's files (--wrap, tests/guest/rules.mk): each function
 * does what the product's does, unless somebody here says otherwise.
 */
#ifndef NONOS_TESTS_GUEST_WATCH_H
#define NONOS_TESTS_GUEST_WATCH_H

#include "kernel/cpu/trap.h"
#include "kernel/sched/thread.h"

#include <stdint.h>

/* What happens to a program, on the processor where it does, with interrupts off. Each may be null.
 * Set before any program is started. */
struct watch {
    /* Whatever interrupts, before anything else is done about it, even an NMI: it may look at frame
     * and at the processor; true: it has been dealt with. */
    bool (*trap)(struct trap_frame *frame);
    /* An exception in a program; true: it has been dealt with, and the program goes on with frame.
     */
    bool (*fault)(struct trap_frame *frame);
    /* A call, before the kernel looks at it. */
    void (*call)(uint64_t number, uint64_t a, uint64_t b);
    /* A timer's tick that interrupted a program. */
    void (*tick)(struct trap_frame *frame);
};
extern struct watch watch;

/* Threads that the scheduler has taken back. */
[[nodiscard]] uint64_t watch_freed_threads(void);

/* How often what branches taught a processor was forgotten (mitigation_forget). */
[[nodiscard]] uint64_t watch_barriers(void);

/* While it is true, what is written on behalf of programs does not reach the console. */
void watch_silence(bool silent);

/* Makes the count-th allocation from now on, of frames, an object, a heap's block or a stack, find
 * no memory, and none after it; 0: none. Returns from where the one before was called, null when it
 * has not come to pass. */
const void *watch_fail_allocation(uint64_t count);

#endif
