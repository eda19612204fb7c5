#include "kernel/sched/sched.h"

#include "kernel/cpu/apic.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/interrupt_flag.h"
#include "kernel/cpu/vectors.h"
#include "kernel/dev/clock.h"
#include "kernel/user/switch.h"

/* What the timer was set to before may come too soon: then there is nothing to do. */
static void arm(struct run_queue *queue, uint64_t deadline_ns)
{
    if (deadline_ns >= queue->armed_ns)
        return;
    queue->armed_ns = deadline_ns;
    apic_timer_set(deadline_ns);
}

static void start_ticks(struct run_queue *queue)
{
    queue->tick_ns = clock_now_ns() + SCHED_TICK_NS;
    arm(queue, queue->tick_ns);
}

static void charge(struct thread *thread)
{
    if (thread->budget.limit_ns != 0)
        budget_charge(&thread->budget, clock_now_ns());
}

/* Into the run queue, or aside until its next period; returns whether it is ready. */
static bool add(struct run_queue *queue, struct thread *thread, bool first)
{
    if (thread->budget.limit_ns != 0 && budget_is_spent(&thread->budget, clock_now_ns())) {
        thread->state = THREAD_THROTTLED;
        timers_add(&queue->timers, &thread->timer, thread->budget.end_ns);
        return false;
    }
    thread->state = THREAD_READY;
    if (first) {
        ready_add_first(&queue->ready, thread);
    } else {
        thread->ticks = 0;
        ready_add_last(&queue->ready, thread);
    }
    return true;
}

static void bury(struct run_queue *queue)
{
    struct thread *dead = queue->dead;

    queue->dead = nullptr;
    lock_release(&queue->lock, false);
    thread_free(dead);
    /* Somebody more urgent may have waited for that end, and it is not known here when interrupts
     * come on. */
    if (queue->reschedule)
        apic_send(cpu_current()->apic_id, VECTOR_RESCHEDULE);
}

/* On the stack of the thread that runs now: what the one before left to do. */
void sched_arrive(void)
{
    struct run_queue *queue = &cpu_current()->queue;

    if (queue->dead != nullptr)
        bury(queue);
    else
        lock_release(&queue->lock, false);
}

/* Who runs next, now that this one does not, or no longer need. */
static inline struct thread *take_next(struct run_queue *queue, struct thread *old)
{
    struct thread *new;

    if (old->state == THREAD_RUNNING && old != queue->idle) {
        /* The most frequent case by itself: from one to the next of a priority. */
        if (old->ticks >= SCHED_TURN_TICKS && ready_is_highest(&queue->ready, old->priority) &&
            old->budget.limit_ns == 0) {
            old->state = THREAD_READY;
            old->ticks = 0;
            return ready_exchange(&queue->ready, old);
        }
        if (!add(queue, old, old->ticks < SCHED_TURN_TICKS))
            arm(queue, timers_deadline(queue->timers));
    }
    new = ready_take(&queue->ready);
    return new != nullptr ? new : queue->idle;
}

/* From one thread to the other: the stack, and rbp; the compiler keeps no other register across it
 * (System V ABI §3.2.1). A thread that never ran comes out in sched_begin. */
static inline void switch_stack(uint64_t *save_rsp, uint64_t load_rsp)
{
    __asm__ volatile("pushq %%rbp\n\t"
                     "pushq $1f\n\t"
                     "movq %%rsp, (%0)\n\t"
                     "movq %1, %%rsp\n\t"
                     "retq\n"
                     "1:\n\t"
                     "popq %%rbp"
                     : "+D"(save_rsp), "+S"(load_rsp)
                     :
                     : "rax", "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
                       "r15", "memory", "cc");
}

