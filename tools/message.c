#include "tools/message.h"

#include "crypto/bytes.h"
#include "image/digest.h"

#include <sodium.h>
#include <string.h>

static_assert(NONOS_SIG_LEN == crypto_sign_BYTES);
static_assert(NONOS_PQSIG_LEN == MLDSA65_SIGNATURE_LEN);
static_assert(MESSAGE_MAX_LEN == 2 + NONOS_CONTEXT_LEN + NONOS_DIGEST_LEN);

const char *message_half_name(enum message_half half)
{
    return half == MESSAGE_MLDSA65 ? "ML-DSA-65" : "Ed25519";
}

size_t message_signature_len(enum message_half half)
{
    return half == MESSAGE_MLDSA65 ? NONOS_PQSIG_LEN : NONOS_SIG_LEN;
}

void message_make(enum message_half half, enum nonos_image_type type,
                  const uint8_t digest[NONOS_DIGEST_LEN], struct message *out)
{
    *out = (struct message){.half = half, .type = type};
    memcpy(out->digest, digest, NONOS_DIGEST_LEN);
    if (half == MESSAGE_ED25519) {
        image_ed25519_message(type, digest, out->bytes);
        out->len = IMAGE_ED25519_MESSAGE_LEN;
        return;
    }
    const char *context = image_context(type);
    size_t context_len = strlen(context);
    out->bytes[1] = (uint8_t)context_len;
    memcpy(out->bytes + 2, context, context_len);
    memcpy(out->bytes + 2 + context_len, digest, NONOS_DIGEST_LEN);
    out->len = 2 + context_len + NONOS_DIGEST_LEN;
}

/* The digest is the end of every one of them: what is made from it has to be the whole. */
enum nonos_error message_read(const uint8_t *bytes, size_t len, struct message *out)
{
    static const enum message_half halves[] = {MESSAGE_MLDSA65, MESSAGE_ED25519};
    static const enum nonos_image_type types[] = {NONOS_IMAGE_KERNEL, NONOS_IMAGE_CAPSULE};
    *out = (struct message){0};
    if (len < NONOS_DIGEST_LEN)
        return NONOS_E_MESSAGE;
    for (size_t i = 0; i < 4; i++) {
        message_make(halves[i / 2], types[i % 2], bytes + (len - NONOS_DIGEST_LEN), out);
        if (out->len == len && memcmp(out->bytes, bytes, len) == 0)
            return NONOS_OK;
    }
    *out = (struct message){0};
    return NONOS_E_MESSAGE;
}

static enum nonos_error sign_mldsa65(const struct message *message, const struct signing_key *key,
                                     uint8_t *signature)
{
    uint8_t seed[MLDSA65_SEED_LEN];
    uint8_t public_key[MLDSA65_PUBLIC_KEY_LEN];
    uint8_t secret[MLDSA65_SECRET_KEY_LEN];
    key_derive_mldsa65_seed(key, seed);
    enum nonos_error error = mldsa65_generate_key(seed, public_key, secret);
    if (error == NONOS_OK) {
        const char *context = image_context(message->type);
        error = mldsa65_sign(secret, message->digest, sizeof(message->digest), context,
                             strlen(context), nullptr, signature);
    }
    bytes_wipe(secret, sizeof(secret));
    bytes_wipe(seed, sizeof(seed));
    return error;
}

enum nonos_error message_sign(const struct message *message, const struct signing_key *key,
                              uint8_t *signature)
{
    enum nonos_error error = message->half == MESSAGE_MLDSA65
                                 ? sign_mldsa65(message, key, signature)
                                 : key_sign_ed25519(key, message->bytes, message->len, signature);
    if (error != NONOS_OK)
        memset(signature, 0, message_signature_len(message->half));
    return error;
}

static bool verify_mldsa65(const struct message *message, const struct identity *identity,
                           const uint8_t *signature)
{
    const char *context = image_context(message->type);
    return mldsa65_verify(identity->mldsa65, message->digest, sizeof(message->digest), context,
                          strlen(context), signature) == CRYPTO_VALID;
}

enum nonos_error message_verify(const struct message *message, const struct identity *identity,
                                const uint8_t *signature)
{
    bool first = false, second = false;
    if (message->half == MESSAGE_MLDSA65) {
        first = verify_mldsa65(message, identity, signature);
        second = verify_mldsa65(message, identity, signature);
    } else {
        first = ed25519_verify(identity->ed25519, message->bytes, message->len, signature) ==
                CRYPTO_VALID;
        second = crypto_sign_verify_detached(signature, message->bytes, message->len,
                                             identity->ed25519) == 0;
    }
    if (first != second)
        return NONOS_E_DISAGREE;
    return first ? NONOS_OK : NONOS_E_SIGNATURE;
}
