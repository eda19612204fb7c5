#include "crypto/workspace.h"

#include "crypto/bytes.h"
#include "crypto/pqc_random.h"
#include "kernel/mem/stack.h"
#include "kernel/panic.h"

static bool in_use;

void workspace_run(void (*function)(void *), void *argument, size_t stack_len)
{
    const struct stack *stack = stack_get(STACK_WORKSPACE);

    if (stack->base == 0 || in_use)
        panic("workspace: %s", in_use ? "it is in use" : "it is not there yet");
    if (stack_len > stack->len || stack_len % PAGE_LEN != 0)
        panic("workspace: it has no stack of %zu bytes", stack_len);
    in_use = true;
    panic_secret_enter();
    /* At the low end, so that the guard page is where the function's stack ends. */
    workspace_call(function, argument, (void *)(uintptr_t)(stack->base + stack_len));
    bytes_wipe((void *)(uintptr_t)stack->base, stack_len);
    panic_secret_leave();
    in_use = false;
}

void pqc_random_failed(void)
{
    panic("post-quantum code asked for randomness that it was not given");
}
