/*
 * identity.h - who may sign: a name, roles, a profile and two public keys.
 *
 * id = BLAKE3 derive_key("NONOS:IDENTITY:v1", Ed25519 public key || ML-DSA-65 public key).
 */
#ifndef NONOS_IMAGE_IDENTITY_H
#define NONOS_IMAGE_IDENTITY_H

#include "abi/error.h"
#include "abi/image.h"
#include "crypto/ed25519.h"
#include "crypto/mldsa65.h"
#include "image/text.h"

#include <stddef.h>
#include <stdint.h>

#define IDENTITY_NAME_MAX_LEN 32u /* without the NUL; [a-z0-9-], first a letter */

/* All of it is public. */
struct identity {
    char name[IDENTITY_NAME_MAX_LEN + 1];
    uint32_t roles;   /* bits of enum nonos_image_type */
    uint32_t profile; /* enum nonos_profile */
    uint8_t id[NONOS_IDENTITY_ID_LEN];
    uint8_t ed25519[ED25519_PUBLIC_KEY_LEN];
    uint8_t mldsa65[MLDSA65_PUBLIC_KEY_LEN];
};

/* The id of a pair of public keys. */
void identity_compute_id(const uint8_t ed25519[ED25519_PUBLIC_KEY_LEN],
                         const uint8_t mldsa65[MLDSA65_PUBLIC_KEY_LEN],
                         uint8_t id[NONOS_IDENTITY_ID_LEN]);

/* Whether a NUL-terminated text can be the name of an identity. */
[[nodiscard]] bool identity_name_is_valid(const char *name);

/* NONOS_E_IDENTITY_SYNTAX (name, roles, profile), NONOS_E_IDENTITY_ID (not that of its keys) or
 * NONOS_E_IDENTITY_KEY (an ML-DSA-65 key of zeroes, or an Ed25519 key that ed25519_check_public_key
 * refuses). */
[[nodiscard]] enum nonos_error identity_check(const struct identity *identity);

/* The text form (docs/keys.md); longest text an identity has, with the NUL. */
#define IDENTITY_TEXT_MAX_LEN 4608u

/* Writes the text and a NUL; *text_len without the NUL. NONOS_E_SIZE if it does not fit: the text
 * is empty then. */
[[nodiscard]] enum nonos_error identity_format(const struct identity *identity, char *text,
                                               size_t text_size, size_t *text_len);

/* The words of that text: roles as "kernel,capsule,bundle", in this order; "dev" or "release". */
#define IDENTITY_ROLES_MAX_LEN 21u
void identity_append_roles(struct text_writer *writer, uint32_t roles);
const char *identity_profile_name(uint32_t profile);

/* Reads exactly one identity from text of len bytes, without a NUL, and checks it.
 * NONOS_E_IDENTITY_SYNTAX or the errors of identity_check; *out is zero on failure. */
[[nodiscard]] enum nonos_error identity_parse(const char *text, size_t len, struct identity *out);

/* NONOS_E_IDENTITY_DUPLICATE when two of count identities share an id or either key. */
[[nodiscard]] enum nonos_error identity_check_set(const struct identity *identities, size_t count);

#endif
