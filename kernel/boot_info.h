/*
 * boot_info.h - how this boot came about: the kernel's own, checked copy of the handoff.
 */
#ifndef NONOS_KERNEL_BOOT_INFO_H
#define NONOS_KERNEL_BOOT_INFO_H

#include "abi/handoff.h"

#include <stddef.h>
#include <stdint.h>

/* Which entry point ran. Decided by the code that was entered, never read from the handoff. */
enum boot_start {
    BOOT_START_LOADER = 1, /* kernel_main, called by a loader */
    BOOT_START_PVH = 2,    /* the PVH entry: nothing was verified */
};

struct boot_info {
    enum boot_start start;
    /* Valid as kernel/handoff_check.h says. The physical addresses in it other than of the image,
     * the framebuffer and firmware's tables are history: that memory has been reused. Its entropy
     * is there until the generator has taken and wiped it. */
    struct nonos_handoff handoff;
    const struct nonos_memory_region *memory_map; /* a copy; handoff.memory_map_count regions */
    const uint8_t *measurement_log; /* a copy; handoff.measurement_log_len bytes, or null */
    uint64_t entry_tsc;             /* when the kernel was entered */
};

/* Filled in by kernel/main.c before anything else starts. */
[[nodiscard]] struct boot_info *boot_info(void);

#endif