void sched_leave(void)
{
    struct cpu *cpu = cpu_current();
    struct run_queue *queue = &cpu->queue;
    struct thread *old = cpu->thread;
    struct thread *new;

    charge(old);
    new = take_next(queue, old);
    queue->reschedule = false;
    new->state = THREAD_RUNNING;
    if (queue->tick_ns == TIMERS_NEVER && ready_has(&queue->ready, new->priority))
        start_ticks(queue);
    if (new->budget.limit_ns != 0)
        arm(queue, budget_begin(&new->budget, clock_now_ns()));
    if (new != old) {
        queue->switches++;
        cpu->thread = new;
        cpu_set_stack(cpu, new->stack_top);
        process_switch(old, new);
        switch_stack(&old->rsp, new->rsp);
    }
    sched_arrive();
}

void sched_yield(void)
{
    bool were_on = interrupts_disable();
    struct cpu *cpu = cpu_current();

    /* What another processor adds just now, it asks this one to look at if that matters. */
    if (cpu->queue.ready.priorities >> cpu->thread->priority != 0) {
        cpu->thread->ticks = SCHED_TURN_TICKS;
        (void)lock_take(&cpu->queue.lock);
        sched_leave();
    }
    interrupts_restore(were_on);
}

void sched_preempt(void)
{
    struct run_queue *queue = &cpu_current()->queue;

    if (!queue->reschedule || queue->stays)
        return;
    (void)lock_take(&queue->lock);
    sched_leave();
}

void sched_settle(bool were_on)
{
    if (!were_on)
        return;
    sched_preempt();
    interrupts_enable();
}

void preempt_point(void)
{
    bool were_on;

    if (thread_current() == nullptr)
        return;
    were_on = interrupts_disable();
    sched_preempt();
    interrupts_enable();
    __asm__ volatile("nop"); /* the first instruction after STI that can be interrupted before */
    (void)interrupts_disable();
    interrupts_restore(were_on);
}

/* Whether a processor has to look at its queue, now that the thread is in it: with the lock. What
 * this one can know without looking is done. */
static bool matters(struct cpu *cpu, const struct thread *thread)
{
    if (thread->state != THREAD_READY)
        return true;
    if (thread->priority > cpu->thread->priority) {
        cpu->queue.reschedule = true;
        return cpu != cpu_current();
    }
    return thread->priority == cpu->thread->priority && cpu->queue.tick_ns == TIMERS_NEVER;
}

/* Takes the lock of the run queue of a thread that others may move. Interrupts are off. */
static struct cpu *lock_queue(struct thread *thread)
{
    for (;;) {
        struct cpu *cpu = __atomic_load_n(&thread->cpu, __ATOMIC_RELAXED);

        (void)lock_take(&cpu->queue.lock);
        if (cpu == thread->cpu)
            return cpu;
        lock_release(&cpu->queue.lock, false);
    }
}

/* Has a processor look at its queue, this one included. Interrupts are off. */
static void notify(struct cpu *cpu)
{
    if (cpu == cpu_current())
        sched_look();
    else
        apic_send(cpu->apic_id, VECTOR_RESCHEDULE);
}

void sched_wake(struct thread *thread)
{
    bool were_on = interrupts_disable();
    struct cpu *cpu = lock_queue(thread);
    bool look;

    (void)add(&cpu->queue, thread, false);
    look = matters(cpu, thread);
    lock_release(&cpu->queue.lock, false);
    if (look)
        notify(cpu);
    interrupts_restore(were_on);
}

/* Those whose time has come, as many as may be at once. */
static void wake_due(struct run_queue *queue, uint64_t now_ns)
{
    for (unsigned i = 0; i < SCHED_DUE_MAX && timers_deadline(queue->timers) <= now_ns; i++) {
        struct timer *timer = queue->timers;

        timers_remove(&queue->timers, timer);
        (void)add(queue, (struct thread *)((uintptr_t)timer - offsetof(struct thread, timer)),
                  false);
    }
}

