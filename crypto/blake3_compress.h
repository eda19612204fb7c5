/*
 * blake3_compress.h - BLAKE3's compression function (§2.2), for blake3.c alone.
 */
#ifndef NONOS_CRYPTO_BLAKE3_COMPRESS_H
#define NONOS_CRYPTO_BLAKE3_COMPRESS_H

#include "crypto/blake3.h"
#include "crypto/bytes.h"

static const uint32_t BLAKE3_INITIAL[8] = {
    0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19,
};

/* Which message word each round takes where: the permutation of §2.2, applied again each round. */
static const uint8_t BLAKE3_SCHEDULE[7][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    {2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8},
    {3, 4, 10, 12, 13, 2, 7, 14, 6, 5, 9, 0, 11, 15, 8, 1},
    {10, 7, 12, 9, 14, 3, 13, 15, 4, 0, 11, 2, 5, 8, 1, 6},
    {12, 13, 9, 11, 15, 10, 14, 8, 7, 2, 5, 3, 0, 1, 6, 4},
    {9, 14, 11, 5, 8, 12, 15, 1, 13, 3, 0, 10, 2, 6, 4, 7},
    {11, 15, 5, 0, 1, 9, 8, 6, 14, 10, 2, 12, 3, 4, 7, 13},
};

static inline uint32_t rotate(uint32_t x, unsigned n)
{
    return x >> n | x << (32 - n);
}

/* A sum that does not wait for what is added to it next: the compiler may not choose another order.
 * Every step of a mix waits for the one before, so that each addition out of their way counts. */
static inline uint32_t early(uint32_t sum)
{
    __asm__("" : "+r"(sum));
    return sum;
}

static inline __attribute__((always_inline)) void
mix(uint32_t s[16], unsigned a, unsigned b, unsigned c, unsigned d, uint32_t x, uint32_t y)
{
    s[a] = early(s[a] + x) + s[b];
    s[d] = rotate(s[d] ^ s[a], 16);
    s[c] += s[d];
    s[b] = rotate(s[b] ^ s[c], 12);
    s[a] = early(s[a] + y) + s[b];
    s[d] = rotate(s[d] ^ s[a], 8);
    s[c] += s[d];
    s[b] = rotate(s[b] ^ s[c], 7);
}

/* One or more blocks, each compressed with what came of the one before. */
struct blake3_span {
    const uint8_t *blocks;
    size_t count;
    uint64_t counter;
    uint32_t block_len;
    uint32_t flags;       /* of each block */
    uint32_t first_flags; /* of the first, besides */
    uint32_t last_flags;  /* of the last, besides */
};

/* The compression function, §2.2, over a span: the first half of its last result goes to value,
 * which held what the first block takes; the second half to high, unless that is null. */
static void blake3_compress(const struct blake3_span *span, uint32_t value[8], uint32_t *high)
{
    for (size_t n = 0; n < span->count; n++) {
        const uint8_t *block = span->blocks + BLAKE3_BLOCK_LEN * n;
        uint32_t s[16] = {
            value[0],
            value[1],
            value[2],
            value[3],
            value[4],
            value[5],
            value[6],
            value[7],
            BLAKE3_INITIAL[0],
            BLAKE3_INITIAL[1],
            BLAKE3_INITIAL[2],
            BLAKE3_INITIAL[3],
            (uint32_t)span->counter,
            (uint32_t)(span->counter >> 32),
            span->block_len,
            span->flags | (n == 0 ? span->first_flags : 0) |
                (n + 1 == span->count ? span->last_flags : 0),
        };
        for (unsigned round = 0; round < 7; round++) {
            const uint8_t *m = BLAKE3_SCHEDULE[round];
            mix(s, 0, 4, 8, 12, load_le32(block + 4 * m[0]), load_le32(block + 4 * m[1]));
            mix(s, 1, 5, 9, 13, load_le32(block + 4 * m[2]), load_le32(block + 4 * m[3]));
            mix(s, 2, 6, 10, 14, load_le32(block + 4 * m[4]), load_le32(block + 4 * m[5]));
            mix(s, 3, 7, 11, 15, load_le32(block + 4 * m[6]), load_le32(block + 4 * m[7]));
            mix(s, 0, 5, 10, 15, load_le32(block + 4 * m[8]), load_le32(block + 4 * m[9]));
            mix(s, 1, 6, 11, 12, load_le32(block + 4 * m[10]), load_le32(block + 4 * m[11]));
            mix(s, 2, 7, 8, 13, load_le32(block + 4 * m[12]), load_le32(block + 4 * m[13]));
            mix(s, 3, 4, 9, 14, load_le32(block + 4 * m[14]), load_le32(block + 4 * m[15]));
        }
        for (unsigned i = 0; high && i < 8; i++)
            high[i] = s[i + 8] ^ value[i];
        for (unsigned i = 0; i < 8; i++)
            value[i] = s[i] ^ s[i + 8];
    }
}

#endif
