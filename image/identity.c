#include "image/identity.h"

#include "crypto/blake3.h"
#include "crypto/bytes.h"
#include "image/text.h"

#include <string.h>

static_assert(NONOS_IDENTITY_ID_LEN == BLAKE3_OUT_LEN);

#define IDENTITY_FIRST_LINE "NONOS-IDENTITY 1"
#define IDENTITY_ALL_ROLES                                                                         \
    ((uint32_t)NONOS_IMAGE_KERNEL | (uint32_t)NONOS_IMAGE_CAPSULE | (uint32_t)NONOS_IMAGE_BUNDLE)

static const struct {
    const char *name;
    uint32_t role;
} role_names[] = {
    {"kernel", NONOS_IMAGE_KERNEL},
    {"capsule", NONOS_IMAGE_CAPSULE},
    {"bundle", NONOS_IMAGE_BUNDLE},
};
#define ROLE_COUNT (sizeof(role_names) / sizeof(role_names[0]))

void identity_compute_id(const uint8_t ed25519[ED25519_PUBLIC_KEY_LEN],
                         const uint8_t mldsa65[MLDSA65_PUBLIC_KEY_LEN],
                         uint8_t id[NONOS_IDENTITY_ID_LEN])
{
    struct blake3 state;
    blake3_init_derive_key(&state, NONOS_DERIVE_IDENTITY);
    blake3_update(&state, ed25519, ED25519_PUBLIC_KEY_LEN);
    blake3_update(&state, mldsa65, MLDSA65_PUBLIC_KEY_LEN);
    blake3_final(&state, id, NONOS_IDENTITY_ID_LEN);
}

bool identity_name_is_valid(const char *name)
{
    return text_is_name(name, strlen(name), IDENTITY_NAME_MAX_LEN);
}

enum nonos_error identity_check(const struct identity *identity)
{
    size_t name_len = text_find(identity->name, sizeof(identity->name), 0);
    if (!text_is_name(identity->name, name_len, IDENTITY_NAME_MAX_LEN))
        return NONOS_E_IDENTITY_SYNTAX;
    if (identity->roles == 0 || (identity->roles & ~IDENTITY_ALL_ROLES) != 0)
        return NONOS_E_IDENTITY_SYNTAX;
    if (identity->profile != NONOS_PROFILE_DEV && identity->profile != NONOS_PROFILE_RELEASE)
        return NONOS_E_IDENTITY_SYNTAX;

    uint8_t id[NONOS_IDENTITY_ID_LEN];
    identity_compute_id(identity->ed25519, identity->mldsa65, id);
    if (!bytes_equal(id, identity->id, sizeof(id)))
        return NONOS_E_IDENTITY_ID;

    /* Every other string of 1952 bytes is a public key (FIPS 204 §7.2, pkDecode). */
    if (bytes_are_zero(identity->mldsa65, sizeof(identity->mldsa65)))
        return NONOS_E_IDENTITY_KEY;
    return ed25519_check_public_key(identity->ed25519);
}

static void append_key(struct text_writer *writer, const char *key, const uint8_t *bytes,
                       size_t len)
{
    text_append(writer, key);
    text_append_hex(writer, bytes, len);
    text_append(writer, "\n");
}

void identity_append_roles(struct text_writer *writer, uint32_t roles)
{
    const char *before = "";
    for (size_t i = 0; i < ROLE_COUNT; i++) {
        if ((roles & role_names[i].role) == 0)
            continue;
        text_append(writer, before);
        text_append(writer, role_names[i].name);
        before = ",";
    }
}

const char *identity_profile_name(uint32_t profile)
{
    return profile == NONOS_PROFILE_RELEASE ? "release" : "dev";
}

