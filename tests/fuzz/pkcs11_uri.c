/* A pkcs11: URI: what is taken, written anew from what was read, is read as the same. */
#include "tests/fuzz/fuzz.h"

#include "crypto/bytes.h"
#include "tools/pkcs11_uri.h"

#define WRITTEN_LEN 65536u

struct writer {
    char text[WRITTEN_LEN];
    size_t len;
    char separator; /* before the next one; 0: none */
};

static void put_byte(struct writer *writer, char c)
{
    fuzz_require(writer->len + 1 < WRITTEN_LEN);
    writer->text[writer->len++] = c;
    writer->text[writer->len] = 0;
}

/* Every byte escaped, which is always allowed. */
static void put_value(struct writer *writer, char next, const char *name, const void *bytes,
                      size_t len)
{
    static const char digits[] = "0123456789abcdef";
    if (len == 0)
        return;
    if (writer->separator != 0)
        put_byte(writer, writer->separator);
    for (; *name != 0; name++)
        put_byte(writer, *name);
    put_byte(writer, '=');
    for (size_t i = 0; i < len; i++) {
        uint8_t byte = ((const uint8_t *)bytes)[i];
        put_byte(writer, '%');
        put_byte(writer, digits[byte >> 4]);
        put_byte(writer, digits[byte & 15]);
    }
    writer->separator = next;
}

static void put_text(struct writer *writer, char next, const char *name, const char *text)
{
    put_value(writer, next, name, text, strlen(text));
}

static void write_uri(const struct pkcs11_uri *uri, bool with_type, struct writer *writer)
{
    char number[24];
    writer->len = 0;
    writer->separator = 0;
    for (const char *c = PKCS11_URI_SCHEME; *c != 0; c++)
        put_byte(writer, *c);
    snprintf(number, sizeof number, "%lu", uri->slot_id);
    put_text(writer, ';', "slot-id", uri->has_slot_id ? number : "");
    put_text(writer, ';', "type", with_type ? "private" : "");
    put_value(writer, ';', "id", uri->id, uri->id_len);
    put_text(writer, ';', "object", uri->object);
    put_text(writer, ';', "serial", uri->serial);
    put_text(writer, ';', "model", uri->model);
    put_text(writer, ';', "manufacturer", uri->manufacturer);
    put_text(writer, ';', "token", uri->token);
    writer->separator = '?';
    put_text(writer, '&', "pin-source", uri->pin_source);
    put_text(writer, '&', "module-path", uri->module_path);
}

static bool has_path_attribute(const struct pkcs11_uri *uri)
{
    return uri->has_slot_id || uri->id_len > 0 || uri->object[0] != 0 || uri->serial[0] != 0 ||
           uri->model[0] != 0 || uri->manufacturer[0] != 0 || uri->token[0] != 0;
}

static void check_same(const struct pkcs11_uri *a, const struct pkcs11_uri *b)
{
    fuzz_require(strcmp(a->token, b->token) == 0);
    fuzz_require(strcmp(a->manufacturer, b->manufacturer) == 0);
    fuzz_require(strcmp(a->model, b->model) == 0);
    fuzz_require(strcmp(a->serial, b->serial) == 0);
    fuzz_require(strcmp(a->object, b->object) == 0);
    fuzz_require(a->id_len == b->id_len && memcmp(a->id, b->id, a->id_len) == 0);
    fuzz_require(a->has_slot_id == b->has_slot_id && a->slot_id == b->slot_id);
    fuzz_require(strcmp(a->module_path, b->module_path) == 0);
    fuzz_require(strcmp(a->pin_source, b->pin_source) == 0);
}

static void check_taken(const char *text, const struct pkcs11_uri *uri)
{
    static struct writer writer;
    struct pkcs11_uri again;
    const char *why = nullptr;
    fuzz_require(pkcs11_uri_is(text));
    fuzz_require(uri->id_len <= sizeof uri->id);
    fuzz_require(strlen(uri->token) < sizeof uri->token);
    fuzz_require(strlen(uri->object) < sizeof uri->object);
    write_uri(uri, !has_path_attribute(uri), &writer);
    /* Without its scheme a path may look like another file: URI, or like a command. */
    if (strncmp(uri->pin_source, "file:", 5) == 0 || uri->pin_source[0] == '|')
        return;
    fuzz_require(pkcs11_uri_parse(writer.text, &again, &why) == NONOS_OK);
    check_same(uri, &again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct pkcs11_uri uri;
    const char *why = nullptr;
    char *text = fuzz_allocate(len + 1);
    if (len > 0)
        memcpy(text, bytes, len);
    memset(&uri, 0xEE, sizeof uri);
    enum nonos_error error = pkcs11_uri_parse(text, &uri, &why);
    if (error == NONOS_OK) {
        fuzz_require(why == nullptr);
        check_taken(text, &uri);
    } else {
        fuzz_require(error == NONOS_E_PKCS11_URI && why != nullptr && why[0] != 0);
        fuzz_require(bytes_are_zero((const uint8_t *)&uri, sizeof uri));
    }
    free(text);
    return 0;
}
