/*
 * render.h - formatting, as far as the loader's lines need it. No hardware: tested on the host.
 *
 * %s text (null prints as "-"), %.*s text of a length (int), %u uint32_t, %d int32_t,
 * %llu uint64_t, %llx uint64_t in hexadecimal, %%. A field may be zero-padded: %02u, %016llx.
 * %x is uint32_t in hexadecimal. Anything else prints as itself.
 */
#ifndef NONOS_BOOT_RENDER_H
#define NONOS_BOOT_RENDER_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* Writes at most size - 1 characters and a NUL (size > 0); returns how many characters it wrote.
 * What does not fit is cut off. */
size_t render_format(char *out, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
size_t render_list(char *out, size_t size, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

#endif