enum nonos_error identity_format(const struct identity *identity, char *text, size_t text_size,
                                 size_t *text_len)
{
    *text_len = 0;
    if (text_size == 0)
        return NONOS_E_SIZE;
    struct text_writer writer = {.text = text, .size = text_size - 1, .fits = true};
    text_append(&writer, IDENTITY_FIRST_LINE "\nname=");
    text_append(&writer, identity->name);
    text_append(&writer, "\nroles=");
    identity_append_roles(&writer, identity->roles);
    text_append(&writer, "\nprofile=");
    text_append(&writer, identity_profile_name(identity->profile));
    text_append(&writer, "\n");
    append_key(&writer, "id=", identity->id, sizeof(identity->id));
    append_key(&writer, "ed25519=", identity->ed25519, sizeof(identity->ed25519));
    append_key(&writer, "mldsa65=", identity->mldsa65, sizeof(identity->mldsa65));
    if (!writer.fits) {
        text[0] = 0;
        return NONOS_E_SIZE;
    }
    text[writer.len] = 0;
    *text_len = writer.len;
    return NONOS_OK;
}

/* Takes one "key=value" line off the text: false unless it is there and ends in LF. */
static bool take_line(const char **text, size_t *len, const char *key, const char **value,
                      size_t *value_len)
{
    size_t line_len = text_find(*text, *len, '\n');
    if (line_len == *len || !text_starts(*text, line_len, key))
        return false;
    *value = *text + strlen(key);
    *value_len = line_len - strlen(key);
    *text += line_len + 1;
    *len -= line_len + 1;
    return true;
}

/* Roles stand in one order, each at most once, so that an identity has one text. */
static bool read_roles(const char *value, size_t len, uint32_t *roles)
{
    *roles = 0;
    for (size_t i = 0; i < ROLE_COUNT; i++) {
        if (!text_starts(value, len, role_names[i].name))
            continue;
        *roles |= role_names[i].role;
        size_t name_len = strlen(role_names[i].name);
        if (len == name_len)
            return true;
        if (value[name_len] != ',')
            return false;
        value += name_len + 1;
        len -= name_len + 1;
    }
    return false;
}

static bool read_fields(const char *text, size_t len, struct identity *out)
{
    const char *value = nullptr;
    size_t value_len = 0;
    if (!take_line(&text, &len, IDENTITY_FIRST_LINE, &value, &value_len) || value_len != 0)
        return false;
    if (!take_line(&text, &len, "name=", &value, &value_len) ||
        !text_is_name(value, value_len, IDENTITY_NAME_MAX_LEN))
        return false;
    memcpy(out->name, value, value_len);
    if (!take_line(&text, &len, "roles=", &value, &value_len) ||
        !read_roles(value, value_len, &out->roles))
        return false;
    if (!take_line(&text, &len, "profile=", &value, &value_len))
        return false;
    if (text_is(value, value_len, "dev"))
        out->profile = NONOS_PROFILE_DEV;
    else if (text_is(value, value_len, "release"))
        out->profile = NONOS_PROFILE_RELEASE;
    else
        return false;
    if (!take_line(&text, &len, "id=", &value, &value_len) ||
        !text_read_hex(value, value_len, out->id, sizeof(out->id)))
        return false;
    if (!take_line(&text, &len, "ed25519=", &value, &value_len) ||
        !text_read_hex(value, value_len, out->ed25519, sizeof(out->ed25519)))
        return false;
    if (!take_line(&text, &len, "mldsa65=", &value, &value_len) ||
        !text_read_hex(value, value_len, out->mldsa65, sizeof(out->mldsa65)))
        return false;
    return len == 0;
}

enum nonos_error identity_parse(const char *text, size_t len, struct identity *out)
{
    memset(out, 0, sizeof(*out));
    enum nonos_error error =
        read_fields(text, len, out) ? identity_check(out) : NONOS_E_IDENTITY_SYNTAX;
    if (error != NONOS_OK)
        memset(out, 0, sizeof(*out));
    return error;
}

enum nonos_error identity_check_set(const struct identity *identities, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < i; j++) {
            const struct identity *a = &identities[i];
            const struct identity *b = &identities[j];
            if (bytes_equal(a->id, b->id, sizeof(a->id)) ||
                bytes_equal(a->ed25519, b->ed25519, sizeof(a->ed25519)) ||
                bytes_equal(a->mldsa65, b->mldsa65, sizeof(a->mldsa65)))
                return NONOS_E_IDENTITY_DUPLICATE;
        }
    }
    return NONOS_OK;
}
