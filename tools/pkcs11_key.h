/*
 * pkcs11_key.h - an Ed25519 key in a token, which signs and is never seen here (PKCS #11 v3.0,
 * Current Mechanisms §2.3: CKK_EC_EDWARDS, CKM_EDDSA without parameters, which is RFC 8032's
 * Ed25519).
 */
#ifndef NONOS_TOOLS_PKCS11_KEY_H
#define NONOS_TOOLS_PKCS11_KEY_H

#include "abi/error.h"
#include "crypto/ed25519.h"

#include <stddef.h>
#include <stdint.h>

struct pkcs11_key;

/* Opens the one key that the URI names; pin: what NONOS_PIN was, or null. Reports what is wrong and
 * returns the exit status; *out is null then. */
[[nodiscard]] int pkcs11_key_open(const char *uri, const char *pin, struct pkcs11_key **out);

/* Makes a new one (pkcs11_generate), which has to sign once, and else is destroyed. As above. */
[[nodiscard]] int pkcs11_key_make(const char *uri, const char *pin, struct pkcs11_key **out);

/* Ends the session and wipes; null is none. */
void pkcs11_key_close(struct pkcs11_key *key);

/* As the token says; pkcs11_key_prove has it proved. */
void pkcs11_key_public(const struct pkcs11_key *key, uint8_t public_key[ED25519_PUBLIC_KEY_LEN]);

/* Signs. What the token gives is asked of crypto/ and of libsodium before it is handed out:
 * NONOS_E_PKCS11_FAILED where the token fails, or where the signature is none of this public key;
 * it is zero then, and pkcs11_key_failure says what happened. */
[[nodiscard]] enum nonos_error pkcs11_key_sign(struct pkcs11_key *key, const uint8_t *message,
                                               size_t len,
                                               uint8_t signature[ED25519_SIGNATURE_LEN]);

/* Signs a random text that is no message of an image (its context is NONOS-PROOF-v1), so that no
 * public key leaves that is not this private key's. Errors: of pkcs11_key_sign, NONOS_E_NO_ENTROPY.
 */
[[nodiscard]] enum nonos_error pkcs11_key_prove(struct pkcs11_key *key);

/* What happened in the last call that gave NONOS_E_PKCS11_FAILED, and what to do. */
const char *pkcs11_key_failure(const struct pkcs11_key *key);

#endif
