/*
 * machine.h - what tests of kernel files put in the place of the machine: physical memory, a panic
 * that a test can expect, and what happens while long work lets interrupts in.
 *
 * For files with a cmocka main of their own; the functions have external linkage, as the kernel
 * files call them.
 */
#ifndef NONOS_TESTS_SUPPORT_MACHINE_H
#define NONOS_TESTS_SUPPORT_MACHINE_H

#include "kernel/mem/address.h"
#include "kernel/mem/shootdown.h"
#include "kernel/panic.h"
#include "kernel/sched/sched.h"
#include "tests/support/vectors.h"

/* Physical memory: [MACHINE_PADDR, MACHINE_PADDR + MACHINE_LEN). */
#define MACHINE_PADDR UINT64_C(0x100000)
#define MACHINE_LEN UINT64_C(0x1000000)

alignas(4096) static uint8_t machine_memory[MACHINE_LEN];

void *direct_map_at(paddr_t paddr)
{
    return (void *)((uintptr_t)machine_memory - MACHINE_PADDR + paddr);
}

static jmp_buf machine_panic_jump;
static bool machine_panic_expected;
static char machine_panic_text[256];

void panic(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(machine_panic_text, sizeof machine_panic_text, format, arguments);
    va_end(arguments);
    if (machine_panic_expected)
        longjmp(machine_panic_jump, 1);
    print_error("panic: %s\n", machine_panic_text);
    abort();
}

void panic_no_memory(const char *what)
{
    panic("there is no memory for %s", what);
}

/* How often long work has let interrupts in, and what comes in then. */
static unsigned machine_preempt_points;
static void (*machine_interrupt)(void);

void preempt_point(void)
{
    machine_preempt_points++;
    if (machine_interrupt != nullptr)
        machine_interrupt();
}

/* Nobody but this thread has a lock. With a real one: processors.h. */
[[gnu::weak]] void shootdown_wait(void)
{
    fail_msg("a lock is waited for that will never be released");
}

/* Runs statement, which must panic with a reason that has text in it. */
#define assert_panic(statement, text)                                                              \
    do {                                                                                           \
        volatile bool panicked = false;                                                            \
        machine_panic_expected = true;                                                             \
        if (setjmp(machine_panic_jump) == 0) {                                                     \
            statement;                                                                             \
        } else {                                                                                   \
            panicked = true;                                                                       \
        }                                                                                          \
        machine_panic_expected = false;                                                            \
        assert_true(panicked);                                                                     \
        if (strstr(machine_panic_text, text) == nullptr)                                           \
            fail_msg("another panic than expected: %s", machine_panic_text);                       \
    } while (0)

#endif
