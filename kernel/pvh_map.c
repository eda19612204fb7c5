#include "kernel/pvh_map.h"

#include "kernel/mem/address.h"

#include <stdckdint.h>
#include <string.h>

#define E820_MEMORY 1u

static uint64_t region_end(const struct nonos_memory_region *region)
{
    return region->paddr + region->page_count * PAGE_LEN;
}

static enum nonos_memory_type type_of(uint32_t e820)
{
    switch (e820) {
    case E820_MEMORY:
        return NONOS_MEMORY_USABLE;
    case 3:
        return NONOS_MEMORY_ACPI_RECLAIM;
    case 4:
        return NONOS_MEMORY_ACPI_NVS;
    case 5:
        return NONOS_MEMORY_BAD;
    default:
        return NONOS_MEMORY_RESERVED;
    }
}

static bool append(struct pvh_map *map, uint64_t start, uint64_t end, uint32_t type)
{
    struct nonos_memory_region *last = map->count > 0 ? &map->regions[map->count - 1] : nullptr;
    uint64_t page_count = (end - start) / PAGE_LEN;

    if (start >= end)
        return true;
    if (last != nullptr && last->type == type && region_end(last) == start) {
        last->page_count += page_count;
        return true;
    }
    if (map->count == PVH_MAP_MAX_REGIONS)
        return false;
    map->regions[map->count++] =
        (struct nonos_memory_region){.paddr = start, .page_count = page_count, .type = type};
    return true;
}

/* Writes [start, end) over what the map has there: rebuilt in order, with the new range in its
 * place. False when it has no room. */
static bool overwrite(struct pvh_map *map, uint64_t start, uint64_t end, uint32_t type)
{
    static struct pvh_map old; /* too long for a stack; one caller, once */
    bool ok = true;
    bool placed = false;

    old = *map;
    map->count = 0;
    for (size_t i = 0; i < old.count; i++) {
        const struct nonos_memory_region *region = &old.regions[i];
        uint64_t region_start = region->paddr;

        ok = ok && append(map, region_start,
                          region_end(region) < start ? region_end(region) : start, region->type);
        if (!placed && region_end(region) >= start) {
            ok = ok && append(map, start, end, type);
            placed = true;
        }
        ok = ok &&
             append(map, region_start > end ? region_start : end, region_end(region), region->type);
    }
    if (!placed)
        ok = ok && append(map, start, end, type);
    return ok;
}

static enum nonos_error add_entry(struct pvh_map *map, const struct pvh_memory *entry)
{
    enum nonos_memory_type type = type_of(entry->type);
    uint64_t start = entry->paddr;
    uint64_t end;

    if (ckd_add(&end, start, entry->len) || end > ADDRESS_PADDR_LIMIT)
        return NONOS_E_HANDOFF_MEMORY_MAP;
    if (type == NONOS_MEMORY_USABLE) {
        start = (start + PAGE_MASK) & ~PAGE_MASK;
        end &= ~PAGE_MASK;
    } else if (entry->len > 0) {
        start &= ~PAGE_MASK;
        end = (end + PAGE_MASK) & ~PAGE_MASK;
    }
    if (start < end && !overwrite(map, start, end, type))
        return NONOS_E_HANDOFF_MEMORY_MAP;
    return NONOS_OK;
}

static bool is_memory(const struct pvh_map *map, uint64_t start, uint64_t end)
{
    for (size_t i = 0; i < map->count; i++) {
        const struct nonos_memory_region *region = &map->regions[i];

        if (region->type == NONOS_MEMORY_USABLE && region->paddr <= start &&
            end <= region_end(region))
            return true;
    }
    return false;
}

enum nonos_error pvh_map_build(const struct pvh_memory *entries, size_t count, uint64_t image_paddr,
                               uint64_t image_len, struct pvh_map *map)
{
    enum nonos_error error = NONOS_OK;

    memset(map, 0, sizeof *map);
    /* Memory first, so that whatever is not memory wins where they overlap. */
    for (size_t i = 0; error == NONOS_OK && i < count; i++) {
        if (entries[i].type == E820_MEMORY)
            error = add_entry(map, &entries[i]);
    }
    for (size_t i = 0; error == NONOS_OK && i < count; i++) {
        if (entries[i].type != E820_MEMORY)
            error = add_entry(map, &entries[i]);
    }
    if (error == NONOS_OK &&
        (!is_memory(map, image_paddr, image_paddr + image_len) ||
         !overwrite(map, image_paddr, image_paddr + image_len, NONOS_MEMORY_KERNEL)))
        error = NONOS_E_HANDOFF_MEMORY_MAP;
    if (error != NONOS_OK)
        memset(map, 0, sizeof *map);
    return error;
}
