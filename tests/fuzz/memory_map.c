/* The firmware's memory map as the loader reads it, then painted over. */
#include "tests/fuzz/fuzz.h"

#include "boot/memory_map.h"
#include "boot/uefi.h"

#define DESCRIPTOR_MAX_COUNT 128u
#define PAINTED_MAX_COUNT 3u
#define PAGE UINT64_C(4096)

struct painted {
    uint64_t paddr;
    uint64_t page_count;
    uint32_t type;
};

static void check_order(const struct memory_map *map)
{
    for (size_t i = 0; i < map->count; i++) {
        const struct nonos_memory_region *region = &map->regions[i];
        fuzz_require(region->paddr % PAGE == 0 && region->page_count > 0);
        fuzz_require(region->page_count <= ((UINT64_C(1) << 52) - region->paddr) / PAGE);
        fuzz_require(region->type >= NONOS_MEMORY_USABLE && region->type <= NONOS_MEMORY_BAD);
        fuzz_require(region->reserved == 0);
        if (i == 0)
            continue;
        uint64_t end = region[-1].paddr + region[-1].page_count * PAGE;
        fuzz_require(end <= region->paddr);
        fuzz_require(end < region->paddr || region[-1].type != region->type);
    }
}

/* 0: no memory. */
static uint32_t type_in_map(const struct memory_map *map, uint64_t paddr)
{
    for (size_t i = 0; i < map->count; i++)
        if (paddr >= map->regions[i].paddr &&
            (paddr - map->regions[i].paddr) / PAGE < map->regions[i].page_count)
            return map->regions[i].type;
    return 0;
}

/* The strictest of what each descriptor, read alone, says about the page. */
static uint32_t type_in_descriptors(const uint8_t *bytes, size_t len, size_t descriptor_len,
                                    uint64_t paddr)
{
    uint32_t strictest = 0;
    for (size_t at = 0; at < len; at += descriptor_len) {
        struct nonos_memory_region region;
        struct memory_map alone = {.regions = &region, .capacity = 1};
        if (memory_map_read(&alone, bytes + at, descriptor_len, descriptor_len) != NONOS_OK)
            continue;
        uint32_t type = type_in_map(&alone, paddr);
        strictest = type > strictest ? type : strictest;
    }
    return strictest;
}

static void check_types(const struct memory_map *map, const uint8_t *bytes, size_t len,
                        size_t descriptor_len)
{
    for (size_t at = 0; at < len; at += descriptor_len) {
        struct efi_memory_descriptor descriptor;
        memcpy(&descriptor, bytes + at, sizeof descriptor);
        uint64_t start = descriptor.physical_start;
        uint64_t end = start + descriptor.number_of_pages * PAGE;
        const uint64_t places[] = {start, start - PAGE, end, end - PAGE};
        for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
            fuzz_require(type_in_map(map, places[i]) ==
                         type_in_descriptors(bytes, len, descriptor_len, places[i]));
    }
}

static void check_free(const uint8_t *bytes, size_t len, size_t descriptor_len,
                       struct fuzz_input *input)
{
    uint64_t alignment = PAGE << fuzz_take8(input) % 19;
    uint64_t wanted_len = (fuzz_take32(input) + UINT64_C(1)) * PAGE;
    uint64_t found = memory_map_find_free(bytes, len, descriptor_len, wanted_len, alignment);
    bool is_free = false;
    fuzz_require(found % alignment == 0);
    for (size_t at = 0; at < len; at += descriptor_len) {
        struct efi_memory_descriptor descriptor;
        memcpy(&descriptor, bytes + at, sizeof descriptor);
        uint64_t start = descriptor.physical_start;
        uint64_t end = start + descriptor.number_of_pages * PAGE;
        is_free = is_free || (descriptor.type == EFI_CONVENTIONAL_MEMORY && start <= found &&
                              found < end && end - found >= wanted_len);
    }
    fuzz_require(found == 0 || is_free);
}

static void paint(struct memory_map *map, struct fuzz_input *input)
{
    struct painted range = {.paddr = (fuzz_take64(input) & 0xFFFFFFFFFF) * PAGE,
                            .page_count = fuzz_take32(input),
                            .type = fuzz_take8(input) % NONOS_MEMORY_BAD + 1};
    if (memory_map_paint(map, range.paddr, range.page_count, range.type) != NONOS_OK) {
        fuzz_require(map->count == 0);
        /* The only reason there is: the room was calculated. */
        fuzz_require(range.paddr + range.page_count * PAGE > UINT64_C(1) << 52);
        return;
    }
    check_order(map);
    if (range.page_count > 0) {
        uint64_t last = range.paddr + (range.page_count - 1) * PAGE;
        fuzz_require(type_in_map(map, range.paddr) == range.type);
        fuzz_require(type_in_map(map, last) == range.type);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct fuzz_input input = {bytes, len};
    struct fuzz_input numbers;
    uint8_t parameters[64];
    fuzz_take(&input, parameters, sizeof parameters);
    numbers = (struct fuzz_input){parameters, sizeof parameters};
    /* Firmware's descriptors are often longer than the structure, seldom anything else. */
    size_t descriptor_len = sizeof(struct efi_memory_descriptor) - 8 + fuzz_take8(&numbers) % 4 * 8;
    size_t count = input.len / descriptor_len;
    if (count > DESCRIPTOR_MAX_COUNT)
        count = DESCRIPTOR_MAX_COUNT;
    size_t map_len = count * descriptor_len;
    uint8_t *descriptors = fuzz_allocate(map_len);
    fuzz_take(&input, descriptors, map_len);
    struct memory_map map = {.capacity = memory_map_capacity(count, PAINTED_MAX_COUNT)};
    map.regions = fuzz_allocate(map.capacity * sizeof *map.regions);

    enum nonos_error error = memory_map_read(&map, descriptors, map_len, descriptor_len);
    fuzz_require(error != NONOS_E_SIZE);
    if (error == NONOS_OK) {
        fuzz_require(map.count > 0);
        check_order(&map);
        check_types(&map, descriptors, map_len, descriptor_len);
        check_free(descriptors, map_len, descriptor_len, &numbers);
        for (size_t i = 0; i < PAINTED_MAX_COUNT; i++)
            paint(&map, &numbers);
    } else {
        fuzz_require(map.count == 0);
    }
    free(map.regions);
    free(descriptors);
    return 0;
}
