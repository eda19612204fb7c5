#include "kernel/format.h"

#include <limits.h>
#include <stdint.h>

enum length {
    LENGTH_INT,
    LENGTH_LONG,
    LENGTH_LONG_LONG,
    LENGTH_SIZE,
};

struct directive {
    bool left;
    bool zero;
    unsigned width;
    unsigned precision; /* UINT_MAX: none */
    enum length length;
};

struct output {
    format_sink *sink;
    void *context;
};

/* A width from the caller's arguments could be anything; no column is wider than this. */
#define MAX_WIDTH 256u

static void put(const struct output *out, const char *text, size_t len)
{
    if (len > 0)
        out->sink(out->context, text, len);
}

static void put_fill(const struct output *out, char fill, size_t count)
{
    while (count-- > 0)
        put(out, &fill, 1);
}

/* sign: what stands before the zeros ("-", "0x" or ""). */
static void put_field(const struct output *out, const struct directive *d, const char *sign,
                      size_t sign_len, const char *text, size_t len)
{
    size_t fill = d->width > sign_len + len ? d->width - sign_len - len : 0;

    if (!d->left && !d->zero)
        put_fill(out, ' ', fill);
    put(out, sign, sign_len);
    if (!d->left && d->zero)
        put_fill(out, '0', fill);
    put(out, text, len);
    if (d->left)
        put_fill(out, ' ', fill);
}

static void put_number(const struct output *out, const struct directive *d, bool negative,
                       uint64_t value, unsigned base)
{
    char digits[20];
    size_t at = sizeof digits;

    do {
        digits[--at] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value > 0);
    put_field(out, d, "-", negative, digits + at, sizeof digits - at);
}

static void put_pointer(const struct output *out, struct directive *d, uint64_t value)
{
    char digits[16];

    for (size_t i = 0; i < sizeof digits; i++)
        digits[i] = "0123456789abcdef"[value >> (60 - 4 * i) & 15];
    d->zero = false;
    put_field(out, d, "0x", 2, digits, sizeof digits);
}

static void put_text(const struct output *out, struct directive *d, const char *text)
{
    size_t len = 0;

    if (text == nullptr)
        text = "(null)";
    while (len < d->precision && text[len] != '\0')
        len++;
    d->zero = false;
    put_field(out, d, "", 0, text, len);
}

static const char *parse_number(const char *at, va_list *arguments, unsigned *number)
{
    unsigned value = 0;

    if (*at == '*') {
        int given = va_arg(*arguments, int);

        *number = given < 0 ? 0 : (unsigned)given;
        return at + 1;
    }
    for (; *at >= '0' && *at <= '9'; at++) {
        if (value <= MAX_WIDTH)
            value = value * 10 + (unsigned)(*at - '0');
    }
    *number = value;
    return at;
}

/* Reads flags, width, precision and length after the '%'; returns where the letter is. */
static const char *parse_directive(const char *at, va_list *arguments, struct directive *d)
{
    *d = (struct directive){.precision = UINT_MAX};
    for (; *at == '-' || *at == '0'; at++) {
        if (*at == '-')
            d->left = true;
        else
            d->zero = true;
    }
    at = parse_number(at, arguments, &d->width);
    if (d->width > MAX_WIDTH)
        d->width = MAX_WIDTH;
    if (*at == '.')
        at = parse_number(at + 1, arguments, &d->precision);
    if (*at == 'z') {
        d->length = LENGTH_SIZE;
        at++;
    }
    for (; *at == 'l' && d->length < LENGTH_LONG_LONG; at++)
        d->length++;
    return at;
}

static uint64_t take_unsigned(enum length length, va_list *arguments)
{
    switch (length) {
    case LENGTH_INT:
        return va_arg(*arguments, unsigned);
    case LENGTH_LONG:
        return va_arg(*arguments, unsigned long);
    case LENGTH_LONG_LONG:
        return va_arg(*arguments, unsigned long long);
    case LENGTH_SIZE:
        return va_arg(*arguments, size_t);
    }
    return 0;
}

static int64_t take_signed(enum length length, va_list *arguments)
{
    switch (length) {
    case LENGTH_INT:
        return va_arg(*arguments, int);
    case LENGTH_LONG:
        return va_arg(*arguments, long);
    case LENGTH_LONG_LONG:
        return va_arg(*arguments, long long);
    case LENGTH_SIZE:
        return (int64_t)va_arg(*arguments, size_t);
    }
    return 0;
}

/* Prints what the letter at *at asks for; false when it is not one of ours. */
static bool put_directive(const struct output *out, struct directive *d, char letter,
                          va_list *arguments)
{
    int64_t number;
    char character;

    switch (letter) {
    case '%':
        put(out, "%", 1);
        return true;
    case 'c':
        character = (char)va_arg(*arguments, int);
        d->zero = false;
        put_field(out, d, "", 0, &character, 1);
        return true;
    case 's':
        put_text(out, d, va_arg(*arguments, const char *));
        return true;
    case 'd':
        number = take_signed(d->length, arguments);
        put_number(out, d, number < 0, number < 0 ? -(uint64_t)number : (uint64_t)number, 10);
        return true;
    case 'u':
        put_number(out, d, false, take_unsigned(d->length, arguments), 10);
        return true;
    case 'x':
        put_number(out, d, false, take_unsigned(d->length, arguments), 16);
        return true;
    case 'p':
        put_pointer(out, d, (uintptr_t)va_arg(*arguments, void *));
        return true;
    default:
        return false;
    }
}

void format_to_sink(format_sink *sink, void *context, const char *format, va_list arguments)
{
    struct output out = {sink, context};
    struct directive d;
    const char *plain;
    const char *percent;
    va_list rest;

    /* A va_list may be an array type: only a local copy can be handed down by address. */
    va_copy(rest, arguments);
    while (*format != '\0') {
        for (plain = format; *format != '\0' && *format != '%'; format++)
            ;
        put(&out, plain, (size_t)(format - plain));
        if (*format == '\0')
            break;
        percent = format;
        format = parse_directive(format + 1, &rest, &d);
        if (*format != '\0' && put_directive(&out, &d, *format, &rest)) {
            format++;
            continue;
        }
        if (*format != '\0')
            format++;
        put(&out, percent, (size_t)(format - percent));
    }
    va_end(rest);
}

struct buffer {
    char *out;
    size_t size;
    size_t len;
};

static void buffer_sink(void *context, const char *text, size_t len)
{
    struct buffer *buffer = context;

    for (size_t i = 0; i < len; i++, buffer->len++) {
        if (buffer->len + 1 < buffer->size)
            buffer->out[buffer->len] = text[i];
    }
}

size_t format_text_list(char *out, size_t size, const char *format, va_list arguments)
{
    struct buffer buffer = {out, size, 0};

    format_to_sink(buffer_sink, &buffer, format, arguments);
    if (size > 0)
        out[buffer.len < size ? buffer.len : size - 1] = '\0';
    return buffer.len;
}

size_t format_text(char *out, size_t size, const char *format, ...)
{
    va_list arguments;
    size_t len;

    va_start(arguments, format);
    len = format_text_list(out, size, format, arguments);
    va_end(arguments);
    return len;
}