void sched_look(void)
{
    struct cpu *cpu = cpu_current();
    struct run_queue *queue = &cpu->queue;
    struct thread *thread = cpu->thread;
    uint64_t now_ns = clock_now_ns();

    (void)lock_take(&queue->lock);
    wake_due(queue, now_ns);
    if (thread->budget.limit_ns != 0) {
        budget_charge(&thread->budget, now_ns);
        if (budget_is_spent(&thread->budget, now_ns))
            queue->reschedule = true;
        else
            arm(queue, budget_begin(&thread->budget, now_ns));
    }
    if (now_ns >= queue->tick_ns) {
        queue->tick_ns = TIMERS_NEVER;
        thread->ticks++;
    }
    if (queue->tick_ns == TIMERS_NEVER && ready_has(&queue->ready, thread->priority))
        start_ticks(queue);
    if (ready_has_above(&queue->ready, thread->priority) || thread->ticks >= SCHED_TURN_TICKS)
        queue->reschedule = true;
    arm(queue, queue->tick_ns);
    arm(queue, timers_deadline(queue->timers));
    lock_release(&queue->lock, false);
}

void sched_tick(void)
{
    cpu_current()->queue.armed_ns = TIMERS_NEVER;
    sched_look();
}

void thread_sleep_until(uint64_t deadline_ns)
{
    bool were_on = interrupts_disable();
    struct cpu *cpu = cpu_current();
    struct run_queue *queue = &cpu->queue;

    (void)lock_take(&queue->lock);
    cpu->thread->state = THREAD_SLEEPING;
    timers_add(&queue->timers, &cpu->thread->timer, deadline_ns);
    arm(queue, timers_deadline(queue->timers));
    sched_leave();
    interrupts_restore(were_on);
}

static uint32_t load_of(const struct cpu *cpu)
{
    return __atomic_load_n(&cpu->queue.ready.count, __ATOMIC_RELAXED) +
           (__atomic_load_n(&cpu->thread, __ATOMIC_RELAXED) != cpu->queue.idle);
}

struct cpu *sched_least_busy(void)
{
    struct cpu *best = cpu_current();

    for (uint32_t i = 0; i < cpu_count(); i++) {
        struct cpu *cpu = cpu_get(i);

        if (__atomic_load_n(&cpu->online, __ATOMIC_ACQUIRE) && load_of(cpu) < load_of(best))
            best = cpu;
    }
    return best;
}

/* From one run queue, or its timers, to the other; both are locked. False: it runs, or has ended.
 */
static bool move(struct thread *thread, struct cpu *to)
{
    struct run_queue *from = &thread->cpu->queue;

    switch (thread->state) {
    case THREAD_READY:
        ready_remove(&from->ready, thread);
        thread->cpu = to;
        (void)add(&to->queue, thread, false);
        return true;
    case THREAD_SLEEPING:
    case THREAD_THROTTLED:
        timers_remove(&from->timers, &thread->timer);
        timers_add(&to->queue.timers, &thread->timer, thread->timer.deadline_ns);
        [[fallthrough]];
    case THREAD_BLOCKED:
        thread->cpu = to;
        return true;
    case THREAD_RUNNING:
    case THREAD_DEAD:
        break;
    }
    return false;
}

bool thread_migrate(struct thread *thread, struct cpu *cpu)
{
    bool were_on = interrupts_disable();
    struct cpu *from = __atomic_load_n(&thread->cpu, __ATOMIC_RELAXED);
    struct lock *locks[2] = {&from->queue.lock, &cpu->queue.lock};
    bool moved = from == cpu;

    if (!moved) {
        (void)lock_take(locks[from->index > cpu->index]);
        (void)lock_take(locks[from->index < cpu->index]);
        /* Else somebody else has moved it meanwhile. */
        moved = thread->cpu == from && move(thread, cpu);
        lock_release(locks[0], false);
        lock_release(locks[1], false);
        if (moved)
            notify(cpu);
    }
    sched_settle(were_on);
    return moved;
}
