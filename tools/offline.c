#include "tools/offline.h"

#include "crypto/bytes.h"
#include "image/digest.h"
#include "tools/sign.h"

#include <string.h>

enum nonos_error offline_next(const uint8_t *image, size_t len, enum nonos_image_type type,
                              struct message *out)
{
    *out = (struct message){0};
    if (!bytes_are_zero(image + (len - NONOS_SIG_LEN), NONOS_SIG_LEN))
        return NONOS_E_SIGNED;
    bool has_first = !bytes_are_zero(image + (len - NONOS_TRAILER_LEN), NONOS_PQSIG_LEN);
    uint8_t d0[NONOS_DIGEST_LEN];
    uint8_t d1[NONOS_DIGEST_LEN];
    image_digest(image, len, d0, d1);
    message_make(has_first ? MESSAGE_ED25519 : MESSAGE_MLDSA65, type, has_first ? d1 : d0, out);
    return NONOS_OK;
}

static bool may_sign(const struct identity *identity, const struct manifest *manifest)
{
    return (identity->roles & (uint32_t)manifest->type) != 0 &&
           identity->profile == (uint32_t)manifest->profile;
}

/* Revoked ones first, whatever their role: who stands in both lists is revoked. */
static enum nonos_error find_signer(const struct message *message, const uint8_t *signature,
                                    const struct manifest *manifest, const struct trust *trust,
                                    const struct identity **signer)
{
    for (size_t i = 0; i < trust->revoked.count; i++) {
        enum nonos_error error = message_verify(message, &trust->revoked.identities[i], signature);
        if (error != NONOS_E_SIGNATURE)
            return error == NONOS_OK ? NONOS_E_REVOKED : error;
    }
    for (size_t i = 0; i < trust->trusted.count; i++) {
        const struct identity *identity = &trust->trusted.identities[i];
        if (!may_sign(identity, manifest))
            continue;
        enum nonos_error error = message_verify(message, identity, signature);
        if (error == NONOS_E_SIGNATURE)
            continue;
        *signer = error == NONOS_OK ? identity : nullptr;
        return error;
    }
    return NONOS_E_SIGNATURE;
}

enum nonos_error offline_attach(uint8_t *image, size_t len, const struct manifest *manifest,
                                enum message_half half, const uint8_t *signature,
                                const struct trust *trust, const struct identity **signer)
{
    struct message message;
    *signer = nullptr;
    enum nonos_error error = offline_next(image, len, manifest->type, &message);
    if (error != NONOS_OK)
        return error;
    if (message.half != half)
        return half == MESSAGE_MLDSA65 ? NONOS_E_SIGNED : NONOS_E_UNSIGNED;
    error = find_signer(&message, signature, manifest, trust, signer);
    if (error != NONOS_OK)
        return error;
    uint8_t *field = image + (len - (half == MESSAGE_MLDSA65 ? NONOS_TRAILER_LEN : NONOS_SIG_LEN));
    memcpy(field, signature, message_signature_len(half));
    if (half == MESSAGE_ED25519)
        error = sign_check(image, len, manifest, *signer, trust->revoked.identities,
                           trust->revoked.count);
    if (error != NONOS_OK) {
        memset(field, 0, message_signature_len(half));
        *signer = nullptr;
    }
    return error;
}
