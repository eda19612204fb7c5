/*
 * console.h - the text console: the first serial port.
 *
 * Output is polled and waits for the port, input does not wait. Usable from any context, a panic
 * included, no allocation. Before console_init, or without a port, output goes nowhere.
 *
 * What one call writes of a line comes out in one piece, whatever other processors write: they wait
 * for it. They do so for a bounded time, and then write regardless; on its own processor nobody
 * waits: an interrupt or a panic writes into the line. Interrupts stay as they are, and should be
 * on where they may be; the thread is not switched away from meanwhile.
 */
#ifndef NONOS_KERNEL_CONSOLE_H
#define NONOS_KERNEL_CONSOLE_H

#include <stdarg.h>
#include <stddef.h>

/* Finds and sets up the port. May be called again. */
void console_init(void);

/* Writes len bytes; each LF goes out as CR LF. */
void console_write(const char *text, size_t len);

/* As console_write, of formatted text (kernel/format.h). */
[[gnu::format(printf, 1, 2)]] void console_printf(const char *format, ...);
[[gnu::format(printf, 1, 0)]] void console_print_list(const char *format, va_list arguments);

/* The next byte typed, 0 to 255, or -1 when there is none now. */
[[nodiscard]] int console_read_byte(void);

#endif
