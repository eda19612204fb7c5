/*
 * mldsa65.h - ML-DSA-65 (FIPS 204, "pure" with context), a thin adapter around PQClean.
 *
 * Randomness is an argument: the seed xi, and rnd for hedged signing (32 zero bytes make it the
 * deterministic variant). Seed and secret key are the caller's to wipe. Runs on the workspace
 * (crypto/workspace.h), which is wiped; not reentrant. On failure all outputs are zero.
 * Verification is in a file of its own (mldsa65_verify.c), which is all the loader links.
 */
#ifndef NONOS_CRYPTO_MLDSA65_H
#define NONOS_CRYPTO_MLDSA65_H

#include "abi/error.h"
#include "crypto/verdict.h"

#include <stddef.h>
#include <stdint.h>

#define MLDSA65_SEED_LEN 32u /* xi */
#define MLDSA65_RND_LEN 32u  /* rnd */
#define MLDSA65_PUBLIC_KEY_LEN 1952u
#define MLDSA65_SECRET_KEY_LEN 4032u
#define MLDSA65_SIGNATURE_LEN 3309u
#define MLDSA65_CONTEXT_MAX_LEN 255u

/* ML-DSA.KeyGen_internal(xi), FIPS 204 §6.1. */
[[nodiscard]] enum nonos_error mldsa65_generate_key(const uint8_t seed[MLDSA65_SEED_LEN],
                                                    uint8_t public_key[MLDSA65_PUBLIC_KEY_LEN],
                                                    uint8_t secret_key[MLDSA65_SECRET_KEY_LEN]);

/* ML-DSA.Sign, FIPS 204 §5.2, with the given rnd; NULL means 32 zero bytes (deterministic).
 * NONOS_E_SIZE when the context is longer than 255 bytes. */
[[nodiscard]] enum nonos_error mldsa65_sign(const uint8_t secret_key[MLDSA65_SECRET_KEY_LEN],
                                            const void *message, size_t len, const void *context,
                                            size_t context_len, const uint8_t *rnd,
                                            uint8_t signature[MLDSA65_SIGNATURE_LEN]);

/* ML-DSA.Verify, FIPS 204 §5.3. All inputs are public; time depends on them. */
[[nodiscard]] crypto_verdict mldsa65_verify(const uint8_t public_key[MLDSA65_PUBLIC_KEY_LEN],
                                            const void *message, size_t len, const void *context,
                                            size_t context_len,
                                            const uint8_t signature[MLDSA65_SIGNATURE_LEN]);

#endif
