/* In the place of kernel/lock.c in the debug build. */
#include "kernel/lock.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/interrupt_flag.h"
#include "kernel/mem/shootdown.h"
#include "kernel/panic.h"

#include <stddef.h>

#define HELD_MAX 8u

/* What each processor holds, in the order in which it was taken. */
static struct {
    const struct lock *locks[HELD_MAX];
    unsigned count;
} held[CPU_MAX];

static uint32_t queue_index(const struct lock *lock)
{
    return ((const struct cpu *)((uintptr_t)lock - offsetof(struct cpu, queue.lock)))->index;
}

static bool may_follow(const struct lock *lock, const struct lock *before)
{
    if (lock->rank != before->rank)
        return lock->rank > before->rank;
    return lock->rank == LOCK_RUN_QUEUE && queue_index(lock) > queue_index(before);
}

bool lock_take(struct lock *lock)
{
    bool were_on = interrupts_disable();
    uint32_t index = cpu_current()->index;
    unsigned count = held[index].count;
    uint32_t ticket;

    if (lock->rank == 0)
        panic("lock: one without a rank");
    for (unsigned i = 0; i < count; i++) {
        if (!may_follow(lock, held[index].locks[i]))
            panic("lock: rank %u is taken after rank %u", (unsigned)lock->rank,
                  (unsigned)held[index].locks[i]->rank);
    }
    if (count == HELD_MAX)
        panic("lock: one processor holds more than %u", HELD_MAX);
    ticket = __atomic_fetch_add(&lock->next, 1, __ATOMIC_RELAXED);
    while (__atomic_load_n(&lock->serving, __ATOMIC_ACQUIRE) != ticket)
        shootdown_wait();
    held[index].locks[count] = lock;
    held[index].count = count + 1;
    return were_on;
}

void lock_release(struct lock *lock, bool were_on)
{
    uint32_t index = cpu_current()->index;
    unsigned count = held[index].count;
    unsigned at = 0;

    if (interrupts_are_on())
        panic("lock: rank %u was held with interrupts on", (unsigned)lock->rank);
    while (at < count && held[index].locks[at] != lock)
        at++;
    if (at == count)
        panic("lock: rank %u is released where it is not held", (unsigned)lock->rank);
    for (; at + 1 < count; at++)
        held[index].locks[at] = held[index].locks[at + 1];
    held[index].count = --count;
    if (were_on && count != 0)
        panic("lock: interrupts come on while rank %u is held",
              (unsigned)held[index].locks[count - 1]->rank);
    __atomic_store_n(&lock->serving, lock->serving + 1, __ATOMIC_RELEASE);
    interrupts_restore(were_on);
}
