/*
 * guest.h - a suite of tests that runs as the kernel's first thread, in place of the prompt.
 *
 * A test prints "ok NAME" or "FAIL NAME: why". After the last one the machine is ended through
 * QEMU's isa-debug-exit (port 0x501): exit status 1 when all were ok, else 3.
 */
#ifndef NONOS_TESTS_GUEST_GUEST_H
#define NONOS_TESTS_GUEST_GUEST_H

#include <stddef.h>
#include <stdint.h>

struct guest_test {
    const char *name;
    void (*run)(void);
};

/* Defined by each suite. */
extern const struct guest_test guest_tests[];
extern const size_t guest_test_count;

/* Says what is not as it must be; the test goes on. */
void guest_check(bool condition, const char *text, const char *file, int line);
#define CHECK(condition) guest_check((condition), #condition, __FILE__, __LINE__)

#endif
