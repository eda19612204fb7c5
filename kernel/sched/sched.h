/*
 * sched.h - which thread runs: on each processor the one with the highest priority that is ready,
 * in turns among equals.
 */
#ifndef NONOS_KERNEL_SCHED_SCHED_H
#define NONOS_KERNEL_SCHED_SCHED_H

#include "kernel/lock.h"
#include "kernel/sched/thread.h"

#include <stdint.h>

struct run_queue {
    struct lock lock;
    uint32_t ready; /* bit p: there are threads of priority p */
    struct thread *first[THREAD_PRIORITIES];
    struct thread *last[THREAD_PRIORITIES];
    struct thread *idle;
    struct thread *dead; /* ended, and its processor has not left its stack yet */
    uint64_t switches;
    bool reschedule; /* at the next point where that may be */
};

/* On this processor: the code that calls it becomes a thread, whose stack ends at stack_top, and an
 * idle thread is made. Panics when memory runs out. */
void sched_init(const char *name, void *stack_top);

/* On a further processor: the code that calls it becomes its idle thread. */
[[noreturn]] void sched_run_idle(void *stack_top);

/* Lets others of the same priority run. */
void sched_yield(void);

/* Puts a thread that is BLOCKED, or new, into its processor's run queue, and has that processor
 * look at it if it is more urgent than what runs there. */
void sched_wake(struct thread *thread);

/* Leaves the running thread, which is BLOCKED or DEAD and no longer in any queue. With the lock of
 * this processor's run queue taken, which another thread releases. */
void sched_leave(void);

/* The timer has ticked: interrupts are off. */
void sched_tick(void);

/* The first thing after a switch, which left the lock of this processor's run queue taken: releases
 * it, and takes back the thread that has ended. */
void sched_arrive(void);

/* Switches if that is due. Interrupts are off; at the end of each interrupt, and in preempt_point.
 */
void sched_preempt(void);

/* In long work, between two pieces, with no lock held: lets interrupts in. */
void preempt_point(void);

#endif
