#include "tools/json.h"

#include <inttypes.h>
#include <string.h>

static void write_escaped(FILE *stream, const char *text, size_t len);

static void begin_value(struct json_output *json, const char *key)
{
    if (json->started)
        fputc(',', json->stream);
    if (json->depth > 0)
        fprintf(json->stream, "\n%*s", (int)(2 * json->depth), "");
    if (key != nullptr) {
        write_escaped(json->stream, key, strlen(key));
        fputs(": ", json->stream);
    }
    json->started = true;
}

static void open_with(struct json_output *json, const char *key, char bracket)
{
    begin_value(json, key);
    fputc(bracket, json->stream);
    json->depth++;
    json->started = false;
}

static void close_with(struct json_output *json, char bracket)
{
    json->depth--;
    if (json->started)
        fprintf(json->stream, "\n%*s", (int)(2 * json->depth), "");
    fputc(bracket, json->stream);
    json->started = true;
    if (json->depth == 0)
        fputc('\n', json->stream);
}

void json_begin_object(struct json_output *json, const char *key)
{
    open_with(json, key, '{');
}

void json_end_object(struct json_output *json)
{
    close_with(json, '}');
}

void json_begin_array(struct json_output *json, const char *key)
{
    open_with(json, key, '[');
}

void json_end_array(struct json_output *json)
{
    close_with(json, ']');
}

/* Length of the UTF-8 sequence (RFC 3629 §4) at text, and its code point; 0 where there is none. */
static size_t read_utf8(const uint8_t *text, size_t len, uint32_t *code_point)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t sequence_len = text[0] < 0x80             ? 1
                          : (text[0] & 0xE0) == 0xC0 ? 2
                          : (text[0] & 0xF0) == 0xE0 ? 3
                          : (text[0] & 0xF8) == 0xF0 ? 4
                                                     : 0;
    if (sequence_len == 0 || sequence_len > len)
        return 0;
    uint32_t value = sequence_len == 1 ? text[0] : text[0] & (0x7Fu >> sequence_len);
    for (size_t i = 1; i < sequence_len; i++) {
        if ((text[i] & 0xC0) != 0x80)
            return 0;
        value = value << 6 | (text[i] & 0x3Fu);
    }
    if (value < smallest[sequence_len] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
        return 0;
    *code_point = value;
    return sequence_len;
}

static void write_escaped(FILE *stream, const char *text, size_t len)
{
    fputc('"', stream);
    for (size_t i = 0; i < len;) {
        uint32_t c = 0;
        size_t sequence_len = read_utf8((const uint8_t *)text + i, len - i, &c);
        if (sequence_len == 0) {
            c = 0xFFFD;
            sequence_len = 1;
        }
        i += sequence_len;
        if (c == '"' || c == '\\')
            fprintf(stream, "\\%c", (char)c);
        else if (c == '\n')
            fputs("\\n", stream);
        else if (c >= 0x20 && c <= 0x7E)
            fputc((int)c, stream);
        else if (c <= 0xFFFF)
            fprintf(stream, "\\u%04" PRIx32, c);
        else
            fprintf(stream, "\\u%04" PRIx32 "\\u%04" PRIx32, 0xD7C0 + (c >> 10),
                    0xDC00 + (c & 0x3FF));
    }
    fputc('"', stream);
}

void json_put_text(struct json_output *json, const char *key, const char *text, size_t len)
{
    begin_value(json, key);
    write_escaped(json->stream, text, len);
}

void json_put_string(struct json_output *json, const char *key, const char *text)
{
    json_put_text(json, key, text, strlen(text));
}

void json_put_number(struct json_output *json, const char *key, uint64_t number)
{
    begin_value(json, key);
    fprintf(json->stream, "%" PRIu64, number);
}

void json_put_address(struct json_output *json, const char *key, uint64_t address)
{
    begin_value(json, key);
    fprintf(json->stream, "\"0x%" PRIx64 "\"", address);
}

void json_put_hex(struct json_output *json, const char *key, const uint8_t *bytes, size_t len)
{
    begin_value(json, key);
    fputc('"', json->stream);
    for (size_t i = 0; i < len; i++)
        fprintf(json->stream, "%02x", bytes[i]);
    fputc('"', json->stream);
}

void json_put_bool(struct json_output *json, const char *key, bool value)
{
    begin_value(json, key);
    fputs(value ? "true" : "false", json->stream);
}

void json_put_null(struct json_output *json, const char *key)
{
    begin_value(json, key);
    fputs("null", json->stream);
}
