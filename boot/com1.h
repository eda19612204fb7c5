/*
 * com1.h - the first serial port (a 16550 at 0x3F8), 115200 8N1, driven directly so that it works
 * before, during and after boot services.
 */
#ifndef NONOS_BOOT_COM1_H
#define NONOS_BOOT_COM1_H

#include <stddef.h>

/* Sets the port up; without a port there, the two functions below do nothing. */
void com1_init(void);

/* A port that does not take a byte for a long time is given up: it never holds up the boot. */
void com1_write(const char *text, size_t len);

/* Whether a port answered. */
bool com1_is_present(void);

#endif
