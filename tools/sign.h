/*
 * sign.h - fills in the two signature fields of a sealed image (docs/image-format.md).
 */
#ifndef NONOS_TOOLS_SIGN_H
#define NONOS_TOOLS_SIGN_H

#include "image/manifest.h"
#include "tools/key.h"

#include <stddef.h>
#include <stdint.h>

/* Signs image[0 .. len) in place: ML-DSA-65, deterministic, then Ed25519 by libsodium, and then
 * the verifier of image/ on the whole, which knows nothing of how it was signed. Signing again
 * with the same key gives the same bytes. *signer is the identity under which the image verifies.
 * Errors: of structure_read, key_identity and image_verify, and NONOS_E_DISAGREE where the verifier
 * does not take what was just signed; the image is as it was then, and *signer zero. */
[[nodiscard]] enum nonos_error sign_image(uint8_t *image, size_t len, const struct signing_key *key,
                                          struct identity *signer);

/* The verifier of image/ on an image that was just signed, with its signer alone trusted. Errors:
 * of image_verify, and NONOS_E_DISAGREE. */
[[nodiscard]] enum nonos_error sign_check(const uint8_t *image, size_t len,
                                          const struct manifest *manifest,
                                          const struct identity *signer,
                                          const struct identity *revoked, size_t revoked_count);

#endif
