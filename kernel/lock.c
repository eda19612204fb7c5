#include "kernel/lock.h"

#include "kernel/cpu/interrupt_flag.h"
#include "kernel/mem/shootdown.h"

/* Apart from lock_take, which is short as long as nobody waits. */
[[gnu::noinline]] static bool wait_for_turn(const struct lock *lock, uint32_t ticket, bool were_on)
{
    /* Whoever has the lock may be waiting for this processor to forget a page. */
    do
        shootdown_wait();
    while (__atomic_load_n(&lock->serving, __ATOMIC_ACQUIRE) != ticket);
    /* Not known to be what was passed, or lock_take would keep it in a register for its return. */
    __asm__("" : "+r"(were_on));
    return were_on;
}

bool lock_take(struct lock *lock)
{
    bool were_on = interrupts_disable();
    uint32_t ticket = __atomic_fetch_add(&lock->next, 1, __ATOMIC_RELAXED);

    if (__atomic_load_n(&lock->serving, __ATOMIC_ACQUIRE) != ticket)
        return wait_for_turn(lock, ticket, were_on);
    return were_on;
}

void lock_release(struct lock *lock, bool were_on)
{
    __atomic_store_n(&lock->serving, lock->serving + 1, __ATOMIC_RELEASE);
    interrupts_restore(were_on);
}
