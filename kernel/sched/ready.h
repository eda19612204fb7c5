/*
 * ready.h - the threads that could run on a processor: a ring for each priority.
 *
 * Every operation takes a fixed number of steps. Not locked: the run queue's lock is this one's.
 */
#ifndef NONOS_KERNEL_SCHED_READY_H
#define NONOS_KERNEL_SCHED_READY_H

#include "kernel/sched/thread.h"

#include <stdint.h>

struct ready {
    uint32_t priorities; /* bit p: there are threads of priority p */
    uint32_t count;      /* of threads */
    struct thread *first[THREAD_PRIORITIES];
};

/* Behind all others of its priority. Here and not in ready.c, as each switch needs it. */
static inline void ready_add_last(struct ready *ready, struct thread *thread)
{
    uint32_t priority = thread->priority;
    struct thread *first = ready->first[priority];

    ready->count++;
    if ((ready->priorities >> priority & 1) == 0) {
        ready->priorities |= 1u << priority;
        ready->first[priority] = thread->next = thread->previous = thread;
        return;
    }
    thread->next = first;
    thread->previous = first->previous;
    first->previous->next = thread;
    first->previous = thread;
}

/* Before all others of its priority. */
static inline void ready_add_first(struct ready *ready, struct thread *thread)
{
    ready_add_last(ready, thread);
    ready->first[thread->priority] = thread;
}

/* The thread is in it. */
static inline void ready_remove(struct ready *ready, struct thread *thread)
{
    uint32_t priority = thread->priority;
    struct thread *next = thread->next;

    ready->count--;
    if (next == thread) {
        ready->priorities &= ~(1u << priority);
        return;
    }
    next->previous = thread->previous;
    thread->previous->next = next;
    if (ready->first[priority] == thread)
        ready->first[priority] = next;
}

/* Takes out the first of the highest priority; null when there is none. */
[[nodiscard]] static inline struct thread *ready_take(struct ready *ready)
{
    struct thread *thread;

    if (ready->priorities == 0)
        return nullptr;
    thread = ready->first[31u - (uint32_t)__builtin_clz(ready->priorities)];
    ready_remove(ready, thread);
    return thread;
}

/* The same with a thread of that priority coming in, behind all others of it; there is one. */
[[nodiscard]] static inline struct thread *ready_exchange(struct ready *ready,
                                                          struct thread *thread)
{
    struct thread *first = ready->first[thread->priority];
    struct thread *next = first->next;

    if (next == first) {
        ready->first[thread->priority] = thread->next = thread->previous = thread;
        return first;
    }
    thread->next = next;
    thread->previous = first->previous;
    next->previous = thread;
    first->previous->next = thread;
    ready->first[thread->priority] = next;
    return first;
}

/* Whether there are threads of this priority; and none above it; and some above it. */
[[nodiscard]] static inline bool ready_has(const struct ready *ready, uint32_t priority)
{
    return (ready->priorities >> priority & 1) != 0;
}
[[nodiscard]] static inline bool ready_is_highest(const struct ready *ready, uint32_t priority)
{
    return ready->priorities >> priority == 1;
}
[[nodiscard]] static inline bool ready_has_above(const struct ready *ready, uint32_t priority)
{
    return ready->priorities >> priority >> 1 != 0;
}

#endif
