/*
 * guest.h - a suite of tests that runs as the kernel's first thread, in place of the prompt.
 *
 * A test prints "ok NAME" or "FAIL NAME"; above the latter stands what was not as it must be. After
 * the last one the machine is ended through QEMU's isa-debug-exit (port 0x501): exit status 1 when
 * all were ok, else 3.
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

/* Says what is not as it must be; the test goes on. From any thread. Returns the condition. */
bool guest_check(bool condition, const char *text, const char *file, int line);
#define CHECK(condition) guest_check((condition), #condition, __FILE__, __LINE__)

/* How many checks have failed in this test so far. */
[[nodiscard]] unsigned guest_failures(void);

/* A number that the machine was started with, by -fw_cfg name=opt/nonos/NAME,string=DIGITS of QEMU
 * or by tests/bochs/run.py; otherwise where it was not. */
[[nodiscard]] uint64_t guest_option(const char *name, uint64_t otherwise);

/* Seconds of the machine's real-time clock, which is no part of the kernel, since midnight of the
 * first call. */
[[nodiscard]] uint64_t guest_seconds(void);

/* Numbers from a seed. Source: Steele, Lea, Flood 2014, "Fast splittable pseudorandom number
 * generators" (SplitMix64). */
struct guest_random {
    uint64_t state;
};

[[nodiscard]] uint64_t guest_random_next(struct guest_random *random);

/* Below limit, which is not 0. */
[[nodiscard]] uint64_t guest_random_below(struct guest_random *random, uint64_t limit);

#endif
