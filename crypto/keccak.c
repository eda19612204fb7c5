#include "crypto/keccak.h"

#include "crypto/bytes.h"

#include <string.h>

#define ROUND_COUNT 24u

/* Whole lanes: a block ends where a lane does. */
static_assert(KECCAK_SHAKE128_RATE % 8 == 0 && KECCAK_SHAKE256_RATE % 8 == 0);
static_assert(KECCAK_SHA3_256_RATE % 8 == 0 && KECCAK_SHA3_512_RATE % 8 == 0);

/* FIPS 202 §3.2.5, the output of algorithm 5 for every round. */
static const uint64_t round_constants[ROUND_COUNT] = {
    0x0000000000000001, 0x0000000000008082, 0x800000000000808A, 0x8000000080008000,
    0x000000000000808B, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
    0x000000000000008A, 0x0000000000000088, 0x0000000080008009, 0x000000008000000A,
    0x000000008000808B, 0x800000000000008B, 0x8000000000008089, 0x8000000000008003,
    0x8000000000008002, 0x8000000000000080, 0x000000000000800A, 0x800000008000000A,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
};

/* FIPS 202 §3.2.2, table 2 modulo 64, by lane. */
static const uint8_t rotations[KECCAK_LANE_COUNT] = {
    0,  1,  62, 28, 27, /* y = 0 */
    36, 44, 6,  55, 20, /* y = 1 */
    3,  10, 43, 25, 39, /* y = 2 */
    41, 45, 15, 21, 8,  /* y = 3 */
    18, 2,  61, 56, 14, /* y = 4 */
};

static inline uint64_t rotate_left(uint64_t value, unsigned count)
{
    return value << (count % 64) | value >> ((64 - count) % 64);
}

/* One round, from one array to another, so that no lane has to wait for its old value to be read.
 * The loops are unrolled because the rotations are then constants; that is also why it is called
 * from two places and not inlined. */
[[gnu::noinline]] static void permute_round(const uint64_t in[KECCAK_LANE_COUNT],
                                            uint64_t out[KECCAK_LANE_COUNT], uint64_t constant)
{
    uint64_t parity[5];
    uint64_t theta[5];

#pragma clang loop unroll(full)
    for (unsigned x = 0; x < 5; x++)
        parity[x] = in[x] ^ in[x + 5] ^ in[x + 10] ^ in[x + 15] ^ in[x + 20];
#pragma clang loop unroll(full)
    for (unsigned x = 0; x < 5; x++)
        theta[x] = parity[(x + 4) % 5] ^ rotate_left(parity[(x + 1) % 5], 1);

#pragma clang loop unroll(full)
    for (unsigned y = 0; y < 5; y++) {
        uint64_t row[5];

        /* rho and pi (§3.2.2, §3.2.3): the lane that lands on (x, y) comes from (x + 3y, x). */
#pragma clang loop unroll(full)
        for (unsigned x = 0; x < 5; x++) {
            unsigned from_x = (x + 3 * y) % 5;
            unsigned from = 5 * x + from_x;
            row[x] = rotate_left(in[from] ^ theta[from_x], rotations[from]);
        }
#pragma clang loop unroll(full)
        for (unsigned x = 0; x < 5; x++)
            out[5 * y + x] = row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5]);
    }
    out[0] ^= constant;
}

void keccak_permute(uint64_t lanes[KECCAK_LANE_COUNT])
{
    uint64_t other[KECCAK_LANE_COUNT];

    for (unsigned i = 0; i < ROUND_COUNT; i += 2) {
        permute_round(lanes, other, round_constants[i]);
        permute_round(other, lanes, round_constants[i + 1]);
    }
}

void keccak_init(struct keccak *state, uint32_t rate)
{
    memset(state, 0, sizeof *state);
    state->rate = rate;
}

void keccak_absorb(struct keccak *state, const void *input, size_t len)
{
    const uint8_t *bytes = input;
    uint32_t position = state->position;

    for (size_t done = 0; done < len;) {
        if (position % 8 == 0 && len - done >= 8) {
            state->lanes[position / 8] ^= load_le64(bytes + done);
            position += 8;
            done += 8;
        } else {
            state->lanes[position / 8] ^= (uint64_t)bytes[done] << (8 * (position % 8));
            position++;
            done++;
        }
        if (position == state->rate) {
            keccak_permute(state->lanes);
            position = 0;
        }
    }
    state->position = position;
}

void keccak_finish(struct keccak *state, uint8_t suffix)
{
    uint32_t last = state->rate - 1;

    state->lanes[state->position / 8] ^= (uint64_t)suffix << (8 * (state->position % 8));
    state->lanes[last / 8] ^= UINT64_C(0x80) << (8 * (last % 8));
    /* Says that nothing is left of this block, so that the first byte squeezed permutes. */
    state->position = state->rate;
}

void keccak_squeeze(struct keccak *state, void *out, size_t len)
{
    uint8_t *bytes = out;
    uint32_t position = state->position;

    for (size_t done = 0; done < len;) {
        if (position == state->rate) {
            keccak_permute(state->lanes);
            position = 0;
        }
        if (position % 8 == 0 && len - done >= 8) {
            store_le64(bytes + done, state->lanes[position / 8]);
            position += 8;
            done += 8;
        } else {
            bytes[done] = (uint8_t)(state->lanes[position / 8] >> (8 * (position % 8)));
            position++;
            done++;
        }
    }
    state->position = position;
}

void keccak_hash(uint32_t rate, uint8_t suffix, const void *input, size_t len, void *out,
                 size_t out_len)
{
    struct keccak state;

    keccak_init(&state, rate);
    keccak_absorb(&state, input, len);
    keccak_finish(&state, suffix);
    keccak_squeeze(&state, out, out_len);
    bytes_wipe(&state, sizeof state);
}
