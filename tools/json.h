/*
 * json.h - writes JSON (RFC 8259), indented, ASCII only.
 *
 * Inside an object every call takes a key; inside an array, and for the outermost value, null. A
 * member of struct json_output is set once, the stream; the rest starts as zero. Errors are those
 * of the stream (ferror).
 */
#ifndef NONOS_TOOLS_JSON_H
#define NONOS_TOOLS_JSON_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct json_output {
    FILE *stream;
    unsigned depth;
    bool started; /* something stands before in this object or array */
};

void json_begin_object(struct json_output *json, const char *key);
void json_end_object(struct json_output *json);
void json_begin_array(struct json_output *json, const char *key);
void json_end_array(struct json_output *json);

/* len bytes of UTF-8; what is not UTF-8 becomes U+FFFD. */
void json_put_text(struct json_output *json, const char *key, const char *text, size_t len);
void json_put_string(struct json_output *json, const char *key, const char *text);
void json_put_number(struct json_output *json, const char *key, uint64_t number);
/* As a string: "0x100000". Many readers lose digits of large numbers. */
void json_put_address(struct json_output *json, const char *key, uint64_t address);
void json_put_hex(struct json_output *json, const char *key, const uint8_t *bytes, size_t len);
void json_put_bool(struct json_output *json, const char *key, bool value);
void json_put_null(struct json_output *json, const char *key);

#endif
