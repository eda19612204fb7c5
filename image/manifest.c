#include "image/manifest.h"

#include "image/text.h"

#include <limits.h>
#include <string.h>

#define FIRST_LINE "NONOS-MANIFEST 1"
#define NAME_MAX_LEN 32u
#define VERSION_MAX_LEN 64u

static_assert(sizeof(uint64_t) == sizeof(unsigned long long));

/* One value each; false where it is not valid. */
typedef bool value_reader(struct manifest_text value, struct manifest *out);

static bool value_is(struct manifest_text value, const char *word)
{
    return text_is(value.bytes, value.len, word);
}

static bool read_type(struct manifest_text value, struct manifest *out)
{
    if (value_is(value, "kernel"))
        out->type = NONOS_IMAGE_KERNEL;
    else if (value_is(value, "capsule"))
        out->type = NONOS_IMAGE_CAPSULE;
    else if (value_is(value, "bundle"))
        out->type = NONOS_IMAGE_BUNDLE;
    else
        return false;
    return true;
}

static bool read_name(struct manifest_text value, struct manifest *out)
{
    out->name = value;
    return text_is_name(value.bytes, value.len, NAME_MAX_LEN);
}

static bool is_word(struct manifest_text value, const char *more)
{
    for (size_t i = 0; i < value.len; i++) {
        char c = value.bytes[i];
        bool alphanumeric =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!alphanumeric && text_find(more, strlen(more), c) == strlen(more))
            return false;
    }
    return true;
}

static bool read_version(struct manifest_text value, struct manifest *out)
{
    out->version = value;
    return value.len <= VERSION_MAX_LEN && is_word(value, ".+~-");
}

static bool read_security_version(struct manifest_text value, struct manifest *out)
{
    uint64_t number = 0;
    bool valid = text_read_number(value.bytes, value.len, UINT32_MAX, &number) && number > 0;
    out->security_version = (uint32_t)number;
    return valid;
}

static bool read_target(struct manifest_text value, struct manifest *out)
{
    out->target = value;
    return value.len <= NAME_MAX_LEN && is_word(value, "_-");
}

static bool read_profile(struct manifest_text value, struct manifest *out)
{
    if (value_is(value, "dev"))
        out->profile = NONOS_PROFILE_DEV;
    else if (value_is(value, "release"))
        out->profile = NONOS_PROFILE_RELEASE;
    else
        return false;
    return true;
}

static bool is_digest(struct manifest_text value)
{
    static const char prefix[] = "blake3:";
    size_t prefix_len = sizeof(prefix) - 1;
    return text_starts(value.bytes, value.len, prefix) &&
           text_read_hex(value.bytes + prefix_len, value.len - prefix_len, nullptr,
                         NONOS_DIGEST_LEN);
}

static bool read_source(struct manifest_text value, struct manifest *out)
{
    out->source = value;
    return is_digest(value);
}

static bool read_commit(struct manifest_text value, struct manifest *out)
{
    out->commit = value;
    return value_is(value, "none") || text_read_hex(value.bytes, value.len, nullptr, 20);
}

static bool read_dirty(struct manifest_text value, struct manifest *out)
{
    out->dirty = value_is(value, "yes");
    return out->dirty || value_is(value, "no");
}

static bool read_epoch(struct manifest_text value, struct manifest *out)
{
    return text_read_number(value.bytes, value.len, (uint64_t)LLONG_MAX, &out->epoch);
}

static bool read_compiler(struct manifest_text value, struct manifest *out)
{
    out->compiler = value;
    return true;
}

static bool read_pqc(struct manifest_text value, struct manifest *out)
{
    out->pqc = value;
    return true;
}

static bool read_bundle(struct manifest_text value, struct manifest *out)
{
    out->bundle = value;
    return value_is(value, "none") || is_digest(value);
}

static bool read_sbom(struct manifest_text value, struct manifest *out)
{
    out->sbom = value;
    return value_is(value, "none") || is_digest(value);
}

/* Every one of these stands once, in this order, before any other key. */
static const struct {
    const char *key;
    value_reader *read;
} mandatory[] = {
    {"type", read_type},         {"name", read_name},
    {"version", read_version},   {"security-version", read_security_version},
    {"target", read_target},     {"profile", read_profile},
    {"source", read_source},     {"commit", read_commit},
    {"dirty", read_dirty},       {"epoch", read_epoch},
    {"compiler", read_compiler}, {"pqc", read_pqc},
    {"bundle", read_bundle},     {"sbom", read_sbom},
};
#define MANDATORY_COUNT (sizeof(mandatory) / sizeof(mandatory[0]))

/* <capability>:<rights>, where rights are words separated by commas. */
static bool split_grant(struct manifest_text value, struct manifest_text *capability,
                        struct manifest_text *rights)
{
    size_t colon = text_find(value.bytes, value.len, ':');
    if (colon == value.len)
        return false;
    *capability = (struct manifest_text){value.bytes, colon};
    *rights = (struct manifest_text){value.bytes + colon + 1, value.len - colon - 1};
    if (!text_is_name(capability->bytes, capability->len, NAME_MAX_LEN))
        return false;
    struct manifest_text rest = *rights;
    for (;;) {
        size_t comma = text_find(rest.bytes, rest.len, ',');
        if (!text_is_name(rest.bytes, comma, NAME_MAX_LEN))
            return false;
        if (comma == rest.len)
            return true;
        rest.bytes += comma + 1;
        rest.len -= comma + 1;
    }
}

struct line {
    struct manifest_text all; /* without the LF */
    struct manifest_text key;
    struct manifest_text value;
};

