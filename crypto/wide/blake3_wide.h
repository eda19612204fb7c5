/*
 * blake3_wide.h - BLAKE3 of many inputs of one length side by side, one in each lane of a vector.
 *
 * The seam between crypto/blake3.c and the vector registers that a program may use. Each program
 * links one provider of blake3_wide_choose: the kernel, which has general registers alone,
 * blake3_none.c; the loader blake3_loader.c (SSE4.1: UEFI 2.10 §2.3.4 has SSE on, but AVX need not
 * be); host programs blake3_host.c, which takes the widest that the processor has.
 */
#ifndef NONOS_CRYPTO_WIDE_BLAKE3_WIDE_H
#define NONOS_CRYPTO_WIDE_BLAKE3_WIDE_H

#include <stddef.h>
#include <stdint.h>

struct blake3_wide {
    const uint8_t *input; /* count inputs, one behind another */
    size_t count;         /* 1 or more */
    size_t block_count;   /* of 64 bytes, in each input */
    const uint32_t *key;  /* 8 words */
    uint64_t counter;     /* of the first input */
    uint64_t counter_step;
    uint32_t flags;       /* of each block */
    uint32_t first_flags; /* of the first block of each input, besides */
    uint32_t last_flags;  /* of the last */
    uint8_t *out;         /* 32 bytes for each input; may be input where block_count is 1 */
};

typedef void blake3_wide_function(const struct blake3_wide *work);

/* The widest that can be used here, or null. */
[[nodiscard]] blake3_wide_function *blake3_wide_choose(void);

/* With 4, 8 and 16 lanes; only where PROCESSOR_SSE41, _AVX2, _AVX512 is set. */
blake3_wide_function blake3_wide_sse41, blake3_wide_avx2, blake3_wide_avx512;

#endif
