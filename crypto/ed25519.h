/*
 * ed25519.h - Ed25519 signatures (RFC 8032 §5.1), deterministic, verified strictly.
 *
 * Strict means: S < L, A and R canonically encoded, neither of small order, and the equation
 * without cofactor ([S]B = R + [k]A), so that there is exactly one answer for every input.
 * Signing runs in time independent of the seed and wipes what it derived from it.
 */
#ifndef NONOS_CRYPTO_ED25519_H
#define NONOS_CRYPTO_ED25519_H

#include "abi/error.h"
#include "crypto/verdict.h"

#include <stddef.h>
#include <stdint.h>

#define ED25519_SEED_LEN 32u
#define ED25519_PUBLIC_KEY_LEN 32u
#define ED25519_SIGNATURE_LEN 64u

/* RFC 8032 §5.1.5. */
void ed25519_public_key(const uint8_t seed[ED25519_SEED_LEN],
                        uint8_t public_key[ED25519_PUBLIC_KEY_LEN]);

/* RFC 8032 §5.1.6. The message may not overlap the signature. */
void ed25519_sign(const uint8_t seed[ED25519_SEED_LEN], const void *message, size_t len,
                  uint8_t signature[ED25519_SIGNATURE_LEN]);

/* RFC 8032 §5.1.7, strict. All inputs are public; time depends on them. */
[[nodiscard]] crypto_verdict ed25519_verify(const uint8_t public_key[ED25519_PUBLIC_KEY_LEN],
                                            const void *message, size_t len,
                                            const uint8_t signature[ED25519_SIGNATURE_LEN]);

/* NONOS_E_IDENTITY_KEY unless the key is canonically encoded, on the curve, not the neutral
 * element, and of prime order L. For keys that are to be trusted: ed25519_verify takes a key of
 * mixed order too, as libsodium and OpenSSL do (it reduces k modulo L, as they do). */
[[nodiscard]] enum nonos_error
ed25519_check_public_key(const uint8_t public_key[ED25519_PUBLIC_KEY_LEN]);

#endif
