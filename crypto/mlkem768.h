/*
 * mlkem768.h - ML-KEM-768 (FIPS 203), a thin adapter around PQClean.
 *
 * It adds what PQClean leaves out: the input checks of §7.2 and §7.3, and wiping. Randomness is an
 * argument, so that every operation is a function of its inputs; it is secret, and so are the
 * decapsulation key and the shared secret: the caller wipes them. Runs on the workspace
 * (crypto/workspace.h); not reentrant. On failure all outputs are zero.
 */
#ifndef NONOS_CRYPTO_MLKEM768_H
#define NONOS_CRYPTO_MLKEM768_H

#include "abi/error.h"

#include <stdint.h>

#define MLKEM768_SEED_LEN 64u    /* d || z */
#define MLKEM768_MESSAGE_LEN 32u /* m */
#define MLKEM768_ENCAPSULATION_KEY_LEN 1184u
#define MLKEM768_DECAPSULATION_KEY_LEN 2400u
#define MLKEM768_CIPHERTEXT_LEN 1088u
#define MLKEM768_SHARED_SECRET_LEN 32u

/* ML-KEM.KeyGen_internal(d, z), FIPS 203 §6.1. */
[[nodiscard]] enum nonos_error
mlkem768_generate_key(const uint8_t seed[MLKEM768_SEED_LEN],
                      uint8_t encapsulation_key[MLKEM768_ENCAPSULATION_KEY_LEN],
                      uint8_t decapsulation_key[MLKEM768_DECAPSULATION_KEY_LEN]);

/* Modulus check, FIPS 203 §7.2. NONOS_E_IDENTITY_KEY when it fails. */
[[nodiscard]] enum nonos_error
mlkem768_check_encapsulation_key(const uint8_t encapsulation_key[MLKEM768_ENCAPSULATION_KEY_LEN]);

/* Hash check, FIPS 203 §7.3. NONOS_E_IDENTITY_KEY when it fails. */
[[nodiscard]] enum nonos_error
mlkem768_check_decapsulation_key(const uint8_t decapsulation_key[MLKEM768_DECAPSULATION_KEY_LEN]);

/* Checks the key, then ML-KEM.Encaps_internal(ek, m), FIPS 203 §6.2. */
[[nodiscard]] enum nonos_error
mlkem768_encapsulate(const uint8_t encapsulation_key[MLKEM768_ENCAPSULATION_KEY_LEN],
                     const uint8_t message[MLKEM768_MESSAGE_LEN],
                     uint8_t ciphertext[MLKEM768_CIPHERTEXT_LEN],
                     uint8_t shared_secret[MLKEM768_SHARED_SECRET_LEN]);

/* Checks the key, then ML-KEM.Decaps_internal(dk, c), FIPS 203 §6.3. A ciphertext that was not
 * made for this key is not an error: it yields the implicit-rejection secret. */
[[nodiscard]] enum nonos_error
mlkem768_decapsulate(const uint8_t decapsulation_key[MLKEM768_DECAPSULATION_KEY_LEN],
                     const uint8_t ciphertext[MLKEM768_CIPHERTEXT_LEN],
                     uint8_t shared_secret[MLKEM768_SHARED_SECRET_LEN]);

#endif
