/*
 * progress.h - the loader's lines, on the first serial port and on the screen.
 */
#ifndef NONOS_BOOT_PROGRESS_H
#define NONOS_BOOT_PROGRESS_H

/* Sets up port and screen. After firmware_init; before it, lines go nowhere. */
void progress_init(void);

/* "NONOS: ", the formatted text (boot/render.h; at most 320 characters), CR and LF. */
void progress_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
