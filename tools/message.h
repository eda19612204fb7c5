/*
 * message.h - the bytes that are signed, as a file that can go to another machine (docs/keys.md).
 *
 *   ML-DSA-65   00 || length of the context || context || D0    49 bytes, of a capsule 50
 *   Ed25519     context, zero-padded to 16 bytes || D1          48 bytes
 *
 * The first is M' of FIPS 204 §5.2 (Algorithm 2, line 10), so that in both the context, which says
 * what the image is, is among the signed bytes. No text is both: the first byte differs.
 */
#ifndef NONOS_TOOLS_MESSAGE_H
#define NONOS_TOOLS_MESSAGE_H

#include "abi/error.h"
#include "abi/image.h"
#include "image/identity.h"
#include "tools/key.h"

#include <stddef.h>
#include <stdint.h>

enum message_half {
    MESSAGE_MLDSA65 = 1,
    MESSAGE_ED25519 = 2,
};

#define MESSAGE_MAX_LEN 50u

struct message {
    enum message_half half;
    enum nonos_image_type type;
    uint8_t digest[NONOS_DIGEST_LEN]; /* D0 or D1 */
    uint8_t bytes[MESSAGE_MAX_LEN];
    size_t len;
};

/* "ML-DSA-65" or "Ed25519". */
const char *message_half_name(enum message_half half);

/* Length of the signature of that half. */
size_t message_signature_len(enum message_half half);

/* The message of a kernel's or a capsule's digest; bundles are not defined in this version. */
void message_make(enum message_half half, enum nonos_image_type type,
                  const uint8_t digest[NONOS_DIGEST_LEN], struct message *out);

/* NONOS_E_MESSAGE unless the bytes are exactly one that message_make makes; *out is zero then. */
[[nodiscard]] enum nonos_error message_read(const uint8_t *bytes, size_t len, struct message *out);

/* Signs, deterministically: message_signature_len bytes. Errors: of mldsa65_generate_key,
 * mldsa65_sign and key_sign_ed25519; the signature is zero then. */
[[nodiscard]] enum nonos_error message_sign(const struct message *message,
                                            const struct signing_key *key, uint8_t *signature);

/* NONOS_E_SIGNATURE unless it is this identity's signature. Ed25519 is asked of libsodium and of
 * crypto/, ML-DSA-65 twice of crypto/: NONOS_E_DISAGREE when the answers differ. */
[[nodiscard]] enum nonos_error message_verify(const struct message *message,
                                              const struct identity *identity,
                                              const uint8_t *signature);

#endif
