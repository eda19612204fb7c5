/*
 * sched.h - which thread runs: on each processor the one with the highest priority that is ready,
 * in turns among equals.
 *
 * A turn lasts as long as others of the same priority are ready and SCHED_TURN_TICKS ticks come
 * while the thread runs. There are ticks only while that is so; a processor with nothing to do
 * halts until something interrupts it.
 *
 * Where interrupts are on, a thread that becomes ready and is more urgent runs at once; where they
 * are off, at the next sched_preempt, preempt_point or interrupt.
 */
#ifndef NONOS_KERNEL_SCHED_SCHED_H
#define NONOS_KERNEL_SCHED_SCHED_H

#include "kernel/lock.h"
#include "kernel/sched/ready.h"
#include "kernel/sched/thread.h"
#include "kernel/sched/timers.h"

#include <stdint.h>

#define SCHED_TICK_NS UINT64_C(5000000)
#define SCHED_TURN_TICKS 2u /* so a turn is between one and two ticks long */
#define SCHED_DUE_MAX 16u   /* timers that one interrupt looks after; the next follows at once */

struct run_queue {
    struct lock lock;
    struct ready ready;
    struct timer *timers; /* of the threads here that sleep or are throttled */
    struct thread *idle;
    struct thread *dead; /* ended, for the next one to take back; or null */
    uint64_t switches;
    uint64_t tick_ns;  /* when the next tick is due; TIMERS_NEVER: nobody waits for a turn */
    uint64_t armed_ns; /* what the processor's timer is set to, or sooner than is needed */
    bool reschedule;   /* at the next point where that may be */
    bool stays;        /* no such point until it is false: the running thread has the console */
};

/* Before a processor has any thread. */
void sched_init_queue(struct run_queue *queue);

/* Makes the idle thread of a processor. False when memory runs out. */
[[nodiscard]] bool sched_prepare(struct cpu *cpu);

/* On this processor: the code that calls it becomes a thread, whose stack ends at stack_top, and an
 * idle thread is made. Stops when memory runs out. */
void sched_init(const char *name, void *stack_top);

/* On a further processor, which is prepared: the code that calls it, on the stack of its idle
 * thread, becomes that thread. */
[[noreturn]] void sched_run_idle(void);

/* Lets others of the same priority run. */
void sched_yield(void);

/* A thread that is BLOCKED, or new, becomes ready, and its processor looks at it if it matters to
 * what runs there. Does not switch. */
void sched_wake(struct thread *thread);

/* Where interrupts_disable said were_on: switches if that is due, and puts the interrupts back.
 * With no lock held. */
void sched_settle(bool were_on);

/* Leaves the running thread, which is in no run queue; if it is RUNNING still, it becomes ready:
 * before its equals, or behind them when its turn is over. With the lock of this processor's run
 * queue taken, which another thread releases. */
void sched_leave(void);

/* The timer's interrupt, and that of another processor that has put something into the queue of
 * this one. Interrupts are off. */
void sched_tick(void);
void sched_look(void);

/* The first thing after a switch, which left the lock of this processor's run queue taken: releases
 * it, and takes back the thread that has ended. */
void sched_arrive(void);

/* Switches if that is due. Interrupts are off; at the end of each interrupt, and before a system
 * call returns that has woken somebody. With no lock held. */
void sched_preempt(void);

/* In long work, between two pieces, with no lock held: lets interrupts in, and switches if that is
 * due. Leaves interrupts as they are. Nothing before there are threads. */
void preempt_point(void);

/* The processor with the least to do, this one if it is one of them. */
[[nodiscard]] struct cpu *sched_least_busy(void);

#endif
