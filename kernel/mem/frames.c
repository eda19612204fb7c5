#include "kernel/mem/frames.h"

#include "kernel/lock.h"
#include "kernel/mem/books.h"
#include "kernel/panic.h"
#include "kernel/sched/sched.h"

#include <string.h>

/* One byte of the books for each frame: what block starts there, and whether the frame may still
 * hold what firmware, loader or an earlier kernel left in it. Neither free nor used: inside a
 * block, or a block that is being zeroed. */
#define ORDER_BITS 0x1Fu
#define FREE_BLOCK 0x20u
#define USED_BLOCK 0x40u
#define DIRTY 0x80u
/* On a used block the other two say whose it is (enum frames_owner). */
#define OWNER_BITS (FREE_BLOCK | DIRTY)
static_assert(((unsigned)FRAMES_HEAP | (unsigned)FRAMES_PROGRAM) == OWNER_BITS);

#define NO_FRAME UINT64_MAX

/* At the start of each free block, which is zero otherwise. */
struct links {
    uint64_t next; /* frame numbers */
    uint64_t previous;
};

static struct {
    struct lock lock;
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
    uint8_t *book = books_at(frame);

    *links_of(frame) = (struct links){.next = next, .previous = NO_FRAME};
    if (next != NO_FRAME)
        links_of(next)->previous = frame;
    frames.first_free[order] = frame;
    *book = (uint8_t)((*book & DIRTY) | FREE_BLOCK | order);
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
    *books_at(frame) &= DIRTY;
}

static bool is_free_block(uint64_t frame, unsigned order)
{
    const uint8_t *book = books_at(frame);

    return book != nullptr && (*book & (uint8_t)~DIRTY) == (FREE_BLOCK | order);
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

static uint64_t highest(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint64_t lowest(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

enum nonos_error frames_init(const struct nonos_memory_region *map, size_t count,
                             paddr_t reachable_end)
{
    memset(&frames, 0, sizeof frames);
    frames.lock = LOCK_INIT(LOCK_FRAMES);
    for (unsigned order = 0; order <= FRAMES_MAX_ORDER; order++)
        frames.first_free[order] = NO_FRAME;
    return books_init(map, count, reachable_end, DIRTY);
}

/* Zeroes what may still hold something in frames [start, end), page by page. */
static void clean_frames(uint64_t start, uint64_t end)
{
    for (uint64_t frame = start; frame < end; frame++) {
        uint8_t *book = books_at(frame);

        if (frame > start)
            preempt_point();
        if ((*book & DIRTY) != 0) {
            memset(direct_map_at(frame * PAGE_LEN), 0, PAGE_LEN);
            *book &= (uint8_t)~DIRTY;
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
    uint64_t books_end = books.first + books.pages;

    for (size_t i = 0; i < count; i++) {
        uint64_t from = highest(highest(map[i].paddr, start), FRAMES_LOWEST_PADDR) / PAGE_LEN;
        uint64_t to = lowest(map[i].paddr / PAGE_LEN + map[i].page_count, end / PAGE_LEN);

        to = lowest(to, books.frame_end);
        if (map[i].type != (uint32_t)type || from >= to)
            continue;
        /* The books are at the start of their region. */
        if (from < books_end && books.first < to)
            from = books_end;
        if (type == NONOS_MEMORY_LOADER)
            clean_frames(from, to);
        add_frames(from, to);
    }
}

/* A block that is on no list any more, as it was left; NO_FRAME when there is none. */
static uint64_t block_take(unsigned order)
{
    unsigned found = order;
    uint64_t frame;

    while (found <= FRAMES_MAX_ORDER && frames.first_free[found] == NO_FRAME)
        found++;
    if (found > FRAMES_MAX_ORDER)
        return NO_FRAME;
    frame = frames.first_free[found];
    list_remove(found, frame);
    while (found > order) {
        found--;
        list_push(found, frame + (UINT64_C(1) << found));
    }
    frames.statistics.free_pages -= UINT64_C(1) << order;
    statistics_note_used();
    return frame;
}

paddr_t frames_allocate(unsigned order)
{
    bool interrupts = lock_take(&frames.lock);
    uint64_t frame = block_take(order);

    lock_release(&frames.lock, interrupts);
    if (frame == NO_FRAME)
        return 0;
    clean_frames(frame, frame + (UINT64_C(1) << order));
    *books_at(frame) = (uint8_t)(USED_BLOCK | order);
    return frame * PAGE_LEN;
}

/* Where an allocated block is in the books. */
static uint8_t *used_book(paddr_t paddr)
{
    uint8_t *book = (paddr & PAGE_MASK) == 0 ? books_at(paddr / PAGE_LEN) : nullptr;

    if (book == nullptr || (*book & USED_BLOCK) == 0)
        panic("frames: 0x%llx is not the start of an allocated block", (unsigned long long)paddr);
    return book;
}

unsigned frames_order(paddr_t paddr)
{
    return *used_book(paddr) & ORDER_BITS;
}

void frames_set_owner(paddr_t paddr, enum frames_owner owner)
{
    uint8_t *book = used_book(paddr);

    *book = (uint8_t)((*book & ~OWNER_BITS) | (unsigned)owner);
}

bool frames_is_owned(paddr_t paddr, enum frames_owner owner)
{
    const uint8_t *book = (paddr & PAGE_MASK) == 0 ? books_at(paddr / PAGE_LEN) : nullptr;

    return book != nullptr && (*book & (USED_BLOCK | OWNER_BITS)) == (USED_BLOCK | (unsigned)owner);
}

void frames_free(paddr_t paddr)
{
    uint8_t *book = used_book(paddr);
    /* Of two that free a block at once, one finds it gone. */
    unsigned order = __atomic_exchange_n(book, 0, __ATOMIC_ACQ_REL);
    uint64_t frame = paddr / PAGE_LEN;
    bool interrupts;

    if ((order & USED_BLOCK) == 0)
        panic("frames: 0x%llx is freed twice at once", (unsigned long long)paddr);
    order &= ORDER_BITS;
    for (uint64_t i = 0; i < UINT64_C(1) << order; i++) {
        if (i > 0)
            preempt_point();
        memset(direct_map_at(paddr + i * PAGE_LEN), 0, PAGE_LEN);
    }
    interrupts = lock_take(&frames.lock);
    frames.statistics.free_pages += UINT64_C(1) << order;
    block_release(frame, order);
    lock_release(&frames.lock, interrupts);
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
    bool interrupts = lock_take(&frames.lock);

    *statistics = frames.statistics;
    statistics->books_pages = books.pages;
    statistics->left_out_pages = books.left_out_pages;
    for (unsigned order = 0; order <= FRAMES_MAX_ORDER; order++) {
        if (frames.first_free[order] != NO_FRAME)
            statistics->largest_free_order = order;
    }
    lock_release(&frames.lock, interrupts);
}
