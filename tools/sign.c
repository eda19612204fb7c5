#include "tools/sign.h"

#include "image/digest.h"
#include "image/verify.h"
#include "tools/message.h"
#include "tools/structure.h"

#include <string.h>

/* Both digests, each time: the second covers the first signature. */
static enum nonos_error sign_half(uint8_t *image, size_t len, enum nonos_image_type type,
                                  enum message_half half, const struct signing_key *key)
{
    uint8_t d0[NONOS_DIGEST_LEN];
    uint8_t d1[NONOS_DIGEST_LEN];
    struct message message;
    image_digest(image, len, d0, d1);
    message_make(half, type, half == MESSAGE_MLDSA65 ? d0 : d1, &message);
    return message_sign(&message, key,
                        image +
                            (len - (half == MESSAGE_MLDSA65 ? NONOS_TRAILER_LEN : NONOS_SIG_LEN)));
}

enum nonos_error sign_check(const uint8_t *image, size_t len, const struct manifest *manifest,
                            const struct identity *signer, const struct identity *revoked,
                            size_t revoked_count)
{
    const struct image_policy policy = {
        .wanted = manifest->type,
        .trusted = signer,
        .trusted_count = 1,
        .revoked = revoked,
        .revoked_count = revoked_count,
        .security_version_floor = 1,
        .allow_dev = true,
    };
    struct image_verdict verdict;
    enum nonos_error error = image_verify(image, len, &policy, nullptr, nullptr, &verdict);
    if (error != NONOS_OK)
        return error;
    return image_is_verified(&verdict) ? NONOS_OK : NONOS_E_DISAGREE;
}

enum nonos_error sign_image(uint8_t *image, size_t len, const struct signing_key *key,
                            struct identity *signer)
{
    *signer = (struct identity){0};
    struct structure structure;
    enum nonos_error error = structure_read(image, len, &structure);
    if (error != NONOS_OK)
        return error;
    const struct manifest *manifest = &structure.manifest;
    uint8_t before[NONOS_TRAILER_LEN];
    memcpy(before, image + (len - NONOS_TRAILER_LEN), sizeof(before));

    error = key_identity(key, "signer", (uint32_t)manifest->type, manifest->profile, signer);
    if (error == NONOS_OK)
        error = sign_half(image, len, manifest->type, MESSAGE_MLDSA65, key);
    if (error == NONOS_OK)
        error = sign_half(image, len, manifest->type, MESSAGE_ED25519, key);
    if (error == NONOS_OK)
        error = sign_check(image, len, manifest, signer, nullptr, 0);
    if (error != NONOS_OK) {
        memcpy(image + (len - NONOS_TRAILER_LEN), before, sizeof(before));
        *signer = (struct identity){0};
    }
    return error;
}
