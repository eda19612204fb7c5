/*
 * secrets.h - words that nobody else has, planted where they must not stay: which they are, for the
 * suite, its program, and the test that looks for them (tests/e2e/test_leftovers.py).
 */
#ifndef NONOS_TESTS_GUEST_SECRETS_H
#define NONOS_TESTS_GUEST_SECRETS_H

#include <stdint.h>

/* What is added to the first seed for each place. */
enum secret_place {
    SECRET_GENERAL,  /* a program's general registers */
    SECRET_EXTENDED, /* its SSE or AVX registers */
    SECRET_MEMORY,   /* its memory from the start */
    SECRET_MAPPED,   /* memory that it asked for */
    SECRET_HEAP,     /* the kernel's heap */
    SECRET_FRAMES,   /* frames of the kernel */
    SECRET_STACK,    /* the stack of a thread of the kernel */
};

#define SECRET_SEED UINT64_C(0x5EED0000)
#define SECRET_GENERAL_WORDS 5u
#define SECRET_WORDS 32u
#define SECRET_FAULTS (UINT64_C(1) << 40) /* the program ends by a fault */

/* SplitMix64, as guest_random_next; here for programs too. */
struct secret_words {
    uint64_t state;
};

static inline uint64_t secret_next(struct secret_words *words)
{
    uint64_t z = words->state += UINT64_C(0x9E3779B97F4A7C15);

    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

#endif
