/*
 * key_caller.h - a user of a wrapped key: among the code that faults happen to, up to its end.
 */
#ifndef NONOS_TESTS_FAULT_KEY_CALLER_H
#define NONOS_TESTS_FAULT_KEY_CALLER_H

#include "crypto/ed25519.h"

#include <stddef.h>
#include <stdint.h>

/* Opens the key and ends in key_caller_end. */
void key_caller_take(const uint8_t *bytes, size_t len, const char *words, size_t words_len,
                     uint8_t seed[ED25519_SEED_LEN]);

/* Provided by the program, which then judges by the seed alone. */
[[noreturn]] void key_caller_end(void);

#endif
