/*
 * keccak.h - the Keccak sponge: SHA3-256, SHA3-512, SHAKE128, SHAKE256 (FIPS 202).
 *
 * One state for all of them; what tells them apart is the rate and the suffix. Order of calls:
 * keccak_init, keccak_absorb any number of times, keccak_finish once, keccak_squeeze any number of
 * times. Any length may be split in any way. A null pointer is allowed where the length is 0.
 * A state that absorbed a secret is secret: wipe it (bytes_wipe) after use.
 * Time depends on lengths alone.
 */
#ifndef NONOS_CRYPTO_KECCAK_H
#define NONOS_CRYPTO_KECCAK_H

#include <stddef.h>
#include <stdint.h>

#define KECCAK_LANE_COUNT 25u

/* Bytes of a block: 200 less twice the security strength (FIPS 202 §6). */
#define KECCAK_SHAKE128_RATE 168u
#define KECCAK_SHAKE256_RATE 136u
#define KECCAK_SHA3_256_RATE 136u
#define KECCAK_SHA3_512_RATE 72u

/* The bits that follow the message, lowest first, and the first 1 of the padding (FIPS 202 §B.2).
 */
#define KECCAK_SHA3_SUFFIX 0x06u
#define KECCAK_SHAKE_SUFFIX 0x1Fu

#define SHA3_256_OUT_LEN 32u
#define SHA3_512_OUT_LEN 64u

struct keccak {
    uint64_t lanes[KECCAK_LANE_COUNT]; /* lane (x, y) of FIPS 202 is lanes[5 * y + x] */
    uint32_t rate;
    uint32_t position; /* bytes of the current block already absorbed or squeezed */
};

/* KECCAK-p[1600, 24], FIPS 202 §3.3. */
void keccak_permute(uint64_t lanes[KECCAK_LANE_COUNT]);

/* rate: one of the KECCAK_*_RATE; suffix: one of the KECCAK_*_SUFFIX. */
void keccak_init(struct keccak *state, uint32_t rate);
void keccak_absorb(struct keccak *state, const void *input, size_t len);
void keccak_finish(struct keccak *state, uint8_t suffix);
void keccak_squeeze(struct keccak *state, void *out, size_t len);

/* In one call; the state is wiped. The input may overlap the output. */
void keccak_hash(uint32_t rate, uint8_t suffix, const void *input, size_t len, void *out,
                 size_t out_len);

#endif
