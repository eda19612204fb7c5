#include "kernel/mem/frames.h"

#include "kernel/panic.h"

#include <string.h>

/* One byte of the books for each frame: what block starts there, and whether the frame may still
 * hold what firmware, loader or an earlier kernel left in it. */
#define ORDER_BITS 0x1Fu
#define FREE_BLOCK 0x20u
#define USED_BLOCK 0x40u
#define DIRTY 0x80u
/* On a used block, what says free on a free one: its owner's mark. */
#define MARK FREE_BLOCK

#define NO_FRAME UINT64_MAX

/* At the start of each free block, which is zero otherwise. */
struct links {
    uint64_t next; /* frame numbers */
    uint64_t previous;
};

static struct {
    uint8_t *books;
    uint64_t frame_end; /* the books reach from frame 0 to here */
    uint64_t books_first;
    uint64_t first_free[FRAMES_MAX_ORDER + 1];
    struct frames_statistics statistics;
} frames;

static struct links *links_of(uint64_t frame)
{
    return direct_map_at(frame * PAGE_LEN);
}

static void list_push(unsigned order, uint64_t frame)
{
    uint64_t next = frames.first_free[order];

    *links_of(frame) = (struct links){.next = next, .previous = NO_FRAME};
    if (next != NO_FRAME)
        links_of(next)->previous = frame;
    frames.first_free[order] = frame;
    frames.books[frame] = (uint8_t)((frames.books[frame] & DIRTY) | FREE_BLOCK | order);
}

/* Leaves no trace of the links, so that a clean block stays clean. */
static void list_remove(unsigned order, uint64_t frame)
{
    struct links links = *links_of(frame);

    if (links.previous != NO_FRAME)
        links_of(links.previous)->next = links.next;
    else
        frames.first_free[order] = links.next;
    if (links.next != NO_FRAME)
        links_of(links.next)->previous = links.previous;
    *links_of(frame) = (struct links){0};
    frames.books[frame] &= DIRTY;
}

static bool is_free_block(uint64_t frame, unsigned order)
{
    return frame < frames.frame_end &&
           (frames.books[frame] & (uint8_t)~DIRTY) == (FREE_BLOCK | order);
}

/* Puts a block on its list, joined with its buddy as long as that is free too. */
static void block_release(uint64_t frame, unsigned order)
{
    while (order < FRAMES_MAX_ORDER && is_free_block(frame ^ (UINT64_C(1) << order), order)) {
        uint64_t buddy = frame ^ (UINT64_C(1) << order);

        list_remove(order, buddy);
        if (buddy < frame)
            frame = buddy;
        order++;
    }
    list_push(order, frame);
}

static void statistics_note_used(void)
{
    uint64_t used = frames.statistics.total_pages - frames.statistics.free_pages;

    if (used > frames.statistics.peak_used_pages)
        frames.statistics.peak_used_pages = used;
}

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

/* The largest USABLE range below limit: *first, and its length in frames (0: there is none). */
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

/* How much memory that is ours by type lies outside [1 MiB, frame_end). */
static uint64_t count_left_out(const struct nonos_memory_region *map, size_t count)
{
    uint64_t pages = 0;

    for (size_t i = 0; i < count; i++) {
        uint64_t start = highest(map[i].paddr, FRAMES_LOWEST_PADDR) / PAGE_LEN;
        uint64_t end = lowest(map[i].paddr / PAGE_LEN + map[i].page_count, frames.frame_end);

        if (is_ours(map[i].type))
            pages += map[i].page_count - (start < end ? end - start : 0);
    }
    return pages;
}

enum nonos_error frames_init(const struct nonos_memory_region *map, size_t count,
                             paddr_t reachable_end)
{
    uint64_t end = 0;
    uint64_t room;
    uint64_t books_pages;

    memset(&frames, 0, sizeof frames);
    for (size_t i = 0; i < count; i++) {
        if (is_ours(map[i].type) && map[i].paddr < ADDRESS_PADDR_END)
            end = map[i].paddr / PAGE_LEN + map[i].page_count;
    }
    end = lowest(end, ADDRESS_PADDR_END / PAGE_LEN);

    /* Memory far above the rest could ask for more books than there is memory: it is left out. */
    room = largest_range(map, count, reachable_end, &frames.books_first);
    end = lowest(end, room / 2 * PAGE_LEN);
    if (end == 0)
        return NONOS_E_NO_MEMORY;
    books_pages = (end + PAGE_LEN - 1) / PAGE_LEN;

    frames.frame_end = end;
    frames.books = direct_map_at(frames.books_first * PAGE_LEN);
    memset(frames.books, DIRTY, books_pages * PAGE_LEN);
    for (unsigned order = 0; order <= FRAMES_MAX_ORDER; order++)
        frames.first_free[order] = NO_FRAME;
    frames.statistics.books_pages = books_pages;
    frames.statistics.left_out_pages = count_left_out(map, count);
    return NONOS_OK;
}

