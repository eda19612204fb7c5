/*
 * handoff_check.h - is this handoff one that the kernel can believe and use?
 *
 * All of it is checked before any of it is used. It proves nothing about who filled it in
 * (abi/handoff.h); it keeps a broken loader from turning into a broken kernel.
 */
#ifndef NONOS_KERNEL_HANDOFF_CHECK_H
#define NONOS_KERNEL_HANDOFF_CHECK_H

#include "abi/error.h"
#include "abi/handoff.h"

#include <stdint.h>

/* What the kernel knows about itself, for comparison. */
struct handoff_image {
    uint64_t vaddr; /* linked address of the first segment */
    uint64_t len;   /* memory of all segments, whole pages */
};

/* Checks the handoff that lies at handoff_paddr, and its memory map (read through
 * direct_map_at), against abi/handoff.h and image:
 *
 *   magic, version, size, known flags, flags that contradict each other, reserved fields zero;
 *   memory map: 1 to NONOS_HANDOFF_MAX_REGIONS regions, aligned, sorted, disjoint, of known types,
 *   adjacent ones of different types;
 *   the image inside a region of type KERNEL; handoff, map and stack inside LOADER or KERNEL;
 *   image placement, length and MOVED; stack long enough; framebuffer complete, and not in memory
 *   that the kernel owns; addresses of tables possible; entropy sources known; an event log inside
 * LOADER or KERNEL, not longer than NONOS_HANDOFF_MAX_LOG_LEN, and none unless MEASURED.
 *
 * NONOS_E_HANDOFF_MAGIC, _VERSION, _MEMORY_MAP or _FIELD; *field is then the name of what is
 * wrong, else null. */
[[nodiscard]] enum nonos_error handoff_validate(const struct nonos_handoff *handoff,
                                                uint64_t handoff_paddr,
                                                const struct handoff_image *image,
                                                const char **field);

#endif
