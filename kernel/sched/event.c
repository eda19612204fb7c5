#include "kernel/sched/event.h"

#include "kernel/cpu/cpu.h"
#include "kernel/cpu/interrupt_flag.h"

void event_wait(struct event *event)
{
    bool were_on = lock_take(&event->lock);
    struct cpu *cpu = cpu_current();
    struct thread *thread = cpu->thread;

    if (event->count > 0) {
        event->count--;
        lock_release(&event->lock, were_on);
        return;
    }
    ready_add_last(&event->waiting, thread);
    /* Whoever wakes or moves it needs this lock, which is free only when it has left. */
    (void)lock_take(&cpu->queue.lock);
    thread->state = THREAD_BLOCKED;
    lock_release(&event->lock, false);
    sched_leave();
    interrupts_restore(were_on);
}

void event_signal(struct event *event)
{
    bool were_on = lock_take(&event->lock);
    struct thread *thread = ready_take(&event->waiting);

    if (thread == nullptr) {
        event->count++;
        lock_release(&event->lock, were_on);
        return;
    }
    /* Before the wake-up: who waited may take the event's memory back at once. */
    lock_release(&event->lock, false);
    sched_wake(thread);
    sched_settle(were_on);
}
