/*
 * timers.h - what is due at a time, the earliest first: the timers of one processor, in a leftist
 * heap. Adding and taking out cost the logarithm of how many there are, at worst.
 *
 * Not locked: the run queue's lock is the timers' too.
 *
 * Source: Crane 1972; Knuth, TAOCP vol. 3 §5.2.3 (leftist trees).
 */
#ifndef NONOS_KERNEL_SCHED_TIMERS_H
#define NONOS_KERNEL_SCHED_TIMERS_H

#include <stdint.h>

#define TIMERS_NEVER UINT64_MAX

struct timer {
    uint64_t deadline_ns;
    struct timer *left; /* the deeper of the two, going right */
    struct timer *right;
    struct timer *parent; /* null: the first one */
    uint32_t depth;       /* steps to the right until there is nothing */
};

/* *first: the timer that is due first, null when there is none. The timer is in no heap. */
void timers_add(struct timer **first, struct timer *timer, uint64_t deadline_ns);

/* The timer is in this heap. */
void timers_remove(struct timer **first, struct timer *timer);

/* When the first one is due; TIMERS_NEVER when there is none. */
static inline uint64_t timers_deadline(const struct timer *first)
{
    return first != nullptr ? first->deadline_ns : TIMERS_NEVER;
}

#endif
