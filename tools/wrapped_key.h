/*
 * wrapped_key.h - a key file under a passphrase (docs/keys.md, "A key under a passphrase").
 *
 *   offset  bytes  what (numbers little-endian)
 *        0     16  "NONOS-WRAPPED 1" and a line feed
 *       16      4  Argon2id: passes, 1 to 4
 *       20      4  Argon2id: memory in KiB, 8 to 1048576
 *       24     16  Argon2id: salt
 *       40     24  nonce
 *       64     32  the seed, encrypted
 *       96     16  tag
 *
 * Argon2id version 1.3 with one lane (RFC 9106) gives the key of XChaCha20-Poly1305 (RFC 8439, with
 * the nonce of draft-irtf-cfrg-xchacha), whose associated data are the bytes from 0 to 63.
 */
#ifndef NONOS_TOOLS_WRAPPED_KEY_H
#define NONOS_TOOLS_WRAPPED_KEY_H

#include "abi/error.h"
#include "crypto/ed25519.h"

#include <stddef.h>
#include <stdint.h>

#define WRAPPED_KEY_LEN 112u
#define WRAPPED_KEY_MAX_PASSES 4u
#define WRAPPED_KEY_MIN_MEMORY_KIB 8u
#define WRAPPED_KEY_MAX_MEMORY_KIB (1024u * 1024)
#define PASSPHRASE_MAX_LEN 1023u

struct wrapping_cost {
    uint32_t passes;
    uint32_t memory_kib;
};

/* What keygen offers, by libsodium's names; false for another word. */
[[nodiscard]] bool wrapping_cost_read(const char *word, struct wrapping_cost *out);
#define WRAPPING_COST_DEFAULT "moderate"

/* Whether it calls itself a wrapped key, whole or not, of this version or another. */
[[nodiscard]] bool wrapped_key_is(const uint8_t *bytes, size_t len);

/* The cost of opening it. NONOS_E_KEY_WRAPPED unless length, version and bounds are those above;
 * *out is zero then. Nothing is computed from the passphrase for this. */
[[nodiscard]] enum nonos_error wrapped_key_check(const uint8_t *bytes, size_t len,
                                                 struct wrapping_cost *out);

/* The seed. NONOS_E_KEY_WRAPPED; NONOS_E_KEY_PASSPHRASE when the passphrase is another or any byte
 * was altered, which nothing tells apart; NONOS_E_KEY_ZERO, NONOS_E_NO_MEMORY. The seed is zero
 * then, also after a single fault (tests/fault). */
[[nodiscard]] enum nonos_error wrapped_key_open(const uint8_t *bytes, size_t len,
                                                const char *passphrase, size_t passphrase_len,
                                                uint8_t seed[ED25519_SEED_LEN]);

/* Wraps a seed, with salt and nonce from the system, and opens the result once to see that it can
 * be. NONOS_E_SIZE: an empty or too long passphrase; NONOS_E_KEY_ZERO, NONOS_E_KEY_WRAPPED (cost),
 * NONOS_E_NO_MEMORY, NONOS_E_NO_ENTROPY, NONOS_E_DISAGREE; out is zero then. */
[[nodiscard]] enum nonos_error wrapped_key_make(const uint8_t seed[ED25519_SEED_LEN],
                                                const char *passphrase, size_t passphrase_len,
                                                struct wrapping_cost cost,
                                                uint8_t out[WRAPPED_KEY_LEN]);

#endif
