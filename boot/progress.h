/*
 * progress.h - what the loader shows: lines on the first serial port, and the boot screen
 * (display/boot_screen.h), or the same lines where there is no picture to draw in.
 *
 * Formats are those of boot/render.h; at most 320 characters.
 */
#ifndef NONOS_BOOT_PROGRESS_H
#define NONOS_BOOT_PROGRESS_H

#include "display/boot_screen.h"

/* Sets up port and screen. After firmware_init; before it, nothing is shown. */
void progress_init(void);

/* The line "NONOS: <text>"; not on the boot screen. */
void progress_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Step 1 to 10 is done: the line "NONOS: <step>/10 <its name>: <text>", without the colon when
 * there is no text, and its mark on the boot screen. */
void progress_step(uint32_t step, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* For the boot screen alone. */
void progress_fact(enum boot_screen_fact fact, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void progress_result(enum boot_screen_result result, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
