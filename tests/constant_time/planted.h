/*
 * planted.h - two leaks on purpose, compiled as the code under test is: a run that does not report
 * both has seen nothing.
 */
#ifndef NONOS_TESTS_CONSTANT_TIME_PLANTED_H
#define NONOS_TESTS_CONSTANT_TIME_PLANTED_H

#include <stddef.h>
#include <stdint.h>

/* Compares as memcmp does, and leaves at the first difference. */
[[nodiscard]] bool planted_equal(const uint8_t *a, const uint8_t *b, size_t len);

/* Looks a secret byte up in a table: which cache line is touched tells of it. */
[[nodiscard]] uint8_t planted_substitute(uint8_t secret);

#endif
