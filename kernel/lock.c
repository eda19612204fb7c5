#include "kernel/lock.h"

#include "kernel/cpu/interrupt_flag.h"
#include "kernel/mem/shootdown.h"

bool lock_take(struct lock *lock)
{
    bool were_on = interrupts_disable();
    uint32_t ticket = __atomic_fetch_add(&lock->next, 1, __ATOMIC_RELAXED);

    /* Whoever has the lock may be waiting for this processor to forget a page. */
    while (__atomic_load_n(&lock->serving, __ATOMIC_ACQUIRE) != ticket)
        shootdown_wait();
    return were_on;
}

void lock_release(struct lock *lock, bool were_on)
{
    __atomic_store_n(&lock->serving, lock->serving + 1, __ATOMIC_RELEASE);
    interrupts_restore(were_on);
}
