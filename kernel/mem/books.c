#include "kernel/mem/books.h"

#include <string.h>

struct books books;

static bool is_ours(uint32_t type)
{
    return type == NONOS_MEMORY_USABLE || type == NONOS_MEMORY_LOADER;
}

static uint64_t highest(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint64_t lowest(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* The largest USABLE range below limit, in frames; *first is its first. 0: there is none. */
static uint64_t largest_range(const struct nonos_memory_region *map, size_t count, uint64_t limit,
                              uint64_t *first)
{
    uint64_t best = 0;

    *first = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t start = highest(map[i].paddr, FRAMES_LOWEST_PADDR) / PAGE_LEN;
        uint64_t end = lowest(map[i].paddr / PAGE_LEN + map[i].page_count, limit / PAGE_LEN);

        if (map[i].type != NONOS_MEMORY_USABLE || start >= end || end - start <= best)
            continue;
        best = end - start;
        *first = start;
    }
    return best;
}

/* How many sections the map reaches into. */
static uint64_t count_sections(const struct nonos_memory_region *map, size_t count)
{
    uint64_t end = 0;

    for (size_t i = 0; i < count; i++) {
        if (is_ours(map[i].type) && map[i].paddr < ADDRESS_PADDR_END)
            end = map[i].paddr / PAGE_LEN + map[i].page_count;
    }
    end = lowest(end, ADDRESS_PADDR_END / PAGE_LEN);
    return (end + BOOKS_SECTION_FRAMES - 1) / BOOKS_SECTION_FRAMES;
}

/* How far the books of each section have to reach. The map is sorted: the last word stays. */
static void measure_sections(const struct nonos_memory_region *map, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t start = map[i].paddr / PAGE_LEN;
        uint64_t end = lowest(start + map[i].page_count, books.frame_end);
        uint64_t at = start / BOOKS_SECTION_FRAMES;

        if (!is_ours(map[i].type))
            continue;
        for (; at * BOOKS_SECTION_FRAMES < end; at++)
            books.sections[at].count =
                lowest(end - at * BOOKS_SECTION_FRAMES, BOOKS_SECTION_FRAMES);
    }
}

/* Gives each section its part of [bytes, bytes + room), from the lowest on, as far as that goes;
 * returns what they took. */
static uint64_t share_bytes(uint8_t *bytes, uint64_t room)
{
    uint64_t used = 0;

    for (uint64_t i = 0; i < books.section_count; i++) {
        struct books_section *section = &books.sections[i];

        if (section->count > room - used) {
            section->count = room - used;
            books.section_count = i + 1;
            books.frame_end = i * BOOKS_SECTION_FRAMES + section->count;
        }
        section->bytes = bytes + used;
        used += section->count;
    }
    return used;
}

/* How much memory that is ours by type lies outside [1 MiB, the end of the books). */
static uint64_t count_left_out(const struct nonos_memory_region *map, size_t count)
{
    uint64_t pages = 0;

    for (size_t i = 0; i < count; i++) {
        uint64_t start = highest(map[i].paddr, FRAMES_LOWEST_PADDR) / PAGE_LEN;
        uint64_t end = lowest(map[i].paddr / PAGE_LEN + map[i].page_count, books.frame_end);

        if (is_ours(map[i].type))
            pages += map[i].page_count - (start < end ? end - start : 0);
    }
    return pages;
}

enum nonos_error books_init(const struct nonos_memory_region *map, size_t count,
                            paddr_t reachable_end, uint8_t byte)
{
    uint64_t room;
    uint64_t sections_len;
    uint64_t bytes_len;
    uint8_t *bytes;

    books = (struct books){0};
    room = largest_range(map, count, reachable_end, &books.first) / 2 * PAGE_LEN;
    books.section_count =
        lowest(count_sections(map, count), room / 2 / sizeof(struct books_section));
    if (books.section_count == 0)
        return NONOS_E_NO_MEMORY;
    books.frame_end = books.section_count * BOOKS_SECTION_FRAMES;
    sections_len = books.section_count * sizeof(struct books_section);
    books.sections = direct_map_at(books.first * PAGE_LEN);
    bytes = (uint8_t *)books.sections + sections_len;
    memset(books.sections, 0, sections_len);
    measure_sections(map, count);
    bytes_len = share_bytes(bytes, room - sections_len);
    memset(bytes, byte, bytes_len);
    books.pages = (sections_len + bytes_len + PAGE_LEN - 1) / PAGE_LEN;
    books.left_out_pages = count_left_out(map, count);
    return NONOS_OK;
}
