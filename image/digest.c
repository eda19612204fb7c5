#include "image/digest.h"

#include "crypto/blake3.h"

#include <string.h>

static_assert(NONOS_DIGEST_LEN == BLAKE3_OUT_LEN);
static_assert(sizeof(NONOS_CONTEXT_KERNEL) <= NONOS_CONTEXT_LEN);
static_assert(sizeof(NONOS_CONTEXT_BUNDLE) <= NONOS_CONTEXT_LEN);
/* The longest context fills the field: no byte is left for its NUL, and none is needed. */
static_assert(sizeof(NONOS_CONTEXT_CAPSULE) - 1 == NONOS_CONTEXT_LEN);

enum nonos_error image_check_len(size_t len)
{
    if (len < NONOS_IMAGE_MIN_LEN)
        return NONOS_E_IMAGE_SHORT;
    if (len > NONOS_IMAGE_MAX_LEN)
        return NONOS_E_IMAGE_LONG;
    return NONOS_OK;
}

void image_digest(const uint8_t *file, size_t len, uint8_t d0[NONOS_DIGEST_LEN],
                  uint8_t d1[NONOS_DIGEST_LEN])
{
    struct blake3 state;
    blake3_init(&state);
    blake3_update(&state, file, len - NONOS_TRAILER_LEN);
    blake3_final(&state, d0, NONOS_DIGEST_LEN);
    blake3_update(&state, file + (len - NONOS_TRAILER_LEN), NONOS_PQSIG_LEN);
    blake3_final(&state, d1, NONOS_DIGEST_LEN);
}

const char *image_context(enum nonos_image_type type)
{
    switch (type) {
    case NONOS_IMAGE_KERNEL:
        return NONOS_CONTEXT_KERNEL;
    case NONOS_IMAGE_CAPSULE:
        return NONOS_CONTEXT_CAPSULE;
    case NONOS_IMAGE_BUNDLE:
        return NONOS_CONTEXT_BUNDLE;
    }
    return nullptr;
}

void image_ed25519_message(enum nonos_image_type type, const uint8_t d1[NONOS_DIGEST_LEN],
                           uint8_t message[IMAGE_ED25519_MESSAGE_LEN])
{
    memset(message, 0, IMAGE_ED25519_MESSAGE_LEN);
    const char *context = image_context(type);
    /* A number that is no type leaves a message that nothing signs. */
    if (context == nullptr)
        return;
    memcpy(message, context, strlen(context));
    memcpy(message + NONOS_CONTEXT_LEN, d1, NONOS_DIGEST_LEN);
}
