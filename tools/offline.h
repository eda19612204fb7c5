/*
 * offline.h - an image that is signed on another machine, one half after the other (docs/keys.md).
 *
 * ML-DSA-65 comes first, since Ed25519 covers it. The signature fields say how far it is: both
 * zero, only the Ed25519 one zero, none.
 */
#ifndef NONOS_TOOLS_OFFLINE_H
#define NONOS_TOOLS_OFFLINE_H

#include "tools/message.h"
#include "tools/structure.h"
#include "tools/trust.h"

/* What has to be signed next. NONOS_E_SIGNED when there is an Ed25519 signature; *out is zero
 * then. The caller has checked the structure, which says what type it is. */
[[nodiscard]] enum nonos_error offline_next(const uint8_t *image, size_t len,
                                            enum nonos_image_type type, struct message *out);

/* Puts one signature of message_signature_len(half) bytes into its field of image[0 .. len), once
 * it is one by a trusted identity of that role and profile, *signer (one of trust's); the last one
 * only where the whole is then verified as a loader would. NONOS_E_SIGNED (the field is filled),
 * NONOS_E_UNSIGNED (Ed25519 without the ML-DSA-65 one before it), NONOS_E_SIGNATURE,
 * NONOS_E_REVOKED, NONOS_E_DISAGREE, and the errors of image_verify; the image is as it was then,
 * and *signer null. */
[[nodiscard]] enum nonos_error
offline_attach(uint8_t *image, size_t len, const struct manifest *manifest, enum message_half half,
               const uint8_t *signature, const struct trust *trust, const struct identity **signer);

#endif
