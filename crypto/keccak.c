#include "crypto/keccak.h"

#include "crypto/bytes.h"
#include "crypto/keccak_rounds.h"
#include "crypto/processor.h"

#include <string.h>

/* Whole lanes: a block ends where a lane does. */
static_assert(KECCAK_SHAKE128_RATE % 8 == 0 && KECCAK_SHAKE256_RATE % 8 == 0);
static_assert(KECCAK_SHA3_256_RATE % 8 == 0 && KECCAK_SHA3_512_RATE % 8 == 0);
/* A lane's bytes lie in memory in the order in which FIPS 202 §B.1 counts them. */
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);

void keccak_permute(uint64_t lanes[KECCAK_LANE_COUNT])
{
    if (processor_has(PROCESSOR_BMI))
        keccak_permute_bmi(lanes);
    else
        keccak_permute_plain(lanes);
}

void keccak_init(struct keccak *state, uint32_t rate)
{
    memset(state, 0, sizeof *state);
    state->rate = rate;
}

/* Adds len bytes to the state from position on; they end within the block. */
static void add_bytes(struct keccak *state, uint32_t position, const uint8_t *bytes, size_t len)
{
    uint8_t *to = (uint8_t *)state->lanes + position;

    for (; len >= 8; len -= 8, to += 8, bytes += 8)
        store_le64(to, load_le64(to) ^ load_le64(bytes));
    for (; len > 0; len--)
        *to++ ^= *bytes++;
}

/* Permutes a block that is used up, so that the next one can be. */
static void open_block(struct keccak *state)
{
    if (state->position != state->rate)
        return;
    keccak_permute(state->lanes);
    state->position = 0;
}

/* How much of len the block has left. */
static size_t room_for(const struct keccak *state, size_t len)
{
    size_t room = state->rate - state->position;

    return len < room ? len : room;
}

void keccak_absorb(struct keccak *state, const void *input, size_t len)
{
    const uint8_t *bytes = input;

    while (len > 0) {
        size_t take;

        open_block(state);
        take = room_for(state, len);
        add_bytes(state, state->position, bytes, take);
        state->position += (uint32_t)take;
        bytes += take;
        len -= take;
    }
}

void keccak_finish(struct keccak *state, uint8_t suffix)
{
    uint32_t last = state->rate - 1;

    open_block(state);
    state->lanes[state->position / 8] ^= (uint64_t)suffix << (8 * (state->position % 8));
    state->lanes[last / 8] ^= UINT64_C(0x80) << (8 * (last % 8));
    /* Says that nothing is left of this block, so that the first byte squeezed permutes. */
    state->position = state->rate;
}

void keccak_squeeze(struct keccak *state, void *out, size_t len)
{
    uint8_t *bytes = out;

    while (len > 0) {
        size_t take;

        open_block(state);
        take = room_for(state, len);
        memcpy(bytes, (const uint8_t *)state->lanes + state->position, take);
        state->position += (uint32_t)take;
        bytes += take;
        len -= take;
    }
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
