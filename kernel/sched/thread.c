#include "kernel/cpu/cpu.h"
#include "kernel/cpu/interrupt_flag.h"
#include "kernel/mem/slab.h"
#include "kernel/panic.h"
#include "kernel/sched/event.h"
#include "kernel/sched/sched.h"
#include "kernel/sched/thread_stack.h"
#include "kernel/user/process.h"

#include <string.h>

/* thread_entry.S */
void sched_begin(void);

static struct slab_cache threads = SLAB_CACHE("thread", sizeof(struct thread));
static uint64_t last_id;

static struct thread *thread_make(const char *name, struct cpu *cpu, uint32_t priority)
{
    struct thread *thread = slab_allocate(&threads);

    if (thread == nullptr)
        return nullptr;
    thread->cpu = cpu;
    thread->priority = priority;
    thread->id = __atomic_add_fetch(&last_id, 1, __ATOMIC_RELAXED);
    for (size_t len = 0; *name != '\0' && len < THREAD_NAME_LEN - 1; len++)
        thread->name[len] = *name++;
    return thread;
}

/* With a stack from which a switch comes to sched_begin. */
static struct thread *thread_make_startable(const char *name, struct cpu *cpu, uint32_t priority)
{
    struct thread *thread = thread_make(name, cpu, priority);
    uint64_t *stack;

    if (thread == nullptr)
        return nullptr;
    thread->stack_top = thread_stack_allocate();
    if (thread->stack_top == 0) {
        slab_free(&threads, thread);
        return nullptr;
    }
    stack = (uint64_t *)(uintptr_t)thread->stack_top;
    stack[-1] = (uintptr_t)sched_begin;
    thread->rsp = (uintptr_t)&stack[-1];
    return thread;
}

struct thread *thread_adopt(struct cpu *cpu, const char *name, void *stack_top, uint32_t priority)
{
    struct thread *thread = thread_make(name, cpu, priority);

    if (thread == nullptr)
        return nullptr;
    thread->stack_top = (uintptr_t)stack_top;
    thread->state = THREAD_RUNNING;
    return thread;
}

struct thread *thread_make_idle(struct cpu *cpu, void (*function)(void *))
{
    struct thread *thread = thread_make_startable("idle", cpu, THREAD_PRIORITY_IDLE);

    if (thread != nullptr)
        thread->function = function;
    return thread;
}

enum nonos_error thread_create(const struct thread_request *request, struct thread **out)
{
    struct cpu *cpu = request->cpu != nullptr ? request->cpu : sched_least_busy();
    struct thread *thread;
    bool were_on;
    enum nonos_error error;

    *out = nullptr;
    if (request->priority == THREAD_PRIORITY_IDLE || request->priority >= THREAD_PRIORITIES ||
        request->budget_ns > request->period_ns)
        return NONOS_E_SIZE;
    thread = thread_make_startable(request->name, cpu, request->priority);
    if (thread == nullptr)
        return NONOS_E_NO_MEMORY;
    thread->function = request->function;
    thread->argument = request->argument;
    error = process_add_thread(request->process, thread);
    if (error != NONOS_OK) {
        thread_free(thread);
        return error;
    }
    thread->budget.limit_ns = request->budget_ns;
    thread->budget.period_ns = request->period_ns;
    thread->ended = request->ended;
    *out = thread;
    were_on = interrupts_disable();
    sched_wake(thread);
    sched_settle(were_on);
    return NONOS_OK;
}

/* Called by sched_begin, out of the first switch to a thread. */
void thread_begin(void)
{
    struct thread *thread;

    sched_arrive();
    thread = thread_current();
    interrupts_enable();
    thread->function(thread->argument);
    thread_exit();
}

void thread_exit(void)
{
    struct cpu *cpu;

    (void)interrupts_disable();
    cpu = cpu_current();
    (void)lock_take(&cpu->queue.lock);
    cpu->thread->state = THREAD_DEAD;
    cpu->queue.dead = cpu->thread;
    sched_leave();
    panic("a thread went on after its end");
}

void thread_free(struct thread *thread)
{
    struct event *ended = thread->ended;

    process_remove_thread(thread);
    thread_stack_free(thread->stack_top);
    slab_free(&threads, thread);
    if (ended != nullptr)
        event_signal(ended);
}
