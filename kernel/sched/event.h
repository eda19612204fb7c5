/*
 * event.h - waiting for something that another thread, or an interrupt, makes happen: a counter
 * that is raised by one and waited down by one.
 */
#ifndef NONOS_KERNEL_SCHED_EVENT_H
#define NONOS_KERNEL_SCHED_EVENT_H

#include "kernel/lock.h"

#include <stdint.h>

struct thread;

struct event {
    struct lock lock;
    uint64_t count;
    struct thread *first; /* those who wait, first come first served */
    struct thread *last;
};

#define EVENT_INIT ((struct event){.lock = LOCK_INIT(LOCK_EVENT)})

/* Takes one, and waits until there is one. With no lock held. */
void event_wait(struct event *event);

/* Gives one; also from an interrupt. */
void event_signal(struct event *event);

#endif