/* The text ends in LF, so every line does. */
static struct manifest_text take_line(struct manifest_text *rest)
{
    struct manifest_text line = {rest->bytes, text_find(rest->bytes, rest->len, '\n')};
    rest->bytes += line.len + 1;
    rest->len -= line.len + 1;
    return line;
}

static enum nonos_error split_line(struct manifest_text all, struct line *out)
{
    size_t equals = text_find(all.bytes, all.len, '=');
    if (equals == all.len || equals == 0)
        return NONOS_E_MANIFEST_SYNTAX;
    out->all = all;
    out->key = (struct manifest_text){all.bytes, equals};
    out->value = (struct manifest_text){all.bytes + equals + 1, all.len - equals - 1};
    return NONOS_OK;
}

static bool texts_equal(struct manifest_text a, struct manifest_text b)
{
    return a.len == b.len && memcmp(a.bytes, b.bytes, a.len) == 0;
}

/* Whether the line, or the key of an x- line, stands earlier. At most 4096 bytes of text, so at
 * most a few hundred lines to compare with each other. */
static enum nonos_error check_repeated(const struct manifest *manifest, const struct line *line)
{
    struct manifest_text rest = manifest->all;
    rest.len = (size_t)(line->all.bytes - rest.bytes);
    bool repeated_key = false;
    while (rest.len > 0) {
        struct manifest_text earlier = take_line(&rest);
        if (texts_equal(earlier, line->all))
            return NONOS_E_MANIFEST_DUPLICATE;
        earlier.len = text_find(earlier.bytes, earlier.len, '=');
        repeated_key = repeated_key || texts_equal(earlier, line->key);
    }
    if (repeated_key && !texts_equal(line->key, (struct manifest_text){"grant", 5}))
        return NONOS_E_MANIFEST_KEY;
    return NONOS_OK;
}

/* What may follow the mandatory lines: grants, then x- lines. */
static enum nonos_error read_optional(const struct line *line, bool *extensions,
                                      struct manifest *out)
{
    if (text_is(line->key.bytes, line->key.len, "grant") && !*extensions) {
        struct manifest_text capability, rights;
        if (!split_grant(line->value, &capability, &rights))
            return NONOS_E_MANIFEST_VALUE;
        if (out->grants.len == 0)
            out->grants.bytes = line->all.bytes;
        out->grants.len += line->all.len + 1;
        return NONOS_OK;
    }
    if (text_starts(line->key.bytes, line->key.len, "x-") &&
        text_is_name(line->key.bytes, line->key.len, NAME_MAX_LEN) && line->key.len > 2) {
        *extensions = true;
        return NONOS_OK;
    }
    return NONOS_E_MANIFEST_KEY;
}

static enum nonos_error read_line(struct manifest_text text, size_t index, bool *extensions,
                                  struct manifest *out)
{
    struct line line;
    enum nonos_error error = split_line(text, &line);
    if (error == NONOS_OK)
        error = check_repeated(out, &line);
    if (error != NONOS_OK)
        return error;
    if (index < MANDATORY_COUNT && !value_is(line.key, mandatory[index].key))
        return NONOS_E_MANIFEST_KEY;
    if (line.value.len == 0)
        return NONOS_E_MANIFEST_VALUE;
    if (index >= MANDATORY_COUNT)
        return read_optional(&line, extensions, out);
    return mandatory[index].read(line.value, out) ? NONOS_OK : NONOS_E_MANIFEST_VALUE;
}

static enum nonos_error read_lines(struct manifest *out, unsigned *line_number)
{
    struct manifest_text rest = out->all;
    *line_number = 1;
    if (!value_is(take_line(&rest), FIRST_LINE))
        return NONOS_E_MANIFEST_HEADER;
    bool extensions = false;
    size_t count = 0;
    for (; rest.len > 0; count++) {
        ++*line_number;
        enum nonos_error error = read_line(take_line(&rest), count, &extensions, out);
        if (error != NONOS_OK)
            return error;
    }
    if (count < MANDATORY_COUNT) {
        ++*line_number;
        return NONOS_E_MANIFEST_KEY;
    }
    return NONOS_OK;
}

static enum nonos_error read_text(const uint8_t *bytes, size_t len, struct manifest *out,
                                  unsigned *line_number)
{
    if (len == 0 || len > NONOS_MANIFEST_MAX_LEN)
        return NONOS_E_MANIFEST_SIZE;
    if (len < 2 || bytes[len - 1] != 0 || bytes[len - 2] != '\n')
        return NONOS_E_MANIFEST_END;
    unsigned newlines = 0;
    for (size_t i = 0; i < len - 1; i++) {
        if (bytes[i] == '\n') {
            newlines++;
        } else if (bytes[i] < 0x20 || bytes[i] > 0x7E) {
            *line_number = newlines + 1;
            return NONOS_E_MANIFEST_CHARACTER;
        }
    }
    out->all = (struct manifest_text){(const char *)bytes, len - 1};
    return read_lines(out, line_number);
}

enum nonos_error manifest_parse(const uint8_t *bytes, size_t len, struct manifest *out,
                                unsigned *line)
{
    unsigned line_number = 0;
    memset(out, 0, sizeof(*out));
    enum nonos_error error = read_text(bytes, len, out, &line_number);
    if (error != NONOS_OK)
        memset(out, 0, sizeof(*out));
    if (line != nullptr)
        *line = error == NONOS_OK ? 0 : line_number;
    return error;
}

bool manifest_next_grant(struct manifest_text *rest, struct manifest_text *capability,
                         struct manifest_text *rights)
{
    *capability = *rights = (struct manifest_text){nullptr, 0};
    if (rest->len == 0)
        return false;
    struct line line;
    return split_line(take_line(rest), &line) == NONOS_OK &&
           split_grant(line.value, capability, rights);
}
