/*
 * handoff.h - fills in what the kernel is told (abi/handoff.h).
 */
#ifndef NONOS_BOOT_HANDOFF_H
#define NONOS_BOOT_HANDOFF_H

#include "boot/boot.h"

/* Everything but the memory map's length and the last time stamp, which only step 10 knows. */
void handoff_fill(struct nonos_handoff *handoff, const struct boot *boot);

#endif
