/*
 * sha512.h - SHA-512 (FIPS 180-4 §6.4). No allocation; input up to 2^64 - 1 bytes, in any pieces,
 * null where the length is 0. Time depends on lengths alone.
 *
 * sha512_final wipes the state; sha512_init makes it usable again.
 */
#ifndef NONOS_CRYPTO_SHA512_H
#define NONOS_CRYPTO_SHA512_H

#include <stddef.h>
#include <stdint.h>

#define SHA512_OUT_LEN 64u
#define SHA512_BLOCK_LEN 128u

struct sha512 {
    uint64_t value[8];
    uint64_t len; /* bytes taken so far */
    uint8_t block[SHA512_BLOCK_LEN];
};

void sha512_init(struct sha512 *state);
void sha512_update(struct sha512 *state, const void *input, size_t len);
void sha512_final(struct sha512 *state, uint8_t out[SHA512_OUT_LEN]);

/* In one call. */
void sha512_hash(const void *input, size_t len, uint8_t out[SHA512_OUT_LEN]);

#endif
