#include "image/text.h"

#include <stdckdint.h>
#include <string.h>

bool text_is(const char *bytes, size_t len, const char *word)
{
    return len == strlen(word) && memcmp(bytes, word, len) == 0;
}

bool text_starts(const char *bytes, size_t len, const char *word)
{
    size_t word_len = strlen(word);
    return len >= word_len && memcmp(bytes, word, word_len) == 0;
}

const char *text_word(const char *list, size_t index)
{
    while (index-- > 0)
        list += strlen(list) + 1;
    return list;
}

size_t text_find(const char *bytes, size_t len, char byte)
{
    size_t i = 0;
    while (i < len && bytes[i] != byte)
        i++;
    return i;
}

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    return -1;
}

bool text_read_hex(const char *bytes, size_t len, uint8_t *out, size_t out_len)
{
    if (out != nullptr)
        memset(out, 0, out_len);
    if (len % 2 != 0 || len / 2 != out_len)
        return false;
    for (size_t i = 0; i < out_len; i++) {
        int high = hex_value(bytes[2 * i]);
        int low = hex_value(bytes[2 * i + 1]);
        if (high < 0 || low < 0) {
            if (out != nullptr)
                memset(out, 0, out_len);
            return false;
        }
        if (out != nullptr)
            out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

void text_write_hex(const uint8_t *bytes, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
}

static char *reserve(struct text_writer *writer, size_t len)
{
    if (!writer->fits || len > writer->size - writer->len) {
        writer->fits = false;
        return nullptr;
    }
    char *at = writer->text + writer->len;
    writer->len += len;
    return at;
}

void text_append(struct text_writer *writer, const char *word)
{
    size_t len = strlen(word);
    char *at = reserve(writer, len);
    if (at != nullptr)
        memcpy(at, word, len);
}

void text_append_hex(struct text_writer *writer, const uint8_t *bytes, size_t len)
{
    char *at = reserve(writer, 2 * len);
    if (at != nullptr)
        text_write_hex(bytes, len, at);
}

void text_append_number(struct text_writer *writer, uint64_t number)
{
    char digits[21] = "";
    size_t at = sizeof(digits) - 1;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    text_append(writer, digits + at);
}

bool text_read_number(const char *bytes, size_t len, uint64_t max, uint64_t *out)
{
    *out = 0;
    if (len == 0 || (bytes[0] == '0' && len > 1))
        return false;
    uint64_t value = 0;
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] < '0' || bytes[i] > '9')
            return false;
        if (ckd_mul(&value, value, 10u) || ckd_add(&value, value, (uint64_t)(bytes[i] - '0')))
            return false;
    }
    if (value > max)
        return false;
    *out = value;
    return true;
}

bool text_is_name(const char *bytes, size_t len, size_t max_len)
{
    if (len == 0 || len > max_len || bytes[0] < 'a' || bytes[0] > 'z')
        return false;
    for (size_t i = 1; i < len; i++) {
        char c = bytes[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-')
            return false;
    }
    return true;
}
