/*
 * thread.h - a thread: what runs, on a stack of its own in the kernel, in a process or in none.
 *
 * A thread runs on the processor thread->cpu alone; only one that is not running is moved. Its
 * state and its links belong to the lock of that processor's run queue.
 */
#ifndef NONOS_KERNEL_SCHED_THREAD_H
#define NONOS_KERNEL_SCHED_THREAD_H

#include "abi/error.h"

#include <stddef.h>
#include <stdint.h>

struct cpu;
struct process;

#define THREAD_PRIORITIES 32u
#define THREAD_PRIORITY_IDLE 0u /* of the idle threads alone */
#define THREAD_PRIORITY_NORMAL 16u
#define THREAD_PRIORITY_HIGHEST (THREAD_PRIORITIES - 1)
#define THREAD_NAME_LEN 16u

enum thread_state {
    THREAD_READY,   /* in a run queue */
    THREAD_RUNNING, /* on its processor */
    THREAD_BLOCKED, /* waits for an event or a time */
    THREAD_DEAD,    /* its stack is taken back as soon as its processor has left it */
};

struct thread {
    uint64_t rsp;            /* 0: where its registers are while it does not run (switch.S) */
    uint64_t stack_top;      /* 8: of its kernel stack */
    struct process *process; /* null: a thread of the kernel */
    struct cpu *cpu;         /* on which it runs or waits to */
    struct thread *next;     /* in a run queue or among the waiters of an event */
    enum thread_state state;
    uint32_t priority;
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
    struct cpu *cpu; /* null: the one with the least to do */
};

/* Makes a thread and lets it run. It ends when its function returns. NONOS_E_NO_MEMORY. */
[[nodiscard]] enum nonos_error thread_create(const struct thread_request *request,
                                             struct thread **out);

/* Ends the running thread. */
[[noreturn]] void thread_exit(void);

/* For the scheduler: a thread for the code that runs now, and one that is not in any queue. Both
 * panic when memory runs out. */
[[nodiscard]] struct thread *thread_adopt(struct cpu *cpu, const char *name, void *stack_top,
                                          uint32_t priority);
[[nodiscard]] struct thread *thread_make_idle(struct cpu *cpu, void (*function)(void *));

/* For the scheduler: takes back a thread that has ended, on another stack than its own. */
void thread_free(struct thread *thread);

/* Called by switch.S. */
[[noreturn]] void thread_begin(void);

/* The running thread. */
[[nodiscard]] struct thread *thread_current(void);

#endif
