/*
 * json.h - writes JSON (RFC 8259), indented, ASCII only.
 *
 * Inside an object every call takes a key; inside an array, and for the outermost value, null.
 */
#ifndef NONOS_TOOLS_JSON_H
#define NONOS_TOOLS_JSON_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct json {
    FILE *stream;
    unsigned depth;
    bool started; /* something stands before in this object or array */
};

void json_open_object(struct json *json, const char *key);
void json_close_object(struct json *json);
void json_open_array(struct json *json, const char *key);
void json_close_array(struct json *json);

/* len bytes of UTF-8; what is not UTF-8 becomes U+FFFD. */
void json_text(struct json *json, const char *key, const char *text, size_t len);
void json_string(struct json *json, const char *key, const char *text);
void json_number(struct json *json, const char *key, uint64_t number);
/* As a string: "0x100000". Many readers lose digits of large numbers. */
void json_address(struct json *json, const char *key, uint64_t address);
void json_hex(struct json *json, const char *key, const uint8_t *bytes, size_t len);
void json_bool(struct json *json, const char *key, bool value);
void json_null(struct json *json, const char *key);

#endif
