/*
 * console.h - the text console: the first serial port.
 *
 * Output is polled and waits for the port, input does not wait. Usable from any context, a panic
 * included: no locks, no allocation. Before console_init, or without a port, output goes nowhere.
 */
#ifndef NONOS_KERNEL_CONSOLE_H
#define NONOS_KERNEL_CONSOLE_H

#include <stddef.h>

/* Finds and sets up the port. May be called again. */
void console_init(void);

/* Writes len bytes; each LF goes out as CR LF. */
void console_write(const char *text, size_t len);

/* As console_write, of formatted text (kernel/format.h). */
[[gnu::format(printf, 1, 2)]] void console_printf(const char *format, ...);

/* The next byte typed, 0 to 255, or -1 when there is none now. */
[[nodiscard]] int console_read_byte(void);

#endif
