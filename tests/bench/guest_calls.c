/*
 * guest_calls.c - two calls that programs have in the kernels of the benchmark alone: to wait for
 * an event and to signal it. They come in as thread_exit with codes of their own
 * (guest_programs.S), so that all before and after is the product's: entry, table, check of the
 * right, and return.
 */
#include "abi/error.h"
#include "kernel/sched/event.h"
#include "kernel/sched/sched.h"
#include "kernel/user/syscall.h"
#include "tests/bench/guest_users.h"

#define CODE_WAIT UINT64_C(0xE0000001)
#define CODE_SIGNAL UINT64_C(0xE0000002)

static struct event event;

/* Linked around the product's (rules.mk). */
struct syscall_result __real_call_thread_exit(uint64_t a, uint64_t b);
struct syscall_result __wrap_call_thread_exit(uint64_t a, uint64_t b);

struct syscall_result __wrap_call_thread_exit(uint64_t a, uint64_t b)
{
    if (a == CODE_SIGNAL) {
        event_signal(&event);
        sched_preempt();
    } else if (a == CODE_WAIT) {
        event_wait(&event);
    } else {
        return __real_call_thread_exit(a, b);
    }
    return (struct syscall_result){NONOS_OK, 0};
}

void users_forget_signals(void)
{
    event = EVENT_INIT;
}
