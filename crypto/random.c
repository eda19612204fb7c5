#include "crypto/random.h"

#include "crypto/blake3.h"
#include "crypto/bytes.h"
#include "crypto/chacha20.h"

#include <string.h>

#define SEED_CONTEXT "NONOS:RANDOM:SEED:v1"
#define CREDITED_MIN_LEN 32u

static_assert(RANDOM_BUFFER_LEN % CHACHA20_BLOCK_LEN == 0);
static_assert(RANDOM_BUFFER_LEN > CHACHA20_KEY_LEN);

void random_seed(struct random *random, const void *entropy, size_t len, bool credited)
{
    struct blake3 state;
    blake3_init_derive_key(&state, SEED_CONTEXT);
    blake3_update(&state, random->key, sizeof random->key);
    blake3_update(&state, entropy, len);
    blake3_final(&state, random->key, sizeof random->key);
    bytes_wipe(&state, sizeof state);

    /* What is left of the old key's bytes must not be given out any more. */
    bytes_wipe(random->buffer, sizeof random->buffer);
    random->available = 0;
    if (credited && len >= CREDITED_MIN_LEN)
        random->seeded = true;
}

static void refill(struct random *random)
{
    /* A key makes one run of blocks and is gone, so the nonce never has to differ. */
    static const uint8_t nonce[CHACHA20_NONCE_LEN];
    for (uint32_t i = 0; i < RANDOM_BUFFER_LEN / CHACHA20_BLOCK_LEN; i++)
        chacha20_block(random->key, i, nonce, random->buffer + i * CHACHA20_BLOCK_LEN);
    memcpy(random->key, random->buffer, sizeof random->key);
    bytes_wipe(random->buffer, sizeof random->key);
    random->available = RANDOM_BUFFER_LEN - sizeof random->key;
}

enum nonos_error random_bytes(struct random *random, void *out, size_t len)
{
    uint8_t *to = out;
    if (!random->seeded) {
        if (len > 0)
            memset(out, 0, len);
        return NONOS_E_NOT_SEEDED;
    }
    while (len > 0) {
        if (random->available == 0)
            refill(random);
        size_t take = len < random->available ? len : random->available;
        uint8_t *from = random->buffer + (RANDOM_BUFFER_LEN - random->available);
        memcpy(to, from, take);
        bytes_wipe(from, take);
        random->available -= take;
        to += take;
        len -= take;
    }
    return NONOS_OK;
}
