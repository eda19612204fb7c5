/* The memory map of a hypervisor, against a map that answers for one page at a time. */
#include "tests/fuzz/fuzz.h"

#include "kernel/mem/address.h"
#include "kernel/pvh_map.h"

#define ENTRY_MAX_COUNT 160u
#define NO_MEMORY 0u

struct answer {
    const struct pvh_memory *entries;
    size_t count;
    uint64_t image_paddr;
    uint64_t image_len;
};

/* A page that is touched at all by something that is not memory, or is memory in full. */
static bool entry_has_page(const struct pvh_memory *entry, uint64_t page)
{
    uint64_t end = entry->paddr + entry->len;
    if (entry->type == 1)
        return entry->paddr <= page && page + PAGE_LEN <= end;
    return entry->len > 0 && entry->paddr < page + PAGE_LEN && page < end;
}

static uint32_t type_of_page(const struct answer *answer, uint64_t page)
{
    static const uint32_t types[] = {[1] = NONOS_MEMORY_USABLE,
                                     [2] = NONOS_MEMORY_RESERVED,
                                     [3] = NONOS_MEMORY_ACPI_RECLAIM,
                                     [4] = NONOS_MEMORY_ACPI_NVS,
                                     [5] = NONOS_MEMORY_BAD};
    uint32_t memory = NO_MEMORY, other = NO_MEMORY;
    if (page >= answer->image_paddr && page - answer->image_paddr < answer->image_len)
        return NONOS_MEMORY_KERNEL;
    for (size_t i = 0; i < answer->count; i++) {
        const struct pvh_memory *entry = &answer->entries[i];
        if (!entry_has_page(entry, page))
            continue;
        if (entry->type == 1)
            memory = NONOS_MEMORY_USABLE;
        else
            other = entry->type >= 2 && entry->type <= 5 ? types[entry->type]
                                                         : (uint32_t)NONOS_MEMORY_RESERVED;
    }
    return other != NO_MEMORY ? other : memory;
}

static uint32_t type_in_map(const struct pvh_map *map, uint64_t page)
{
    for (size_t i = 0; i < map->count; i++)
        if (page >= map->regions[i].paddr &&
            (page - map->regions[i].paddr) / PAGE_LEN < map->regions[i].page_count)
            return map->regions[i].type;
    return NO_MEMORY;
}

static void check_page(const struct answer *answer, const struct pvh_map *map, uint64_t paddr)
{
    uint64_t page = paddr & ~PAGE_MASK;
    fuzz_require(type_in_map(map, page) == type_of_page(answer, page));
}

/* Around every place where anything begins or ends. */
static void check_pages(const struct answer *answer, const struct pvh_map *map)
{
    for (size_t i = 0; i < answer->count; i++) {
        uint64_t start = answer->entries[i].paddr, end = start + answer->entries[i].len;
        check_page(answer, map, start);
        check_page(answer, map, start < PAGE_LEN ? start : start - PAGE_LEN);
        check_page(answer, map, end);
        check_page(answer, map, end < PAGE_LEN ? end : end - PAGE_LEN);
    }
    check_page(answer, map, answer->image_paddr);
    check_page(answer, map, answer->image_paddr + answer->image_len - 1);
}

static void check_order(const struct pvh_map *map)
{
    fuzz_require(map->count > 0 && map->count <= PVH_MAP_MAX_REGIONS);
    for (size_t i = 0; i < map->count; i++) {
        const struct nonos_memory_region *region = &map->regions[i];
        fuzz_require(region->paddr % PAGE_LEN == 0 && region->page_count > 0);
        fuzz_require(region->page_count <= (ADDRESS_PADDR_LIMIT - region->paddr) / PAGE_LEN);
        if (i == 0)
            continue;
        uint64_t end = region[-1].paddr + region[-1].page_count * PAGE_LEN;
        fuzz_require(end <= region->paddr);
        fuzz_require(end < region->paddr || region[-1].type != region->type);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct pvh_map map;
    struct fuzz_input input = {bytes, len};
    struct answer answer = {.image_paddr = (uint64_t)fuzz_take32(&input) * PAGE_LEN,
                            .image_len = (fuzz_take32(&input) % 256) * (uint64_t)PAGE_LEN};
    if (answer.image_len == 0)
        answer.image_len = PAGE_LEN;
    answer.count = input.len / sizeof(struct pvh_memory);
    if (answer.count > ENTRY_MAX_COUNT)
        answer.count = ENTRY_MAX_COUNT;
    struct pvh_memory *entries = fuzz_allocate(answer.count * sizeof *entries);
    fuzz_take(&input, entries, answer.count * sizeof *entries);
    answer.entries = entries;
    memset(&map, 0xEE, sizeof map);
    if (pvh_map_build(entries, answer.count, answer.image_paddr, answer.image_len, &map) ==
        NONOS_OK) {
        check_order(&map);
        check_pages(&answer, &map);
    } else {
        fuzz_require(map.count == 0);
    }
    free(entries);
    return 0;
}
