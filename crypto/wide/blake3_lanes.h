/*
 * blake3_lanes.h - the compression function (BLAKE3 §2.2) on LANE_COUNT inputs at once.
 *
 * Included by one file for each width, which defines before:
 *   LANE_COUNT         4, 8 or 16
 *   ROUNDS_LOOP        a pragma: whether the seven rounds are unrolled
 *   JOIN_ROWS(row)     a vector of the quads row[0], row[4], row[8] .. below LANE_COUNT
 *   LOW_WORDS(a, b) .. the four interleavings of each quad of a with that of b: words 0 and 1,
 *                      words 2 and 3, the low pair of words, the high pair
 */
#ifndef NONOS_CRYPTO_WIDE_BLAKE3_LANES_H
#define NONOS_CRYPTO_WIDE_BLAKE3_LANES_H

#include "crypto/wide/blake3_wide.h"

#include <string.h>

#define BLOCK_LEN 64u
#define OUT_LEN 32u

typedef uint32_t quad __attribute__((vector_size(16)));
typedef uint32_t lanes __attribute__((vector_size(4 * LANE_COUNT)));

static inline lanes rotate(lanes x, int n)
{
    return x >> n | x << (32 - n);
}

static inline lanes same(uint32_t word)
{
    return (lanes){0} + word;
}

[[gnu::always_inline]] static inline void mix(lanes s[16], unsigned a, unsigned b, unsigned c,
                                              unsigned d, lanes x, lanes y)
{
    s[a] += s[b] + x;
    s[d] = rotate(s[d] ^ s[a], 16);
    s[c] += s[d];
    s[b] = rotate(s[b] ^ s[c], 12);
    s[a] += s[b] + y;
    s[d] = rotate(s[d] ^ s[a], 8);
    s[c] += s[d];
    s[b] = rotate(s[b] ^ s[c], 7);
}

/* Four vectors of rows of four words become four vectors of one word each, or back. */
[[gnu::always_inline]] static inline void transpose(lanes v[4])
{
    lanes low01 = LOW_WORDS(v[0], v[1]), high01 = HIGH_WORDS(v[0], v[1]);
    lanes low23 = LOW_WORDS(v[2], v[3]), high23 = HIGH_WORDS(v[2], v[3]);
    v[0] = LOW_PAIRS(low01, low23);
    v[1] = HIGH_PAIRS(low01, low23);
    v[2] = LOW_PAIRS(high01, high23);
    v[3] = HIGH_PAIRS(high01, high23);
}

/* The words of one block of each input, word by word. */
[[gnu::always_inline]] static inline void
load_block(lanes m[16], const uint8_t *const input[LANE_COUNT], size_t offset)
{
    for (unsigned part = 0; part < 4; part++) {
        for (unsigned i = 0; i < 4; i++) {
            quad row[LANE_COUNT];
            for (unsigned j = i; j < LANE_COUNT; j += 4)
                memcpy(&row[j - i], input[j] + offset + (size_t)16 * part, sizeof *row);
            m[4 * part + i] = JOIN_ROWS(row);
        }
        transpose(m + (size_t)4 * part);
    }
}

/* The seven rounds: which word each takes where is the permutation of §2.2, once more each time. */
[[gnu::always_inline]] static inline void rounds(lanes s[16], const lanes m[16])
{
    static const uint8_t schedule[7][16] = {
        {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
        {2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8},
        {3, 4, 10, 12, 13, 2, 7, 14, 6, 5, 9, 0, 11, 15, 8, 1},
        {10, 7, 12, 9, 14, 3, 13, 15, 4, 0, 11, 2, 5, 8, 1, 6},
        {12, 13, 9, 11, 15, 10, 14, 8, 7, 2, 5, 3, 0, 1, 6, 4},
        {9, 14, 11, 5, 8, 12, 15, 1, 13, 3, 0, 10, 2, 6, 4, 7},
        {11, 15, 5, 0, 1, 9, 8, 6, 14, 10, 2, 12, 3, 4, 7, 13},
    };
    ROUNDS_LOOP
    for (unsigned round = 0; round < 7; round++) {
        const uint8_t *w = schedule[round];
        mix(s, 0, 4, 8, 12, m[w[0]], m[w[1]]);
        mix(s, 1, 5, 9, 13, m[w[2]], m[w[3]]);
        mix(s, 2, 6, 10, 14, m[w[4]], m[w[5]]);
        mix(s, 3, 7, 11, 15, m[w[6]], m[w[7]]);
        mix(s, 0, 5, 10, 15, m[w[8]], m[w[9]]);
        mix(s, 1, 6, 11, 12, m[w[10]], m[w[11]]);
        mix(s, 2, 7, 8, 13, m[w[12]], m[w[13]]);
        mix(s, 3, 4, 9, 14, m[w[14]], m[w[15]]);
    }
}

/* Writes the values of the first count lanes. */
static inline void store_values(lanes value[8], uint8_t *out, size_t count)
{
    uint8_t rows[8][sizeof(lanes)];
    transpose(value);
    transpose(value + 4);
    memcpy(rows, value, sizeof rows);
    for (size_t i = 0; i < count; i++) {
        memcpy(out + OUT_LEN * i, rows[i % 4] + i / 4 * sizeof(quad), sizeof(quad));
        memcpy(out + OUT_LEN * i + sizeof(quad), rows[4 + i % 4] + i / 4 * sizeof(quad),
               sizeof(quad));
    }
}

/* The count inputs from number start on, at most LANE_COUNT. */
static inline void hash_group(const struct blake3_wide *work, size_t start, size_t count)
{
    static const uint32_t initial[4] = {0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A};
    const uint8_t *input[LANE_COUNT];
    lanes value[8], counter_low = {0}, counter_high = {0};

    for (size_t i = 0; i < LANE_COUNT; i++) {
        /* A lane without an input repeats the last one; nobody reads what comes of it. */
        size_t number = start + (i < count ? i : count - 1);
        uint64_t counter = work->counter + work->counter_step * number;
        input[i] = work->input + number * work->block_count * BLOCK_LEN;
        counter_low[i] = (uint32_t)counter;
        counter_high[i] = (uint32_t)(counter >> 32);
    }
    for (unsigned i = 0; i < 8; i++)
        value[i] = same(work->key[i]);
    for (size_t block = 0; block < work->block_count; block++) {
        lanes s[16], m[16];
        uint32_t flags = work->flags;
        if (block == 0)
            flags |= work->first_flags;
        if (block + 1 == work->block_count)
            flags |= work->last_flags;
        load_block(m, input, block * BLOCK_LEN);
        for (unsigned i = 0; i < 8; i++)
            s[i] = value[i];
        for (unsigned i = 0; i < 4; i++)
            s[8 + i] = same(initial[i]);
        s[12] = counter_low;
        s[13] = counter_high;
        s[14] = same(BLOCK_LEN);
        s[15] = same(flags);
        rounds(s, m);
        for (unsigned i = 0; i < 8; i++)
            value[i] = s[i] ^ s[i + 8];
    }
    store_values(value, work->out + OUT_LEN * start, count);
}

static inline void hash_all(const struct blake3_wide *work)
{
    for (size_t start = 0; start < work->count; start += LANE_COUNT) {
        size_t left = work->count - start;
        hash_group(work, start, left < LANE_COUNT ? left : LANE_COUNT);
    }
}

#endif
