/*
 * key.h - where a signing key comes from (docs/keys.md).
 *
 * It is a pair of sources. The second one is always a file of 32 bytes, from which the seed of
 * ML-DSA-65 (FIPS 204 §6.1, xi) is derived by BLAKE3 derive_key("NONOS:SIGN:ML-DSA-65:v1"). The
 * first one, for Ed25519, is a key in a token, or else the same file, whose bytes are the Ed25519
 * seed (RFC 8032 §5.1.5).
 */
#ifndef NONOS_TOOLS_KEY_H
#define NONOS_TOOLS_KEY_H

#include "abi/error.h"
#include "crypto/ed25519.h"
#include "image/identity.h"
#include "tools/pkcs11_key.h"

#include <stdint.h>

/* Secret: key_wipe it. */
struct signing_key {
    uint8_t seed[ED25519_SEED_LEN]; /* of ML-DSA-65, and of Ed25519 where there is no token */
    struct pkcs11_key *token;       /* of Ed25519, or null */
};

/* Takes the key from argument (a path or a pkcs11: URI), or, where that is null, from SIGNING_KEY
 * (a path, a pkcs11: URI or 64 hexadecimal digits), or, where that is not set and the profile is
 * dev, from dev_signing_key.bin, which is made when it is not there. With a URI, and only then, the
 * file of the ML-DSA-65 half is argument_pq, or SIGNING_KEY_PQ: NONOS_E_KEY_PAIR where it is
 * missing, or there is one too many. A release never takes the development key, under whatever
 * name. SIGNING_KEY, SIGNING_KEY_PQ and NONOS_PIN are removed from the environment and wiped.
 * Reports what is wrong; returns the exit status. */
[[nodiscard]] int key_open(const char *argument, const char *argument_pq,
                           enum nonos_profile profile, struct signing_key *out);

/* Makes an Ed25519 key in a token, which signs once to prove it. Reports what is wrong; returns the
 * exit status; public_key is zero then. NONOS_PIN is treated as above. */
[[nodiscard]] int key_make_in_token(const char *uri, uint8_t public_key[ED25519_PUBLIC_KEY_LEN]);

/* Ends the session with the token, too. */
void key_wipe(struct signing_key *key);

/* Signs by the first source. Errors: of pkcs11_key_sign, NONOS_E_INTERNAL. */
[[nodiscard]] enum nonos_error key_sign_ed25519(const struct signing_key *key,
                                                const uint8_t *message, size_t len,
                                                uint8_t signature[ED25519_SIGNATURE_LEN]);

/* Has a token prove that it holds the private half of the public key that it shows. Errors: of
 * pkcs11_key_prove. */
[[nodiscard]] enum nonos_error key_prove(const struct signing_key *key);

/* What happened in the token, and what to do; null for an error that is not the token's. */
const char *key_failure(const struct signing_key *key, enum nonos_error error);

/* The ML-DSA-65 seed of a key: secret. */
void key_derive_mldsa65_seed(const struct signing_key *key, uint8_t seed[MLDSA65_SEED_LEN]);

/* The identity of a key. The Ed25519 public key is the token's, or is computed twice, by libsodium
 * and by crypto/: NONOS_E_DISAGREE when they differ, NONOS_E_IDENTITY_SYNTAX for a name, roles or a
 * profile that an identity cannot have; *out is zero then. */
[[nodiscard]] enum nonos_error key_identity(const struct signing_key *key, const char *name,
                                            uint32_t roles, enum nonos_profile profile,
                                            struct identity *out);

#endif
