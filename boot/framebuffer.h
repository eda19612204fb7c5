/*
 * framebuffer.h - the screen as memory, for the kernel (UEFI 2.10 §12.9).
 */
#ifndef NONOS_BOOT_FRAMEBUFFER_H
#define NONOS_BOOT_FRAMEBUFFER_H

#include "abi/handoff.h"
#include "boot/uefi.h"

/* The mode that firmware has set, on the first screen whose pixels are in memory in one of the two
 * formats we know. False, and *out zero, when there is none. */
[[nodiscard]] bool framebuffer_find(struct nonos_framebuffer *out);

/* Whether the screen behind handle is the one whose pixels are there. */
[[nodiscard]] bool framebuffer_is_behind(efi_handle handle,
                                         const struct nonos_framebuffer *framebuffer);

#endif
