/*
 * linux_ends.c - faults that are the program's own: until its handler has them, and until whoever
 * waits for the end of the process goes on, beside an end by call.
 *
 * The process that ends shares all memory with the one that waits, so that none of it is copied
 * before or taken back after; both are real-time threads of one priority.
 */
#include "tests/bench/linux_init.h"

#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <ucontext.h>

#define STACK_LEN 65536u

static struct samples samples;
static volatile uint32_t start; // when the program was about to fault, or to end
static volatile uint32_t handled;

/* An instruction of two bytes that touches what is not mapped. */
static inline __attribute__((always_inline)) void fault(void)
{
    start = samples_now();
    __asm__ volatile("movb %%al, (%0)" : : "r"((uint64_t)LINUX_NOWHERE) : "memory");
}
#define FAULT_LEN 2

static void handle(int signal, siginfo_t *info, void *context)
{
    handled = samples_now();
    (void)signal;
    (void)info;
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP] += FAULT_LEN;
}

static void measure_handler(void)
{
    struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO};
    struct sigaction before;

    if (sigaction(SIGSEGV, &action, &before) != 0) {
        stop("no handler");
    }
    samples.count = 0;
    for (size_t i = 0; i < SAMPLES_MAX; i++) {
        fault();
        samples_add(&samples, handled - start);
    }
    if (sigaction(SIGSEGV, &before, nullptr) != 0) {
        stop("no default for a fault");
    }
    report("fault-handler", &samples);
}

static int end_by_fault(void *argument)
{
    (void)argument;
    fault();
    return 0;
}

static int end_by_call(void *argument)
{
    (void)argument;
    start = samples_now();
    (void)linux_call(LINUX_EXIT, 0, 0, 0, 0, 0, 0);
    return 0;
}

static void measure_end(const char *name, int (*work)(void *), bool by_signal)
{
    static uint8_t stack[STACK_LEN] __attribute__((aligned(16)));

    samples.count = 0;
    for (size_t i = 0; i < SAMPLES_MAX; i++) {
        pid_t child = clone(work, stack + sizeof stack, CLONE_VM | SIGCHLD, nullptr);
        int status = 0;

        if (child < 0 || waitpid(child, &status, 0) != child ||
            (WIFSIGNALED(status) != 0) != by_signal) {
            stop(name);
        }
        samples_add(&samples, samples_now() - start);
    }
    report(name, &samples);
}

void ends_measure(void)
{
    measure_handler();
    measure_end("end", end_by_call, false);
    measure_end("end-by-fault", end_by_fault, true);
}
