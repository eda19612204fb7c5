/*
 * text.h - the pieces of text that manifests and identities are made of.
 *
 * A piece points into somebody else's bytes and has no NUL. One spelling is accepted for each
 * value: hexadecimal digits are lower case, numbers have no sign and no leading zero.
 */
#ifndef NONOS_IMAGE_TEXT_H
#define NONOS_IMAGE_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* Whether the piece is exactly this NUL-terminated word. */
[[nodiscard]] bool text_is(const char *bytes, size_t len, const char *word);

/* Whether the piece starts with this NUL-terminated word. */
[[nodiscard]] bool text_starts(const char *bytes, size_t len, const char *word);

/* The word at an index, below their number, of a list: words with a NUL at the end of each, one
 * behind the other. Such a list takes no pointers, eight bytes for each word. */
[[nodiscard]] const char *text_word(const char *list, size_t index);

/* Index of the first such byte, or len when there is none. */
[[nodiscard]] size_t text_find(const char *bytes, size_t len, char byte);

/* Whether the piece is 2 * out_len lower-case hexadecimal digits; out may be null, and is zero on
 * failure. Time depends on the digits: not for secrets. */
[[nodiscard]] bool text_read_hex(const char *bytes, size_t len, uint8_t *out, size_t out_len);

/* Writes 2 * len digits, no NUL. */
void text_write_hex(const uint8_t *bytes, size_t len, char *out);

/* Text that is written piece by piece into size bytes of the caller's. Once a piece did not fit,
 * nothing more is written and fits stays false. No NUL. */
struct text_writer {
    char *text;
    size_t size;
    size_t len;
    bool fits; /* the caller sets it when it begins */
};

void text_append(struct text_writer *writer, const char *word);
void text_append_hex(struct text_writer *writer, const uint8_t *bytes, size_t len);
void text_append_number(struct text_writer *writer, uint64_t number);

/* Whether the piece is a decimal number of at most max; *out is 0 on failure. */
[[nodiscard]] bool text_read_number(const char *bytes, size_t len, uint64_t max, uint64_t *out);

/* Whether the piece is [a-z][a-z0-9-]* of at most max_len bytes. */
[[nodiscard]] bool text_is_name(const char *bytes, size_t len, size_t max_len);

#endif
