/*
 * digest.h - what is signed (docs/image-format.md).
 *
 *   D0 = BLAKE3-256(file[0 .. len - 3373))    signed by ML-DSA-65, with the type's context
 *   D1 = BLAKE3-256(file[0 .. len - 64))      signed by Ed25519, behind the padded context
 *
 * Lengths are at least NONOS_IMAGE_MIN_LEN: the caller has checked (image_check_len).
 */
#ifndef NONOS_IMAGE_DIGEST_H
#define NONOS_IMAGE_DIGEST_H

#include "abi/error.h"
#include "abi/image.h"

#include <stddef.h>
#include <stdint.h>

#define IMAGE_ED25519_MESSAGE_LEN (NONOS_CONTEXT_LEN + NONOS_DIGEST_LEN)

/* NONOS_E_IMAGE_SHORT or NONOS_E_IMAGE_LONG outside 4 KiB to 16 MiB. */
[[nodiscard]] enum nonos_error image_check_len(size_t len);

/* Both digests in one pass over the file. */
void image_digest(const uint8_t *file, size_t len, uint8_t d0[NONOS_DIGEST_LEN],
                  uint8_t d1[NONOS_DIGEST_LEN]);

/* The signing context of a type, NUL-terminated; null for a number that is no type. */
const char *image_context(enum nonos_image_type type);

/* context, zero-padded to 16 bytes, || D1. */
void image_ed25519_message(enum nonos_image_type type, const uint8_t d1[NONOS_DIGEST_LEN],
                           uint8_t message[IMAGE_ED25519_MESSAGE_LEN]);

#endif
