#include "tools/pkcs11_uri.h"

#include "crypto/bytes.h"
#include "image/text.h"

#include <limits.h>
#include <string.h>

/* One attribute's value as it stands in the URI, and decoded: NUL-terminated, for it is text too.
 */
struct value {
    uint8_t bytes[PKCS11_PATH_MAX_LEN + 1];
    size_t len;
};

/* RFC 7512 §2.3: what may stand for itself; pk11-pchar, and of pk11-qchar what is more. */
#define UNRESERVED "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:[]@!$'()*+,="
#define PATH_CHARACTERS UNRESERVED "&"
#define QUERY_CHARACTERS UNRESERVED "/?|"

bool pkcs11_uri_is(const char *text)
{
    return strncmp(text, PKCS11_URI_SCHEME, strlen(PKCS11_URI_SCHEME)) == 0;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static const char *decode(const char *text, size_t len, const char *allowed, struct value *out)
{
    *out = (struct value){.len = 0};
    for (size_t i = 0; i < len; i++) {
        if (out->len == PKCS11_PATH_MAX_LEN)
            return "a value is too long";
        if (text[i] != '%') {
            if (strchr(allowed, text[i]) == nullptr)
                return "a character that has to be written as % and two hexadecimal digits";
            out->bytes[out->len++] = (uint8_t)text[i];
            continue;
        }
        int high = len - i > 2 ? hex_digit(text[i + 1]) : -1;
        int low = len - i > 2 ? hex_digit(text[i + 2]) : -1;
        if (high < 0 || low < 0)
            return "% is followed by two hexadecimal digits";
        out->bytes[out->len++] = (uint8_t)(16 * high + low);
        i += 2;
    }
    return out->len > 0 ? nullptr : "a value is empty";
}

static const char *take_text(const struct value *value, char *out, size_t max_len)
{
    if (memchr(value->bytes, 0, value->len) != nullptr)
        return "only an id may have a byte that is 0";
    if (value->len > max_len)
        return "a value is longer than a token can have it";
    memcpy(out, value->bytes, value->len + 1);
    return nullptr;
}

static const char *take_token(const struct value *value, struct pkcs11_uri *out)
{
    return take_text(value, out->token, PKCS11_LABEL_MAX_LEN);
}

static const char *take_manufacturer(const struct value *value, struct pkcs11_uri *out)
{
    return take_text(value, out->manufacturer, PKCS11_LABEL_MAX_LEN);
}

static const char *take_model(const struct value *value, struct pkcs11_uri *out)
{
    return take_text(value, out->model, PKCS11_SHORT_MAX_LEN);
}

static const char *take_serial(const struct value *value, struct pkcs11_uri *out)
{
    return take_text(value, out->serial, PKCS11_SHORT_MAX_LEN);
}

static const char *take_object(const struct value *value, struct pkcs11_uri *out)
{
    return take_text(value, out->object, PKCS11_OBJECT_MAX_LEN);
}

static const char *take_id(const struct value *value, struct pkcs11_uri *out)
{
    if (value->len > PKCS11_ID_MAX_LEN)
        return "a value is longer than a token can have it";
    memcpy(out->id, value->bytes, value->len);
    out->id_len = value->len;
    return nullptr;
}

static const char *take_slot_id(const struct value *value, struct pkcs11_uri *out)
{
    uint64_t number = 0;
    if (!text_read_number((const char *)value->bytes, value->len, ULONG_MAX, &number))
        return "slot-id is a decimal number";
    out->slot_id = (unsigned long)number;
    out->has_slot_id = true;
    return nullptr;
}

static const char *take_type(const struct value *value, struct pkcs11_uri *out)
{
    (void)out;
    return text_is((const char *)value->bytes, value->len, "private")
               ? nullptr
               : "a signing key has type=private, or no type";
}

static const char *take_module_path(const struct value *value, struct pkcs11_uri *out)
{
    return take_text(value, out->module_path, PKCS11_PATH_MAX_LEN);
}

static const char *take_module_name(const struct value *value, struct pkcs11_uri *out)
{
    (void)value;
    (void)out;
    return "module-name is not taken: give the module's file with module-path";
}

/* RFC 7512 §2.4 leaves the form open: a path, or a file: URI without a host. */
static const char *take_pin_source(const struct value *value, struct pkcs11_uri *out)
{
    struct value path = *value;
    if (path.bytes[0] == '|')
        return "pin-source is a file; a command is not run";
    if (path.len >= 5 && memcmp(path.bytes, "file:", 5) == 0) {
        size_t skipped = path.len >= 7 && memcmp(path.bytes + 5, "//", 2) == 0 ? 7 : 5;
        path.len -= skipped;
        memmove(path.bytes, path.bytes + skipped, path.len + 1);
        if (path.bytes[0] != '/')
            return "pin-source=file: is followed by a path that starts with /";
    }
    return take_text(&path, out->pin_source, PKCS11_PATH_MAX_LEN);
}

static const char *take_pin_value(const struct value *value, struct pkcs11_uri *out)
{
    (void)value;
    (void)out;
    return "pin-value would show the PIN to everybody who sees the URI: change that PIN, and use "
           "pin-source, NONOS_PIN or the prompt";
}

struct attribute {
    const char *name;
    const char *(*take)(const struct value *value, struct pkcs11_uri *out);
};

static const struct attribute path_attributes[] = {
    {"token", take_token},     {"manufacturer", take_manufacturer},
    {"model", take_model},     {"serial", take_serial},
    {"slot-id", take_slot_id}, {"object", take_object},
    {"id", take_id},           {"type", take_type},
};
static const struct attribute query_attributes[] = {
    {"module-path", take_module_path},
    {"module-name", take_module_name},
    {"pin-source", take_pin_source},
    {"pin-value", take_pin_value},
};
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct part {
    const struct attribute *attributes;
    size_t count;
    char separator;
    const char *characters;
    const char *unknown;
};

static const struct part path_part = {
    .attributes = path_attributes,
    .count = COUNT(path_attributes),
    .separator = ';',
    .characters = PATH_CHARACTERS,
    .unknown = "before the ? it takes token, manufacturer, model, serial, slot-id, object, id and "
               "type, each as name=value, with ; between them",
};
static const struct part query_part = {
    .attributes = query_attributes,
    .count = COUNT(query_attributes),
    .separator = '&',
    .characters = QUERY_CHARACTERS,
    .unknown = "after the ? it takes module-path and pin-source, each as name=value, with & "
               "between them",
};

static const char *read_attribute(const struct part *part, const char *text, size_t len,
                                  unsigned *seen, struct pkcs11_uri *out)
{
    struct value value;
    const char *equals = memchr(text, '=', len);
    size_t name_len = equals == nullptr ? len : (size_t)(equals - text);
    for (size_t i = 0; equals != nullptr && i < part->count; i++) {
        if (!text_is(text, name_len, part->attributes[i].name))
            continue;
        if ((*seen & 1u << i) != 0)
            return "an attribute stands twice";
        *seen |= 1u << i;
        const char *why = decode(equals + 1, len - name_len - 1, part->characters, &value);
        /* Of a PIN nothing is looked at, right or wrong. */
        if (why == nullptr || part->attributes[i].take == take_pin_value)
            why = part->attributes[i].take(&value, out);
        bytes_wipe(&value, sizeof(value));
        return why; // cppcheck-suppress returnDanglingLifetime ; a literal, never of value
    }
    return part->unknown;
}

static const char *read_part(const struct part *part, const char *text, size_t len,
                             struct pkcs11_uri *out)
{
    unsigned seen = 0;
    for (;;) {
        const char *end = memchr(text, part->separator, len);
        size_t attribute_len = end == nullptr ? len : (size_t)(end - text);
        const char *why = read_attribute(part, text, attribute_len, &seen, out);
        if (why != nullptr || end == nullptr)
            return why;
        text = end + 1;
        len -= attribute_len + 1;
    }
}

enum nonos_error pkcs11_uri_parse(const char *text, struct pkcs11_uri *out, const char **why)
{
    *out = (struct pkcs11_uri){.has_slot_id = false};
    *why = nullptr;
    if (!pkcs11_uri_is(text)) {
        *why = "it starts with " PKCS11_URI_SCHEME;
        return NONOS_E_PKCS11_URI;
    }
    text += strlen(PKCS11_URI_SCHEME);
    size_t path_len = strcspn(text, "?");
    /* Both parts may be missing in RFC 7512; a key that is not described at all is a slip. */
    *why = read_part(&path_part, text, path_len, out);
    if (*why == nullptr && text[path_len] != 0)
        *why = read_part(&query_part, text + path_len + 1, strlen(text + path_len + 1), out);
    if (*why == nullptr)
        return NONOS_OK;
    *out = (struct pkcs11_uri){.has_slot_id = false};
    return NONOS_E_PKCS11_URI;
}
