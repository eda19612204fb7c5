/*
 * lock.h - spin locks: first come, first served. Held with interrupts off, and never for long.
 *
 * Order: a processor that holds a lock takes only locks of a higher rank, so no two can wait for
 * each other. Of two run queues the one of the processor with the lower index comes first. The
 * debug build checks it (kernel/debug/).
 *
 * Source: Mellor-Crummey, Scott 1991 §2.2 (ticket lock).
 */
#ifndef NONOS_KERNEL_LOCK_H
#define NONOS_KERNEL_LOCK_H

#include <stdint.h>

enum lock_rank {
    LOCK_PROCESS = 10,
    LOCK_SPACE = 20,
    LOCK_EVENT = 30,
    LOCK_RUN_QUEUE = 40, /* and the timers of the same processor */
    LOCK_SLAB = 50,
    LOCK_FRAMES = 60,
    LOCK_SHOOTDOWN = 70,
    LOCK_INTERRUPTS = 75, /* vectors, and the I/O APICs */
};

struct lock {
    uint32_t next;    /* the ticket that the next one takes */
    uint32_t serving; /* the ticket that holds it */
    enum lock_rank rank;
};

#define LOCK_INIT(its_rank) ((struct lock){.rank = (its_rank)})

/* Waits for its turn; interrupts are off when it returns. Whether they were on, for lock_release.
 */
[[nodiscard]] bool lock_take(struct lock *lock);

/* were_on: what lock_take returned. */
void lock_release(struct lock *lock, bool were_on);

#endif
