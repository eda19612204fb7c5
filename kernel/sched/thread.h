/*
 * thread.h - a thread: what runs, on a stack of its own in the kernel, in a process or in none.
 *
 * A thread runs on the processor thread->cpu alone; only one that is not running is moved. Its
 * state and its links belong to the lock of that processor's run queue.
 */
#ifndef NONOS_KERNEL_SCHED_THREAD_H
#define NONOS_KERNEL_SCHED_THREAD_H

#include "abi/error.h"
#include "kernel/cpu/current.h"
#include "kernel/sched/budget.h"
#include "kernel/sched/timers.h"

#include <stddef.h>
#include <stdint.h>

struct event;
struct process;

#define THREAD_PRIORITIES 32u
#define THREAD_PRIORITY_IDLE 0u /* of the idle threads alone */
#define THREAD_PRIORITY_NORMAL 16u
#define THREAD_PRIORITY_HIGHEST (THREAD_PRIORITIES - 1)
#define THREAD_NAME_LEN 16u

enum thread_state {
    THREAD_READY,     /* could run: in a run queue */
    THREAD_RUNNING,   /* on its processor */
    THREAD_BLOCKED,   /* waits for an event */
    THREAD_SLEEPING,  /* waits for a time: its timer is set */
    THREAD_THROTTLED, /* has used up its budget: its timer is set */
    THREAD_DEAD,      /* its stack is taken back as soon as its processor has left it */
};

struct thread {
    uint64_t rsp;            /* 0: where its registers are while it does not run (sched.c) */
    uint64_t stack_top;      /* 8: of its kernel stack */
    struct process *process; /* null: a thread of the kernel */
    void *extended;          /* a program's x87, SSE, AVX registers (kernel/cpu/xsave.h); or null */
    struct cpu *cpu;         /* on which it runs or waits to */
    struct thread *next;     /* in a run queue or among the waiters of an event */
    struct thread *previous; /* the same */
    enum thread_state state;
    uint32_t priority;
    uint32_t ticks;        /* that have come while it ran, since it was put behind its equals */
    uint32_t secret_depth; /* of panic_secret_enter */
    struct timer timer;
    struct budget budget;
    struct event *ended; /* signalled when all of it has been taken back; or null */
    void (*function)(void *argument);
    void *argument;
    uint64_t id; /* never used again */
    char name[THREAD_NAME_LEN];
};

struct thread_request {
    const char *name;
    void (*function)(void *argument);
    void *argument;
    uint32_t priority;
    struct process *process;
    struct cpu *cpu;     /* null: the one with the least to do */
    uint64_t budget_ns;  /* it runs for no longer than that in each period; 0: no limit */
    uint64_t period_ns;  /* not less than budget_ns */
    struct event *ended; /* signalled when nothing of it is left; or null */
};

/* Makes a thread and lets it run. It ends when its function returns. NONOS_E_SIZE for a priority
 * that is none, or is idle's, and a period shorter than its budget; NONOS_E_NO_MEMORY;
 * NONOS_E_QUOTA when the process has no share left. *out may be gone already, unless something
 * keeps the thread from its end. */
[[nodiscard]] enum nonos_error thread_create(const struct thread_request *request,
                                             struct thread **out);

/* Ends the running thread. */
[[noreturn]] void thread_exit(void);

/* The running thread waits until clock_now_ns() has come to deadline_ns. With no lock held. */
void thread_sleep_until(uint64_t deadline_ns);

/* Moves a thread, which cannot end meanwhile, to another processor that is online. False, and
 * nothing has changed, when it runs just now, has ended, or is an idle one. */
[[nodiscard]] bool thread_migrate(struct thread *thread, struct cpu *cpu);

/* For the scheduler: a thread for the code that runs now, and one that is not in any queue. Null
 * when memory runs out. */
[[nodiscard]] struct thread *thread_adopt(struct cpu *cpu, const char *name, void *stack_top,
                                          uint32_t priority);
[[nodiscard]] struct thread *thread_make_idle(struct cpu *cpu, void (*function)(void *));

/* For the scheduler: takes back a thread that has ended, on another stack than its own. */
void thread_free(struct thread *thread);

/* Called by thread_entry.S. */
[[noreturn]] void thread_begin(void);

#endif
