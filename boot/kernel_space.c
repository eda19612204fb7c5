#include "boot/kernel_space.h"

#include "abi/handoff.h"

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)

struct range {
    uint64_t start;
    uint64_t end;
};

static uint64_t whole_pages(uint64_t len)
{
    return (len + PAGE_TABLES_PAGE_LEN - 1) & ~(uint64_t)(PAGE_TABLES_PAGE_LEN - 1);
}

static uint64_t lower(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static struct range segment_range(const struct kernel_space *space,
                                  const struct image_segment *segment)
{
    uint64_t start = space->image_paddr + (segment->paddr - space->elf->memory_paddr);
    return (struct range){.start = start, .end = start + whole_pages(segment->mem_len)};
}

/* The lowest range that ends above address and must be read-only; empty at UINT64_MAX if none. */
static struct range next_read_only(const struct kernel_space *space, uint64_t address)
{
    struct range found = {.start = UINT64_MAX, .end = UINT64_MAX};
    struct range trampoline = {.start = space->trampoline_paddr,
                               .end = space->trampoline_paddr + PAGE_TABLES_PAGE_LEN};
    if (trampoline.end > address)
        found = trampoline;
    for (unsigned i = 0; i < space->elf->segment_count; i++) {
        struct range segment = segment_range(space, &space->elf->segments[i]);
        if ((space->elf->segments[i].flags & IMAGE_SEGMENT_W) == 0 && segment.end > address &&
            segment.start < found.start)
            found = segment;
    }
    return found;
}

/* The run of RAM, of whatever types, that begins at region *index; moves *index past it. */
static struct range next_ram(const struct memory_map *map, size_t *index)
{
    const struct nonos_memory_region *regions = map->regions;
    struct range run = {.start = regions[*index].paddr, .end = regions[*index].paddr};
    while (*index < map->count && regions[*index].paddr == run.end &&
           memory_map_is_ram((enum nonos_memory_type)regions[*index].type)) {
        run.end += regions[*index].page_count * PAGE_TABLES_PAGE_LEN;
        (*index)++;
    }
    if (run.start == run.end)
        (*index)++;
    return run;
}

/* One table of each level below the root is shared by neighbours at most; the ends of a run, and
 * of a read-only range in it, need one of each. */
size_t kernel_space_page_count(const struct kernel_space *space, bool has_gib_pages)
{
    const uint64_t edges = 6; /* two tables of each level */
    uint64_t count =
        1 + edges * 3 + space->elf->memory_len / (2 * MIB) + space->stack_len / (2 * MIB);
    count += edges * (space->elf->segment_count + 1);
    for (size_t i = 0; i < space->map->count;) {
        struct range run = next_ram(space->map, &i);
        uint64_t len = run.end - run.start;
        if (len > 0)
            count += edges + len / (512 * GIB) + (has_gib_pages ? 0 : len / GIB);
    }
    return count;
}

static enum nonos_error map_image(const struct kernel_space *space, struct page_tables *tables)
{
    for (unsigned i = 0; i < space->elf->segment_count; i++) {
        const struct image_segment *segment = &space->elf->segments[i];
        struct range range = segment_range(space, segment);
        unsigned permissions = ((segment->flags & IMAGE_SEGMENT_W) != 0 ? PAGE_TABLES_WRITE : 0) |
                               ((segment->flags & IMAGE_SEGMENT_X) != 0 ? PAGE_TABLES_EXECUTE : 0);
        enum nonos_error error = page_tables_map(tables, segment->vaddr, range.start,
                                                 range.end - range.start, permissions);
        if (error != NONOS_OK)
            return error;
    }
    return NONOS_OK;
}

static enum nonos_error map_run(const struct kernel_space *space, struct page_tables *tables,
                                struct range run)
{
    while (run.start < run.end) {
        struct range read_only = next_read_only(space, run.start);
        bool writable = run.start < read_only.start;
        uint64_t end = lower(run.end, writable ? read_only.start : read_only.end);
        enum nonos_error error =
            page_tables_map(tables, NONOS_DIRECT_MAP_VADDR + run.start, run.start, end - run.start,
                            writable ? PAGE_TABLES_WRITE : 0);
        if (error != NONOS_OK)
            return error;
        run.start = end;
    }
    return NONOS_OK;
}

enum nonos_error kernel_space_build(const struct kernel_space *space, struct page_tables *tables)
{
    enum nonos_error error =
        page_tables_map(tables, space->trampoline_paddr, space->trampoline_paddr,
                        PAGE_TABLES_PAGE_LEN, PAGE_TABLES_EXECUTE);
    if (error == NONOS_OK)
        error = page_tables_map(tables, KERNEL_SPACE_STACK_VADDR, space->stack_paddr,
                                space->stack_len, PAGE_TABLES_WRITE);
    if (error == NONOS_OK)
        error = map_image(space, tables);
    for (size_t i = 0; i < space->map->count && error == NONOS_OK;)
        error = map_run(space, tables, next_ram(space->map, &i));
    return error;
}
