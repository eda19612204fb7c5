#include "tests/bench/kernel_side.h"

#include "crypto/bytes.h"
#include "crypto/pqc_random.h"
#include "crypto/workspace.h"

#include <stdio.h>
#include <stdlib.h>

uintptr_t __stack_chk_guard = 0x595E9FBD94FDA700;

alignas(4096) static uint8_t stack[WORKSPACE_LEN];

void bench_stop(const char *why)
{
    fprintf(stderr, "bench: %s\n", why);
    exit(1);
}

void __stack_chk_fail(void)
{
    bench_stop("a stack has overflowed");
}

void pqc_random_failed(void)
{
    bench_stop("post-quantum code asked for randomness that it was not given");
}

/* As kernel/mem/workspace.c. */
void workspace_run(void (*function)(void *), void *argument, size_t stack_len)
{
    workspace_call(function, argument, stack + stack_len);
    bytes_wipe(stack, stack_len);
}
