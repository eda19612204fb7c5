/*
 * memory_map.h - from the firmware's memory map to the kernel's. No hardware: tested on the host.
 *
 * The result is sorted, disjoint and merged (abi/handoff.h). Where firmware lists a page twice, the
 * stricter type holds: enum nonos_memory_type ascends from usable to bad.
 */
#ifndef NONOS_BOOT_MEMORY_MAP_H
#define NONOS_BOOT_MEMORY_MAP_H

#include "abi/error.h"
#include "abi/handoff.h"

#include <stddef.h>
#include <stdint.h>

#define MEMORY_MAP_PAGE_LEN 4096u

struct memory_map {
    struct nonos_memory_region *regions; /* the caller's */
    size_t capacity;                     /* regions there is room for */
    size_t count;
};

/* How many regions a map of so many descriptors, with painted ranges, can pass through. */
static inline size_t memory_map_capacity(size_t descriptor_count, size_t painted_count)
{
    return 2 * (descriptor_count + painted_count) + 2;
}

/* Reads descriptors (UEFI 2.10 §7.2.3) of descriptor_len bytes each into an empty map, as the
 * memory will be once boot services have been left. NONOS_E_HANDOFF_MEMORY_MAP: a descriptor is
 * not aligned or ends above 2^52, the descriptors do not divide len, or there is no memory at all;
 * NONOS_E_SIZE: more regions than there is room for. The map is empty on failure. */
[[nodiscard]] enum nonos_error memory_map_read(struct memory_map *map, const void *descriptors,
                                               size_t len, size_t descriptor_len);

/* Makes a range have this type, whatever it had. Errors as above; the map is empty on failure. */
[[nodiscard]] enum nonos_error memory_map_paint(struct memory_map *map, uint64_t paddr,
                                                uint64_t page_count, enum nonos_memory_type type);

/* Whether it is memory at all, as opposed to a hole, devices or what firmware forbids. Such memory
 * is in the direct map. */
[[nodiscard]] bool memory_map_is_ram(enum nonos_memory_type type);

/* The lowest free range of wanted_len bytes in the firmware's map (free now, before boot services
 * are left), aligned to alignment (a power of two), not at 0. 0 when there is none. */
[[nodiscard]] uint64_t memory_map_find_free(const void *descriptors, size_t len,
                                            size_t descriptor_len, uint64_t wanted_len,
                                            uint64_t alignment);

#endif
