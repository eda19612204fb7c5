#include "crypto/workspace.h"

#include "crypto/bytes.h"
#include "crypto/pqc_random.h"
#include "kernel/mem/stack.h"
#include "kernel/panic.h"

static bool in_use;

void workspace_run(void (*function)(void *), void *argument)
{
    const struct stack *stack = stack_get(STACK_WORKSPACE);

    if (stack->base == 0 || in_use)
        panic("workspace: %s", in_use ? "it is in use" : "it is not there yet");
    in_use = true;
    panic_secret_enter();
    workspace_call(function, argument, stack_top(STACK_WORKSPACE));
    bytes_wipe((void *)(uintptr_t)stack->base, stack->len);
    panic_secret_leave();
    in_use = false;
}

void pqc_random_failed(void)
{
    panic("post-quantum code asked for randomness that it was not given");
}
