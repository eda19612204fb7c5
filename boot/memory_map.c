#include "boot/memory_map.h"

#include "boot/uefi.h"

#include <stdckdint.h>
#include <string.h>

#define MAX_PADDR (UINT64_C(1) << 52)

static uint64_t end_of(const struct nonos_memory_region *region)
{
    return region->paddr + region->page_count * MEMORY_MAP_PAGE_LEN;
}

/* Boot services' memory is free as soon as they have been left, which is when the map counts. */
static uint32_t convert_type(const struct efi_memory_descriptor *descriptor)
{
    if ((descriptor->attribute & EFI_MEMORY_RUNTIME) != 0 &&
        descriptor->type != EFI_MEMORY_MAPPED_IO &&
        descriptor->type != EFI_MEMORY_MAPPED_IO_PORT_SPACE)
        return NONOS_MEMORY_RUNTIME;
    /* Set aside by the platform for a purpose of its own. */
    if ((descriptor->attribute & EFI_MEMORY_SP) != 0)
        return NONOS_MEMORY_RESERVED;
    switch (descriptor->type) {
    case EFI_LOADER_CODE:
    case EFI_LOADER_DATA:
        return NONOS_MEMORY_LOADER;
    case EFI_BOOT_SERVICES_CODE:
    case EFI_BOOT_SERVICES_DATA:
    case EFI_CONVENTIONAL_MEMORY:
        return NONOS_MEMORY_USABLE;
    case EFI_RUNTIME_SERVICES_CODE:
    case EFI_RUNTIME_SERVICES_DATA:
        return NONOS_MEMORY_RUNTIME;
    case EFI_UNUSABLE_MEMORY:
        return NONOS_MEMORY_BAD;
    case EFI_ACPI_RECLAIM_MEMORY:
        return NONOS_MEMORY_ACPI_RECLAIM;
    case EFI_ACPI_MEMORY_NVS:
        return NONOS_MEMORY_ACPI_NVS;
    case EFI_MEMORY_MAPPED_IO:
    case EFI_MEMORY_MAPPED_IO_PORT_SPACE:
        return NONOS_MEMORY_MMIO;
    default:
        /* Persistent memory too: what survives power-off is not ours to use. */
        return NONOS_MEMORY_RESERVED;
    }
}

static enum nonos_error insert_at(struct memory_map *map, size_t index, uint64_t start,
                                  uint64_t end, uint32_t type)
{
    if (map->count == map->capacity)
        return NONOS_E_SIZE;
    memmove(&map->regions[index + 1], &map->regions[index],
            (map->count - index) * sizeof(map->regions[0]));
    map->count++;
    map->regions[index] = (struct nonos_memory_region){
        .paddr = start, .page_count = (end - start) / MEMORY_MAP_PAGE_LEN, .type = type};
    return NONOS_OK;
}

/* Cuts region index in two at address, which lies strictly inside it. */
static enum nonos_error split(struct memory_map *map, size_t index, uint64_t address)
{
    uint64_t end = end_of(&map->regions[index]);
    enum nonos_error error = insert_at(map, index + 1, address, end, map->regions[index].type);
    if (error == NONOS_OK)
        map->regions[index].page_count =
            (address - map->regions[index].paddr) / MEMORY_MAP_PAGE_LEN;
    return error;
}

