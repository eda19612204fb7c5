#include "crypto/workspace.h"

#include "crypto/bytes.h"
#include "crypto/pqc_random.h"
#include "kernel/mem/stack.h"
#include "kernel/panic.h"
#include "kernel/sched/event.h"
#include "kernel/sched/thread.h"

/* One at a time; others wait. */
static struct event unused = {.lock = LOCK_INIT(LOCK_EVENT), .count = 1};
static const struct thread *owner;

void workspace_run(void (*function)(void *), void *argument, size_t stack_len)
{
    const struct stack *stack = stack_get(STACK_WORKSPACE);

    if (stack->base == 0)
        panic("workspace: it is not there yet");
    if (stack_len > stack->len || stack_len % PAGE_LEN != 0)
        panic("workspace: it has no stack of %zu bytes", stack_len);
    /* Before there are threads there is only one, and no owner. */
    if (owner != nullptr && owner == thread_current())
        panic("workspace: it is in use");
    event_wait(&unused);
    owner = thread_current();
    panic_secret_enter();
    /* At the low end, so that the guard page is where the function's stack ends. */
    workspace_call(function, argument, (void *)(uintptr_t)(stack->base + stack_len));
    bytes_wipe((void *)(uintptr_t)stack->base, stack_len);
    panic_secret_leave();
    owner = nullptr;
    event_signal(&unused);
}

void pqc_random_failed(void)
{
    panic("post-quantum code asked for randomness that it was not given");
}
