/*
 * pvh_map.h - the memory map that a hypervisor gives, made into one as abi/handoff.h wants it.
 *
 * Source: Xen, public/arch-x86/hvm/start_info.h; ACPI 6.5 §15 (types of memory).
 */
#ifndef NONOS_KERNEL_PVH_MAP_H
#define NONOS_KERNEL_PVH_MAP_H

#include "abi/error.h"
#include "abi/handoff.h"

#include <stddef.h>
#include <stdint.h>

#define PVH_MAP_MAX_REGIONS 128u

/* struct hvm_memmap_table_entry. */
struct pvh_memory {
    uint64_t paddr;    /*  0 */
    uint64_t len;      /*  8: bytes */
    uint32_t type;     /* 16: as E820: 1 memory, 2 reserved, 3 ACPI, 4 NVS, 5 bad */
    uint32_t reserved; /* 20 */
};
static_assert(sizeof(struct pvh_memory) == 24);

/* Sorted, disjoint; adjacent regions have different types. */
struct pvh_map {
    struct nonos_memory_region regions[PVH_MAP_MAX_REGIONS];
    size_t count;
};

/* Turns entries (in any order, overlapping, unaligned) and the place of the image (page-aligned)
 * into a map. Memory is rounded inward to pages; everything else outward, and wins over memory; the
 * image lies in memory and gets the type KERNEL. NONOS_E_HANDOFF_MEMORY_MAP, and an empty map, when
 * there are too many ranges, one wraps around, or the image is not in memory. */
[[nodiscard]] enum nonos_error pvh_map_build(const struct pvh_memory *entries, size_t count,
                                             uint64_t image_paddr, uint64_t image_len,
                                             struct pvh_map *map);

#endif