static size_t find_first_ending_after(const struct memory_map *map, uint64_t address)
{
    size_t low = 0;
    size_t high = map->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (end_of(&map->regions[middle]) > address)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* Gives what of region i lies before end the new type, or the stricter of the two. */
static enum nonos_error claim(struct memory_map *map, size_t i, uint64_t end, uint32_t type,
                              bool override)
{
    if (end_of(&map->regions[i]) > end) {
        enum nonos_error error = split(map, i, end);
        if (error != NONOS_OK)
            return error;
    }
    if (override || map->regions[i].type < type)
        map->regions[i].type = type;
    return NONOS_OK;
}

/* Gives [start, end) a type: where there is a region already, the stricter of the two, or with
 * override the new one. Keeps the map sorted and disjoint, not merged. */
static enum nonos_error apply(struct memory_map *map, uint64_t start, uint64_t end, uint32_t type,
                              bool override)
{
    enum nonos_error error = NONOS_OK;
    size_t i = find_first_ending_after(map, start);
    while (start < end && error == NONOS_OK) {
        if (i == map->count || map->regions[i].paddr >= end) {
            error = insert_at(map, i, start, end, type);
            break;
        }
        if (map->regions[i].paddr < start) {
            error = split(map, i, start);
        } else {
            if (map->regions[i].paddr > start)
                error = insert_at(map, i, start, map->regions[i].paddr, type);
            else
                error = claim(map, i, end, type, override);
            start = end_of(&map->regions[i]);
        }
        i++;
    }
    return error;
}

/* Joins neighbours of one type. */
static void merge(struct memory_map *map)
{
    size_t kept = 0;
    for (size_t i = 0; i < map->count; i++) {
        struct nonos_memory_region *last = kept > 0 ? &map->regions[kept - 1] : nullptr;
        if (last != nullptr && last->type == map->regions[i].type &&
            end_of(last) == map->regions[i].paddr)
            last->page_count += map->regions[i].page_count;
        else
            map->regions[kept++] = map->regions[i];
    }
    map->count = kept;
}

static enum nonos_error check_range(uint64_t start, uint64_t page_count, uint64_t *end)
{
    uint64_t len;
    if (start % MEMORY_MAP_PAGE_LEN != 0 || ckd_mul(&len, page_count, MEMORY_MAP_PAGE_LEN) ||
        ckd_add(end, start, len) || *end > MAX_PADDR)
        return NONOS_E_HANDOFF_MEMORY_MAP;
    return NONOS_OK;
}

enum nonos_error memory_map_paint(struct memory_map *map, uint64_t paddr, uint64_t page_count,
                                  enum nonos_memory_type type)
{
    uint64_t end;
    enum nonos_error error = check_range(paddr, page_count, &end);
    if (error == NONOS_OK)
        error = apply(map, paddr, end, (uint32_t)type, true);
    if (error != NONOS_OK)
        map->count = 0;
    merge(map);
    return error;
}

enum nonos_error memory_map_read(struct memory_map *map, const void *descriptors, size_t len,
                                 size_t descriptor_len)
{
    const uint8_t *bytes = descriptors;
    enum nonos_error error = NONOS_OK;
    map->count = 0;
    if (descriptor_len < sizeof(struct efi_memory_descriptor) || len % descriptor_len != 0)
        return NONOS_E_HANDOFF_MEMORY_MAP;
    for (size_t at = 0; at < len && error == NONOS_OK; at += descriptor_len) {
        struct efi_memory_descriptor descriptor;
        uint64_t end;
        memcpy(&descriptor, bytes + at, sizeof(descriptor));
        error = check_range(descriptor.physical_start, descriptor.number_of_pages, &end);
        if (error == NONOS_OK)
            error = apply(map, descriptor.physical_start, end, convert_type(&descriptor), false);
    }
    if (error != NONOS_OK)
        map->count = 0;
    else if (map->count == 0)
        error = NONOS_E_HANDOFF_MEMORY_MAP;
    merge(map);
    return error;
}

bool memory_map_is_ram(enum nonos_memory_type type)
{
    switch (type) {
    case NONOS_MEMORY_USABLE:
    case NONOS_MEMORY_LOADER:
    case NONOS_MEMORY_KERNEL:
    case NONOS_MEMORY_ACPI_RECLAIM:
    case NONOS_MEMORY_ACPI_NVS:
    case NONOS_MEMORY_RUNTIME:
        return true;
    case NONOS_MEMORY_RESERVED:
    case NONOS_MEMORY_MMIO:
    case NONOS_MEMORY_BAD:
        break;
    }
    return false;
}

uint64_t memory_map_find_free(const void *descriptors, size_t len, size_t descriptor_len,
                              uint64_t wanted_len, uint64_t alignment)
{
    const uint8_t *bytes = descriptors;
    uint64_t best = 0;
    for (size_t at = 0; len - at >= descriptor_len && len > at; at += descriptor_len) {
        struct efi_memory_descriptor descriptor;
        uint64_t end;
        memcpy(&descriptor, bytes + at, sizeof(descriptor));
        if (descriptor.type != EFI_CONVENTIONAL_MEMORY ||
            check_range(descriptor.physical_start, descriptor.number_of_pages, &end) != NONOS_OK)
            continue;
        uint64_t start = (descriptor.physical_start + alignment - 1) & ~(alignment - 1);
        if (start != 0 && start < end && wanted_len <= end - start && (best == 0 || start < best))
            best = start;
    }
    return best;
}
