#include "crypto/workspace.h"

#include "crypto/bytes.h"
#include "crypto/pqc_random.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* macOS has no such advice; there the stack is merely wiped. */
#ifndef MADV_DONTDUMP
#define MADV_DONTDUMP MADV_NORMAL
#endif

/* A thread keeps its own bookkeeping on its stack, and sanitizers make frames several times as
 * large; pages that are not used cost nothing but their wiping. */
#define STACK_LEN (512u * 1024)
static_assert(STACK_LEN >= 4 * WORKSPACE_LEN);

struct call {
    void (*function)(void *);
    void *argument;
};

static uint8_t *stack;
static bool in_use;

[[noreturn]] static void stop(const char *why)
{
    fprintf(stderr, "nonos: internal error: %s\n", why);
    abort();
}

void pqc_random_failed(void)
{
    stop("a post-quantum operation asked for randomness it was not given");
}

/* The lowest page, or pages, stay without access: a stack that overflows ends the program. */
static uint8_t *map_stack(void)
{
    size_t guard_len = (size_t)sysconf(_SC_PAGESIZE);
    uint8_t *pages = mmap(nullptr, guard_len + STACK_LEN, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (pages == MAP_FAILED || mprotect(pages, guard_len, PROT_NONE) != 0)
        stop("there is no memory for the workspace");
    /* Both may be refused (limits); the secrets are then wiped all the same, only less hidden. */
    (void)mlock(pages + guard_len, STACK_LEN);
    (void)madvise(pages + guard_len, STACK_LEN, MADV_DONTDUMP);
    return pages + guard_len;
}

static void *call_function(void *argument)
{
    const struct call *call = argument;

    call->function(call->argument);
    return nullptr;
}

/* A thread that is waited for is the portable way to run on another stack, and the one that
 * sanitizers and debuggers understand. */
void workspace_run(void (*function)(void *), void *argument, [[maybe_unused]] size_t stack_len)
{
    struct call call = {function, argument};
    pthread_attr_t attributes;
    pthread_t thread;

    if (in_use)
        stop("the workspace is in use");
    in_use = true;
    if (!stack)
        stack = map_stack();
    if (pthread_attr_init(&attributes) != 0 ||
        pthread_attr_setstack(&attributes, stack, STACK_LEN) != 0 ||
        pthread_create(&thread, &attributes, call_function, &call) != 0 ||
        pthread_join(thread, nullptr) != 0)
        stop("the workspace cannot be entered");
    (void)pthread_attr_destroy(&attributes);
    bytes_wipe(stack, STACK_LEN);
    in_use = false;
}
