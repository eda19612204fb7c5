/*
 * random.h - the random generator: ChaCha20 (RFC 8439 §2.3) with fast key erasure.
 *
 * Each refill makes one block run: its first 32 bytes become the next key before a byte is given
 * out, and bytes given out are erased, so that a state read later tells nothing about the past.
 * Seeding mixes (BLAKE3 derive_key over old key and new entropy), so a bad source cannot undo a
 * good one. Not locked: the caller serialises.
 */
#ifndef NONOS_CRYPTO_RANDOM_H
#define NONOS_CRYPTO_RANDOM_H

#include "abi/error.h"

#include <stddef.h>
#include <stdint.h>

#define RANDOM_BUFFER_LEN 512u
/* All zero at first. Secret once seeded: wipe it (bytes_wipe) after use. */
struct random {
    uint8_t key[32];
    uint8_t buffer[RANDOM_BUFFER_LEN];
    size_t available; /* bytes at the end of buffer not yet given out */
    bool seeded;
};

/* Mixes len bytes in, which stay the caller's to wipe; the generator counts as seeded once it has
 * been given 32 or more in one call by a caller who vouches for 256 bits of entropy (credited =
 * true). */
void random_seed(struct random *random, const void *entropy, size_t len, bool credited);

/* Fills out. NONOS_E_NOT_SEEDED (out zeroed) before the first credited seed. */
[[nodiscard]] enum nonos_error random_bytes(struct random *random, void *out, size_t len);

#endif
