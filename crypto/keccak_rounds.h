/*
 * keccak_rounds.h - KECCAK-p[1600, 24] (FIPS 202 §3.3), compiled twice: keccak_plain.c for every
 * processor, keccak_bmi.c with BMI1 and BMI2, whose and-not and three-operand rotation make it a
 * quarter shorter. Both work in general registers; keccak.c chooses.
 */
#ifndef NONOS_CRYPTO_KECCAK_ROUNDS_H
#define NONOS_CRYPTO_KECCAK_ROUNDS_H

#include "crypto/keccak.h"

#define KECCAK_ROUND_COUNT 24u

/* The same function twice; the second only where PROCESSOR_BMI is set. */
void keccak_permute_plain(uint64_t lanes[KECCAK_LANE_COUNT]);
void keccak_permute_bmi(uint64_t lanes[KECCAK_LANE_COUNT]);

static inline uint64_t keccak_rotate(uint64_t value, unsigned count)
{
    return value << (count % 64) | value >> ((64 - count) % 64);
}

/* One round, from one array to another, so that no lane has to wait for its old value to be read.
 * The loops are unrolled because the rotations are then constants. */
[[gnu::always_inline]] static inline void keccak_round(const uint64_t in[KECCAK_LANE_COUNT],
                                                       uint64_t out[KECCAK_LANE_COUNT],
                                                       uint64_t constant)
{
    /* FIPS 202 §3.2.2, table 2 modulo 64, by lane. */
    static const uint8_t rotations[KECCAK_LANE_COUNT] = {
        0,  1,  62, 28, 27, /* y = 0 */
        36, 44, 6,  55, 20, /* y = 1 */
        3,  10, 43, 25, 39, /* y = 2 */
        41, 45, 15, 21, 8,  /* y = 3 */
        18, 2,  61, 56, 14, /* y = 4 */
    };
    uint64_t parity[5];
    uint64_t theta[5];

#pragma clang loop unroll(full)
    for (unsigned x = 0; x < 5; x++)
        parity[x] = in[x] ^ in[x + 5] ^ in[x + 10] ^ in[x + 15] ^ in[x + 20];
#pragma clang loop unroll(full)
    for (unsigned x = 0; x < 5; x++)
        theta[x] = parity[(x + 4) % 5] ^ keccak_rotate(parity[(x + 1) % 5], 1);

#pragma clang loop unroll(full)
    for (unsigned y = 0; y < 5; y++) {
        uint64_t row[5];

        /* rho and pi (§3.2.2, §3.2.3): the lane that lands on (x, y) comes from (x + 3y, x). */
#pragma clang loop unroll(full)
        for (unsigned x = 0; x < 5; x++) {
            unsigned from_x = (x + 3 * y) % 5;
            unsigned from = 5 * x + from_x;
            row[x] = keccak_rotate(in[from] ^ theta[from_x], rotations[from]);
        }
#pragma clang loop unroll(full)
        for (unsigned x = 0; x < 5; x++)
            out[5 * y + x] = row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5]);
    }
    out[0] ^= constant;
}

[[gnu::always_inline]] static inline void keccak_rounds(uint64_t *restrict lanes)
{
    /* FIPS 202 §3.2.5, the output of algorithm 5 for every round. */
    static const uint64_t constants[KECCAK_ROUND_COUNT] = {
        0x0000000000000001, 0x0000000000008082, 0x800000000000808A, 0x8000000080008000,
        0x000000000000808B, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
        0x000000000000008A, 0x0000000000000088, 0x0000000080008009, 0x000000008000000A,
        0x000000008000808B, 0x800000000000008B, 0x8000000000008089, 0x8000000000008003,
        0x8000000000008002, 0x8000000000000080, 0x000000000000800A, 0x800000008000000A,
        0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
    };
    uint64_t other[KECCAK_LANE_COUNT];

    /* Two rounds make one turn; more of them would only be longer. */
#pragma clang loop unroll(disable)
    for (unsigned i = 0; i < KECCAK_ROUND_COUNT; i += 2) {
        keccak_round(lanes, other, constants[i]);
        keccak_round(other, lanes, constants[i + 1]);
    }
}

#endif
