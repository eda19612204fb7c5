/*
 * pkcs11_generate.h - an Ed25519 pair that is made in a token and whose private half stays there
 * (PKCS #11 v3.0, Current Mechanisms §2.3: CKM_EC_EDWARDS_KEY_PAIR_GEN).
 */
#ifndef NONOS_TOOLS_PKCS11_GENERATE_H
#define NONOS_TOOLS_PKCS11_GENERATE_H

#include "tools/pkcs11_object.h"

/* Makes the pair with the URI's object, which is not empty, as its label, and its id, or a random
 * one of 8 bytes. The private key is CKA_TOKEN, CKA_PRIVATE, CKA_SENSITIVE, not CKA_EXTRACTABLE,
 * and may sign; what the token says of it is read back. Nothing is made where the token has any
 * object with that label or id. The session is a writable one. Reports what is wrong and returns
 * the exit status; the token is as it was then. */
[[nodiscard]] int pkcs11_generate(const struct pkcs11_session *session,
                                  const struct pkcs11_uri *uri, struct pkcs11_pair *out);

/* Takes a pair that was just made, and nothing else, out of the token again. */
void pkcs11_generate_undo(const struct pkcs11_session *session, const struct pkcs11_pair *pair);

#endif
