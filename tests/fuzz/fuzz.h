/*
 * fuzz.h - what the fuzz targets share. A target is one file with LLVMFuzzerTestOneInput()
 * (clang's libFuzzer): it hands the bytes to one parser and checks what the parser promises.
 */
#ifndef NONOS_TESTS_FUZZ_FUZZ_H
#define NONOS_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* Where a target knows better than random bits what to change. */
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t len, size_t max_len, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *bytes, size_t len, size_t max_len);

/* A promise of the code under test. Broken, it is a crash, which the fuzzer keeps. */
#define fuzz_require(condition)                                                                    \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #condition);                \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* Zeroed; exactly len bytes, so that the sanitizer sees the first byte behind them. */
static inline void *fuzz_allocate(size_t len)
{
    void *memory = calloc(1, len > 0 ? len : 1);
    fuzz_require(memory != nullptr);
    return memory;
}

/* The input, taken from the front. */
struct fuzz_input {
    const uint8_t *bytes;
    size_t len;
};

/* Takes len bytes, or what there is and then zeroes. */
static inline void fuzz_take(struct fuzz_input *input, void *out, size_t len)
{
    size_t have = len < input->len ? len : input->len;
    memset(out, 0, len);
    if (have > 0)
        memcpy(out, input->bytes, have);
    input->bytes += have;
    input->len -= have;
}

static inline uint8_t fuzz_take8(struct fuzz_input *input)
{
    uint8_t value;
    fuzz_take(input, &value, sizeof value);
    return value;
}

static inline uint32_t fuzz_take32(struct fuzz_input *input)
{
    uint32_t value;
    fuzz_take(input, &value, sizeof value);
    return value;
}

static inline uint64_t fuzz_take64(struct fuzz_input *input)
{
    uint64_t value;
    fuzz_take(input, &value, sizeof value);
    return value;
}

/* All that is left, in an allocation of its own (free it). */
static inline uint8_t *fuzz_take_rest(struct fuzz_input *input, size_t *len)
{
    *len = input->len;
    uint8_t *rest = fuzz_allocate(*len);
    fuzz_take(input, rest, *len);
    return rest;
}

#endif
