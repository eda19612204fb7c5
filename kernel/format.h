/*
 * format.h - text with values in it: the part of printf that the kernel needs.
 *
 * Directives: %% %c %s %d %u %x %p, with the flags '-' (left-aligned) and '0' (zero-filled), a
 * width (number or *), a precision for %s (number or *: at most so many bytes are read), and the
 * lengths l, ll and z for %d %u %x. %p prints 0x and 16 digits. A null %s prints "(null)". A
 * directive that is not in this list is printed as it stands and takes no argument. No floating
 * point, no allocation, no state.
 */
#ifndef NONOS_KERNEL_FORMAT_H
#define NONOS_KERNEL_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

/* Takes the next len bytes of the text (len > 0, no NUL is added). */
typedef void format_sink(void *context, const char *text, size_t len);

[[gnu::format(printf, 3, 0)]] void format_to_sink(format_sink *sink, void *context,
                                                  const char *format, va_list arguments);

/* Writes as much as fits into out[0 .. size) with a NUL after it (size 0: nothing); returns the
 * length the whole text has, without the NUL: cut short when that is >= size. */
[[gnu::format(printf, 3, 4)]] size_t format_text(char *out, size_t size, const char *format, ...);
[[gnu::format(printf, 3, 0)]] size_t format_text_list(char *out, size_t size, const char *format,
                                                      va_list arguments);

#endif
