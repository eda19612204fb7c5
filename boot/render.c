#include "boot/render.h"

struct output {
    char *text;
    size_t size;
    size_t len;
};

static void put(struct output *out, char c)
{
    if (out->len + 1 < out->size)
        out->text[out->len++] = c;
}

static void put_text(struct output *out, const char *text, size_t max_len)
{
    if (text == nullptr)
        text = "-";
    for (size_t i = 0; i < max_len && text[i] != '\0'; i++)
        put(out, text[i]);
}

static void put_number(struct output *out, uint64_t value, unsigned base, unsigned width)
{
    char digits[20]; /* 2^64 - 1 has 20 decimal digits */
    unsigned count = 0;
    do {
        digits[count++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    for (unsigned i = count; i < width; i++)
        put(out, '0');
    while (count > 0)
        put(out, digits[--count]);
}

static void put_signed(struct output *out, int32_t value, unsigned width)
{
    if (value < 0)
        put(out, '-');
    put_number(out, value < 0 ? (uint64_t)-(int64_t)value : (uint64_t)value, 10, width);
}

/* The arguments travel in a structure: a va_list parameter is an array on some ABIs. */
struct arguments {
    va_list list;
};

/* One conversion; format stands behind its '%'. Returns what follows it. */
static const char *put_field(struct output *out, const char *format, struct arguments *arguments)
{
    unsigned width = 0;
    while (*format >= '0' && *format <= '9' && width < 32)
        width = width * 10 + (unsigned)(*format++ - '0');
    size_t max_len = SIZE_MAX;
    if (format[0] == '.' && format[1] == '*') {
        int len = va_arg(arguments->list, int);
        max_len = len > 0 ? (size_t)len : 0;
        format += 2;
    }
    bool is_long = format[0] == 'l' && format[1] == 'l';
    if (is_long)
        format += 2;

    switch (*format) {
    case 's':
        put_text(out, va_arg(arguments->list, const char *), max_len);
        break;
    case 'd':
        put_signed(out, va_arg(arguments->list, int32_t), width);
        break;
    case 'u':
    case 'x':
        put_number(out,
                   is_long ? va_arg(arguments->list, uint64_t) : va_arg(arguments->list, uint32_t),
                   *format == 'x' ? 16 : 10, width);
        break;
    case '\0':
        return format;
    default:
        put(out, *format);
        break;
    }
    return format + 1;
}

size_t render_list(char *out_text, size_t size, const char *format, va_list arguments)
{
    struct output out = {.text = out_text, .size = size};
    struct arguments copy;
    va_copy(copy.list, arguments);
    while (*format != '\0') {
        char c = *format++;
        if (c == '%')
            format = put_field(&out, format, &copy);
        else
            put(&out, c);
    }
    va_end(copy.list);
    out_text[out.len] = '\0';
    return out.len;
}

size_t render_format(char *out, size_t size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    size_t len = render_list(out, size, format, arguments);
    va_end(arguments);
    return len;
}
