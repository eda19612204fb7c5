/*
 * screen.h - the firmware's text consoles (EFI_SIMPLE_TEXT_OUTPUT_PROTOCOL), but for the one on the
 * first serial port, and the one whose screen we draw on.
 *
 * ConOut usually is the firmware's splitter, which also writes to the first serial port, which
 * boot/com1.h drives: each line would come twice. So the devices behind the splitter are written
 * to one by one, and those whose device path leads to that port are left out.
 */
#ifndef NONOS_BOOT_SCREEN_H
#define NONOS_BOOT_SCREEN_H

#include "abi/handoff.h"

#include <stddef.h>

/* Finds the consoles; drawn: the framebuffer whose screen is left out, or null. After
 * firmware_init; before it, or where there are none, nothing is shown. */
void screen_init(const struct nonos_framebuffer *drawn);

/* Text of printable ASCII, CR and LF. Does nothing once boot services have been left. */
void screen_write(const char *text, size_t len);

#endif