/* Zeroes what may still hold something in frames [start, end). */
static void clean_frames(uint64_t start, uint64_t end)
{
    for (uint64_t frame = start; frame < end; frame++) {
        if (frames.books[frame] & DIRTY) {
            memset(direct_map_at(frame * PAGE_LEN), 0, PAGE_LEN);
            frames.books[frame] &= (uint8_t)~DIRTY;
        }
    }
}

/* Cut into the largest aligned blocks. */
static void add_frames(uint64_t start, uint64_t end)
{
    while (start < end) {
        unsigned order = 0;

        while (order < FRAMES_MAX_ORDER && start % (UINT64_C(2) << order) == 0 &&
               (UINT64_C(2) << order) <= end - start)
            order++;
        frames.statistics.total_pages += UINT64_C(1) << order;
        frames.statistics.free_pages += UINT64_C(1) << order;
        block_release(start, order);
        start += UINT64_C(1) << order;
    }
}

void frames_add(const struct nonos_memory_region *map, size_t count, enum nonos_memory_type type,
                paddr_t start, paddr_t end)
{
    uint64_t books_end = frames.books_first + frames.statistics.books_pages;

    for (size_t i = 0; i < count; i++) {
        uint64_t from = highest(highest(map[i].paddr, start), FRAMES_LOWEST_PADDR) / PAGE_LEN;
        uint64_t to = lowest(map[i].paddr / PAGE_LEN + map[i].page_count, end / PAGE_LEN);

        to = lowest(to, frames.frame_end);
        if (map[i].type != (uint32_t)type || from >= to)
            continue;
        /* The books are at the start of their region. */
        if (from < books_end && frames.books_first < to)
            from = books_end;
        if (type == NONOS_MEMORY_LOADER)
            clean_frames(from, to);
        add_frames(from, to);
    }
}

paddr_t frames_allocate(unsigned order)
{
    unsigned found = order;
    uint64_t frame;

    while (found <= FRAMES_MAX_ORDER && frames.first_free[found] == NO_FRAME)
        found++;
    if (found > FRAMES_MAX_ORDER)
        return 0;
    frame = frames.first_free[found];
    list_remove(found, frame);
    while (found > order) {
        found--;
        list_push(found, frame + (UINT64_C(1) << found));
    }
    clean_frames(frame, frame + (UINT64_C(1) << order));
    frames.books[frame] = (uint8_t)(USED_BLOCK | order);
    frames.statistics.free_pages -= UINT64_C(1) << order;
    statistics_note_used();
    return frame * PAGE_LEN;
}

unsigned frames_order(paddr_t paddr)
{
    uint64_t frame = paddr / PAGE_LEN;

    if ((paddr & PAGE_MASK) != 0 || frame >= frames.frame_end ||
        (frames.books[frame] & USED_BLOCK) == 0)
        panic("frames: 0x%llx is not the start of an allocated block", (unsigned long long)paddr);
    return frames.books[frame] & ORDER_BITS;
}

void frames_mark(paddr_t paddr)
{
    (void)frames_order(paddr);
    frames.books[paddr / PAGE_LEN] |= MARK;
}

bool frames_is_marked(paddr_t paddr)
{
    (void)frames_order(paddr);
    return (frames.books[paddr / PAGE_LEN] & MARK) != 0;
}

void frames_free(paddr_t paddr)
{
    unsigned order = frames_order(paddr);
    uint64_t frame = paddr / PAGE_LEN;

    memset(direct_map_at(paddr), 0, (size_t)PAGE_LEN << order);
    frames.books[frame] = 0;
    frames.statistics.free_pages += UINT64_C(1) << order;
    block_release(frame, order);
}

unsigned frames_order_for(size_t len)
{
    unsigned order = 0;

    while (order <= FRAMES_MAX_ORDER && (size_t)PAGE_LEN << order < len)
        order++;
    return order;
}

void frames_get_statistics(struct frames_statistics *statistics)
{
    *statistics = frames.statistics;
    for (unsigned order = 0; order <= FRAMES_MAX_ORDER; order++) {
        if (frames.first_free[order] != NO_FRAME)
            statistics->largest_free_order = order;
    }
}
