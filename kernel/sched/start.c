#include "kernel/cpu/cpu.h"
#include "kernel/cpu/interrupt_flag.h"
#include "kernel/panic.h"
#include "kernel/sched/sched.h"

static void idle([[maybe_unused]] void *argument)
{
    for (;;) {
        (void)interrupts_disable();
        if (cpu_current()->queue.ready.count == 0)
            interrupts_wait();
        sched_yield();
    }
}

static void begin(struct cpu *cpu, struct thread *thread)
{
    cpu->thread = thread;
    cpu_set_stack(cpu, thread->stack_top);
}

void sched_init_queue(struct run_queue *queue)
{
    queue->lock = LOCK_INIT(LOCK_RUN_QUEUE);
    queue->tick_ns = TIMERS_NEVER;
    queue->armed_ns = TIMERS_NEVER;
}

bool sched_prepare(struct cpu *cpu)
{
    cpu->queue.idle = thread_make_idle(cpu, idle);
    return cpu->queue.idle != nullptr;
}

void sched_init(const char *name, void *stack_top)
{
    struct cpu *cpu = cpu_current();
    struct thread *thread =
        sched_prepare(cpu) ? thread_adopt(cpu, name, stack_top, THREAD_PRIORITY_NORMAL) : nullptr;

    if (thread == nullptr)
        panic_no_memory("the first threads");
    begin(cpu, thread);
}

void sched_run_idle(void)
{
    struct cpu *cpu = cpu_current();

    cpu->queue.idle->state = THREAD_RUNNING;
    begin(cpu, cpu->queue.idle);
    __atomic_store_n(&cpu->online, true, __ATOMIC_RELEASE);
    idle(nullptr);
    __builtin_unreachable();
}
