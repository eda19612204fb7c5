/*
 * selftest.h - known-answer tests of every primitive that the kernel relies on.
 *
 * Inputs and results are in kernel/selftest_vectors.h, each with its source. Where a primitive can
 * refuse, that is tested, too: a changed signature, a changed ciphertext.
 */
#ifndef NONOS_KERNEL_SELFTEST_H
#define NONOS_KERNEL_SELFTEST_H

#include "abi/error.h"

#include <stddef.h>

/* What the tests work in; no secret of anybody's is ever in it. */
#define SELFTEST_MEMORY_LEN 12288u

/* Runs all tests in memory (SELFTEST_MEMORY_LEN bytes, aligned to 8). NONOS_OK when each of them
 * has passed; else NONOS_E_SELF_TEST, and *failed is the name of the first that has not. */
[[nodiscard]] enum nonos_error selftest_run_in(void *memory, const char **failed);

/* The same in memory from the heap; panics when a test fails. Needs heap and workspace. */
void selftest_run(void);

/* How many tests passed at the last selftest_run; 0 before the first. */
[[nodiscard]] size_t selftest_passed_count(void);

/* The name of the index-th test ("BLAKE3"), or null after the last. */
[[nodiscard]] const char *selftest_name(size_t index);

#endif
