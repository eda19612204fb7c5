#include "image/measurement.h"

#include "crypto/bytes.h"
#include "image/identity.h"
#include "image/text.h"

#include <stdckdint.h>
#include <string.h>

#define KERNEL_PREFIX "nonos-kernel blake3:"
#define POLICY_FIRST_LINE "NONOS-POLICY 1\n"
#define ID_HEX_LEN ((size_t)2 * NONOS_IDENTITY_ID_LEN)

/* The longest that each can be. */
#define KERNEL_SIZE (sizeof(KERNEL_PREFIX) + (size_t)2 * NONOS_DIGEST_LEN)
#define POLICY_HEAD_SIZE sizeof(POLICY_FIRST_LINE "profile=release\nfloor=4294967295\n")
#define TRUSTED_SIZE (sizeof("trusted=  release\n") + ID_HEX_LEN + IDENTITY_ROLES_MAX_LEN)
#define REVOKED_SIZE (sizeof("revoked=\n") + ID_HEX_LEN)

size_t measurement_text_size(const struct image_policy *policy)
{
    size_t trusted_size, revoked_size, size;
    if (ckd_mul(&trusted_size, policy->trusted_count, TRUSTED_SIZE) ||
        ckd_mul(&revoked_size, policy->revoked_count, REVOKED_SIZE) ||
        ckd_add(&size, trusted_size, revoked_size) ||
        ckd_add(&size, size, KERNEL_SIZE + POLICY_HEAD_SIZE))
        return SIZE_MAX;
    return size;
}

/* The piece from start to where the writer is now. */
static struct measurement take(const struct text_writer *writer, size_t start)
{
    return (struct measurement){
        .event_type = MEASUREMENT_EV_IPL,
        .bytes = writer->text + start,
        .len = writer->len - start,
    };
}

static void append_identity(struct text_writer *writer, const char *key,
                            const struct identity *identity)
{
    text_append(writer, key);
    text_append_hex(writer, identity->id, sizeof(identity->id));
}

static void append_policy(struct text_writer *writer, const struct image_policy *policy,
                          uint32_t profile)
{
    text_append(writer, POLICY_FIRST_LINE "profile=");
    text_append(writer,
                identity_profile_name(policy->allow_dev ? (uint32_t)NONOS_PROFILE_DEV : profile));
    text_append(writer, "\nfloor=");
    text_append_number(writer, policy->security_version_floor);
    text_append(writer, "\n");
    for (size_t i = 0; i < policy->trusted_count; i++) {
        const struct identity *identity = &policy->trusted[i];
        append_identity(writer, "trusted=", identity);
        text_append(writer, " ");
        identity_append_roles(writer, identity->roles);
        text_append(writer, " ");
        text_append(writer, identity_profile_name(identity->profile));
        text_append(writer, "\n");
    }
    for (size_t i = 0; i < policy->revoked_count; i++) {
        append_identity(writer, "revoked=", &policy->revoked[i]);
        text_append(writer, "\n");
    }
}

enum nonos_error measurement_list(const struct image_verdict *verdict,
                                  const struct image_policy *policy, uint32_t profile, char *text,
                                  size_t size, struct measurement list[MEASUREMENT_COUNT])
{
    struct text_writer writer = {.text = text, .size = size, .fits = true};
    memset(list, 0, MEASUREMENT_COUNT * sizeof(list[0]));
    if (!image_is_verified(verdict))
        return NONOS_E_INTERNAL;

    text_append(&writer, KERNEL_PREFIX);
    text_append_hex(&writer, verdict->d1, sizeof(verdict->d1));
    size_t kernel_len = writer.len;
    append_policy(&writer, policy, profile);
    if (!writer.fits)
        return NONOS_E_SIZE;

    list[MEASUREMENT_POLICY] = take(&writer, kernel_len);
    writer.len = kernel_len;
    list[MEASUREMENT_KERNEL] = take(&writer, 0);
    list[MEASUREMENT_MANIFEST] = (struct measurement){
        .event_type = MEASUREMENT_EV_IPL,
        .bytes = verdict->manifest.all.bytes,
        .len = verdict->manifest.all.len,
    };
    return NONOS_OK;
}

void measurement_separator(enum measurement_end end, uint8_t bytes[MEASUREMENT_SEPARATOR_LEN])
{
    store_le32(bytes, (uint32_t)end);
}
