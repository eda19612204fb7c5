#include "kernel/sched/sched.h"

#include "kernel/cpu/apic.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/interrupt_flag.h"
#include "kernel/cpu/vectors.h"
#include "kernel/dev/clock.h"
#include "kernel/sched/thread_stack.h"
#include "kernel/user/process.h"

#define TICK_NS UINT64_C(10000000)

/* switch.S */
void sched_switch(uint64_t *save_rsp, uint64_t load_rsp);

static void queue_push(struct run_queue *queue, struct thread *thread)
{
    uint32_t priority = thread->priority;

    thread->next = nullptr;
    if ((queue->ready >> priority & 1) != 0)
        queue->last[priority]->next = thread;
    else
        queue->first[priority] = thread;
    queue->last[priority] = thread;
    queue->ready |= 1u << priority;
}

/* The most urgent that is ready; null when none is. */
static struct thread *queue_pop(struct run_queue *queue)
{
    uint32_t priority;
    struct thread *thread;

    if (queue->ready == 0)
        return nullptr;
    priority = 31u - (uint32_t)__builtin_clz(queue->ready);
    thread = queue->first[priority];
    queue->first[priority] = thread->next;
    if (thread->next == nullptr)
        queue->ready &= ~(1u << priority);
    return thread;
}

/* On the stack of the thread that runs now: what the one before left to do. */
void sched_arrive(void)
{
    struct run_queue *queue = &cpu_current()->queue;
    struct thread *dead = queue->dead;

    queue->dead = nullptr;
    lock_release(&queue->lock, false);
    if (dead != nullptr)
        thread_free(dead);
}

void sched_leave(void)
{
    struct cpu *cpu = cpu_current();
    struct run_queue *queue = &cpu->queue;
    struct thread *old = cpu->thread;
    struct thread *new = queue_pop(queue);

    queue->reschedule = false;
    if (new == nullptr)
        new = queue->idle;
    new->state = THREAD_RUNNING;
    if (new != old) {
        if (old->state == THREAD_DEAD)
            queue->dead = old;
        queue->switches++;
        cpu->thread = new;
        cpu->kernel_rsp = new->stack_top;
        gdt_set_entry_stack(&cpu->gdt, (void *)(uintptr_t)new->stack_top);
        process_switch(old->process, new->process);
        sched_switch(&old->rsp, new->rsp);
    }
    sched_arrive();
}

void sched_yield(void)
{
    bool were_on = interrupts_disable();
    struct cpu *cpu = cpu_current();

    (void)lock_take(&cpu->queue.lock);
    cpu->thread->state = THREAD_READY;
    if (cpu->thread != cpu->queue.idle)
        queue_push(&cpu->queue, cpu->thread);
    sched_leave();
    interrupts_restore(were_on);
}

void sched_wake(struct thread *thread)
{
    struct cpu *cpu = thread->cpu;
    bool were_on = lock_take(&cpu->queue.lock);

    thread->state = THREAD_READY;
    queue_push(&cpu->queue, thread);
    if (cpu->thread == nullptr || thread->priority > cpu->thread->priority) {
        cpu->queue.reschedule = true;
        if (cpu != cpu_current())
            apic_send(cpu->apic_id, VECTOR_RESCHEDULE);
    }
    lock_release(&cpu->queue.lock, were_on);
}

void sched_tick(void)
{
    cpu_current()->queue.reschedule = true;
    apic_timer_set(clock_now_ns() + TICK_NS);
}

void sched_preempt(void)
{
    if (cpu_current()->queue.reschedule)
        sched_yield();
}

void preempt_point(void)
{
    /* Before there are threads nothing may come in; where interrupts are on it does anyway. */
    if (interrupts_are_on() || cpu_current()->thread == nullptr)
        return;
    interrupts_enable();
    (void)interrupts_disable();
}

static void idle([[maybe_unused]] void *argument)
{
    for (;;) {
        (void)interrupts_disable();
        if (cpu_current()->queue.ready == 0)
            interrupts_wait();
        sched_yield();
    }
}

static void begin(struct cpu *cpu, struct thread *thread)
{
    cpu->thread = thread;
    cpu->kernel_rsp = thread->stack_top;
    gdt_set_entry_stack(&cpu->gdt, (void *)(uintptr_t)thread->stack_top);
    apic_timer_set(clock_now_ns() + TICK_NS);
}

void sched_init(const char *name, void *stack_top)
{
    struct cpu *cpu = cpu_current();

    cpu->queue.idle = thread_make_idle(cpu, idle);
    begin(cpu, thread_adopt(cpu, name, stack_top, THREAD_PRIORITY_NORMAL));
}

void sched_run_idle(void *stack_top)
{
    struct cpu *cpu = cpu_current();

    cpu->queue.idle = thread_adopt(cpu, "idle", stack_top, THREAD_PRIORITY_IDLE);
    begin(cpu, cpu->queue.idle);
    idle(nullptr);
    __builtin_unreachable();
}
