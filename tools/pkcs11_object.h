/*
 * pkcs11_object.h - the objects of a pair of Ed25519 keys, as a token holds them.
 */
#ifndef NONOS_TOOLS_PKCS11_OBJECT_H
#define NONOS_TOOLS_PKCS11_OBJECT_H

#include "crypto/ed25519.h"
#include "tools/pkcs11_session.h"

#include <stdint.h>

struct pkcs11_pair {
    ck_object_handle_t private_key;
    ck_object_handle_t public_key;
};

/* Finds the one private key with the URI's label and id, and the public key with that private key's
 * id (where it has none, its label). Both are Ed25519's, and the private one may sign. Reports what
 * is wrong and returns the exit status. */
[[nodiscard]] int pkcs11_object_find_pair(const struct pkcs11_session *session,
                                          const struct pkcs11_uri *uri, struct pkcs11_pair *out);

/* Reads a public key: CKA_EC_PARAMS has to be Ed25519, as OID (RFC 8410 §3) or as the name
 * edwards25519; CKA_EC_POINT 32 bytes, plain or as a DER OCTET STRING. Reports and returns as
 * above. */
[[nodiscard]] int pkcs11_object_read_public_key(const struct pkcs11_session *session,
                                                ck_object_handle_t object,
                                                uint8_t out[ED25519_PUBLIC_KEY_LEN]);

#endif
