/*
 * event.h - waiting for something that another thread, or an interrupt, makes happen: a counter
 * that is raised by one and waited down by one.
 *
 * Of those who wait the one with the highest priority goes on first; of equals, who came first.
 * Both functions take a fixed number of steps, however many wait.
 */
#ifndef NONOS_KERNEL_SCHED_EVENT_H
#define NONOS_KERNEL_SCHED_EVENT_H

#include "kernel/lock.h"
#include "kernel/sched/ready.h"

#include <stdint.h>

struct event {
    struct lock lock;
    uint64_t count;
    struct ready waiting; /* a thread is in it while it is BLOCKED */
};

#define EVENT_INIT ((struct event){.lock = LOCK_INIT(LOCK_EVENT)})

/* Takes one, and waits until there is one. With no lock held. */
void event_wait(struct event *event);

/* Gives one; also from an interrupt. */
void event_signal(struct event *event);

#endif
