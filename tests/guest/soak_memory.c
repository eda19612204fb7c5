/* Frames and the heap: taken, written, compared, given back; and now and then all that there is. */
#include "tests/guest/soak.h"

#include "kernel/mem/frames.h"
#include "kernel/mem/heap.h"
#include "kernel/sched/sched.h"

#define BLOCKS_MAX 16u
#define ORDER_MAX 4u
#define HEAP_LEN_MAX 12000u
#define HOARD_ORDER 6u

static uint64_t times_exhausted;

/* At the start of each block that is held to use memory up. */
struct hoard {
    struct hoard *next;
    uint64_t tag;
};

uint64_t soak_times_exhausted(void)
{
    return __atomic_load_n(&times_exhausted, __ATOMIC_RELAXED);
}

static bool is_filled(const uint64_t *words, size_t len, uint64_t value)
{
    for (size_t i = 0; i < len / sizeof *words; i++) {
        if (words[i] != value)
            return false;
    }
    return true;
}

static void fill(uint64_t *words, size_t len, uint64_t value)
{
    for (size_t i = 0; i < len / sizeof *words; i++)
        words[i] = value;
}

void soak_frames(struct soak_worker *worker)
{
    paddr_t blocks[BLOCKS_MAX];
    size_t lens[BLOCKS_MAX];
    size_t count = 1 + guest_random_below(&worker->random, BLOCKS_MAX);

    for (size_t i = 0; i < count; i++) {
        unsigned order = (unsigned)guest_random_below(&worker->random, ORDER_MAX + 1);

        lens[i] = (size_t)PAGE_LEN << order;
        blocks[i] = frames_allocate(order);
        if (blocks[i] == 0)
            continue;
        CHECK(blocks[i] % lens[i] == 0 && is_filled(direct_map_at(blocks[i]), lens[i], 0));
        fill(direct_map_at(blocks[i]), lens[i], blocks[i]);
    }
    sched_yield();
    for (size_t i = 0; i < count; i++) {
        if (blocks[i] == 0)
            continue;
        CHECK(is_filled(direct_map_at(blocks[i]), lens[i], blocks[i]));
        frames_free(blocks[i]);
    }
}

void soak_heap(struct soak_worker *worker)
{
    uint64_t *blocks[BLOCKS_MAX];
    size_t lens[BLOCKS_MAX];
    size_t count = 1 + guest_random_below(&worker->random, BLOCKS_MAX);

    for (size_t i = 0; i < count; i++) {
        lens[i] = 1 + guest_random_below(&worker->random, HEAP_LEN_MAX);
        /* Most of what is asked for in a kernel is small. */
        if (guest_random_below(&worker->random, 4) != 0)
            lens[i] = lens[i] % 500 + 1;
        blocks[i] = heap_allocate(lens[i]);
        if (blocks[i] == nullptr)
            continue;
        CHECK(is_filled(blocks[i], lens[i], 0));
        fill(blocks[i], lens[i], (uintptr_t)&blocks[i]);
    }
    sched_yield();
    for (size_t i = 0; i < count; i++) {
        if (blocks[i] == nullptr)
            continue;
        CHECK(is_filled(blocks[i], lens[i], (uintptr_t)&blocks[i]));
        heap_free(blocks[i]);
    }
}

/* Rarely, as it takes long: everybody else has to do without for as long. */
void soak_exhaust(struct soak_worker *worker)
{
    struct hoard *first = nullptr;
    unsigned order = HOARD_ORDER;

    if (guest_random_below(&worker->random, 50) != 0)
        return;
    for (;;) {
        paddr_t paddr = frames_allocate(order);
        struct hoard *hoard;

        if (paddr == 0) {
            if (order-- == 0)
                break;
            continue;
        }
        hoard = direct_map_at(paddr);
        *hoard = (struct hoard){.next = first, .tag = paddr};
        first = hoard;
    }
    __atomic_fetch_add(&times_exhausted, 1, __ATOMIC_RELAXED);
    for (unsigned i = 0; i < 4; i++)
        sched_yield();
    while (first != nullptr) {
        struct hoard *next = first->next;
        paddr_t paddr = first->tag;

        CHECK(first == direct_map_at(paddr));
        frames_free(paddr);
        first = next;
    }
}
