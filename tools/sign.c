#include "tools/sign.h"

#include "crypto/bytes.h"
#include "image/digest.h"
#include "image/verify.h"
#include "tools/structure.h"

#include <sodium.h>
#include <string.h>

static_assert(NONOS_SIG_LEN == crypto_sign_BYTES);
static_assert(NONOS_PQSIG_LEN == MLDSA65_SIGNATURE_LEN);

static enum nonos_error sign_mldsa65(uint8_t *image, size_t len, enum nonos_image_type type,
                                     const struct signing_key *key)
{
    uint8_t seed[MLDSA65_SEED_LEN];
    uint8_t public_key[MLDSA65_PUBLIC_KEY_LEN];
    uint8_t secret[MLDSA65_SECRET_KEY_LEN];
    uint8_t d0[NONOS_DIGEST_LEN];
    uint8_t d1[NONOS_DIGEST_LEN];
    image_digest(image, len, d0, d1);
    key_derive_mldsa65_seed(key, seed);
    enum nonos_error error = mldsa65_generate_key(seed, public_key, secret);
    if (error == NONOS_OK) {
        const char *context = image_context(type);
        error = mldsa65_sign(secret, d0, sizeof(d0), context, strlen(context), nullptr,
                             image + (len - NONOS_TRAILER_LEN));
    }
    bytes_wipe(secret, sizeof(secret));
    bytes_wipe(seed, sizeof(seed));
    return error;
}

static enum nonos_error sign_ed25519(uint8_t *image, size_t len, enum nonos_image_type type,
                                     const struct signing_key *key)
{
    uint8_t d0[NONOS_DIGEST_LEN];
    uint8_t d1[NONOS_DIGEST_LEN];
    uint8_t message[IMAGE_ED25519_MESSAGE_LEN];
    image_digest(image, len, d0, d1);
    image_ed25519_message(type, d1, message);
    uint8_t public_key[crypto_sign_PUBLICKEYBYTES];
    uint8_t secret[crypto_sign_SECRETKEYBYTES];
    bool failed = crypto_sign_seed_keypair(public_key, secret, key->seed) != 0 ||
                  crypto_sign_detached(image + (len - NONOS_SIG_LEN), nullptr, message,
                                       sizeof(message), secret) != 0;
    bytes_wipe(secret, sizeof(secret));
    return failed ? NONOS_E_INTERNAL : NONOS_OK;
}

static enum nonos_error check_signed(const uint8_t *image, size_t len,
                                     const struct manifest *manifest, const struct identity *signer)
{
    struct image_policy policy = {
        .wanted = manifest->type,
        .trusted = signer,
        .trusted_count = 1,
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
        error = sign_mldsa65(image, len, manifest->type, key);
    if (error == NONOS_OK)
        error = sign_ed25519(image, len, manifest->type, key);
    if (error == NONOS_OK)
        error = check_signed(image, len, manifest, signer);
    if (error != NONOS_OK) {
        memcpy(image + (len - NONOS_TRAILER_LEN), before, sizeof(before));
        *signer = (struct identity){0};
    }
    return error;
}
