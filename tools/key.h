/*
 * key.h - where a signing key comes from (docs/keys.md).
 *
 * A file key is 32 bytes: the Ed25519 seed (RFC 8032 §5.1.5), from which the seed of ML-DSA-65
 * (FIPS 204 §6.1, xi) is derived by BLAKE3 derive_key("NONOS:SIGN:ML-DSA-65:v1").
 */
#ifndef NONOS_TOOLS_KEY_H
#define NONOS_TOOLS_KEY_H

#include "abi/error.h"
#include "crypto/ed25519.h"
#include "image/identity.h"

#include <stdint.h>

/* Secret: key_wipe it. */
struct signing_key {
    uint8_t seed[ED25519_SEED_LEN];
};

/* Takes the key from argument (a path), or, where that is null, from SIGNING_KEY (a path or 64
 * hexadecimal digits), or, where that is not set and the profile is dev, from dev_signing_key.bin,
 * which is made when it is not there. A release never takes the development key, under whatever
 * name. SIGNING_KEY is removed from the environment and wiped. Reports what is wrong; returns the
 * exit status. */
[[nodiscard]] int key_open(const char *argument, enum nonos_profile profile,
                           struct signing_key *out);

void key_wipe(struct signing_key *key);

/* The ML-DSA-65 seed of a key: secret. */
void key_derive_mldsa65_seed(const struct signing_key *key, uint8_t seed[MLDSA65_SEED_LEN]);

/* The identity of a key. The Ed25519 public key is computed twice, by libsodium and by crypto/:
 * NONOS_E_DISAGREE when they differ, NONOS_E_IDENTITY_SYNTAX for a name, roles or a profile that an
 * identity cannot have; *out is zero then. */
[[nodiscard]] enum nonos_error key_identity(const struct signing_key *key, const char *name,
                                            uint32_t roles, enum nonos_profile profile,
                                            struct identity *out);

#endif
