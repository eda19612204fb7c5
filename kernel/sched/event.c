#include "kernel/sched/event.h"

#include "kernel/cpu/cpu.h"
#include "kernel/cpu/interrupt_flag.h"

void event_wait(struct event *event)
{
    bool were_on = lock_take(&event->lock);
    struct cpu *cpu = cpu_current();

    if (event->count > 0) {
        event->count--;
        lock_release(&event->lock, were_on);
        return;
    }
    cpu->thread->next = nullptr;
    if (event->first == nullptr)
        event->first = cpu->thread;
    else
        event->last->next = cpu->thread;
    event->last = cpu->thread;
    cpu->thread->state = THREAD_BLOCKED;
    /* Whoever wakes it needs this lock, which is free only when it has left. */
    (void)lock_take(&cpu->queue.lock);
    lock_release(&event->lock, false);
    sched_leave();
    interrupts_restore(were_on);
}

void event_signal(struct event *event)
{
    bool were_on = lock_take(&event->lock);
    struct thread *thread = event->first;

    if (thread != nullptr) {
        event->first = thread->next;
        sched_wake(thread);
    } else {
        event->count++;
    }
    lock_release(&event->lock, were_on);
}
