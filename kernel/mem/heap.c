#include "kernel/mem/heap.h"

#include "kernel/mem/frames.h"
#include "kernel/panic.h"

#include <string.h>

#define SLAB_MAGIC UINT32_C(0x42414C53)
#define SLAB_HEADER_LEN 64u
#define CLASS_COUNT 8u
#define MAP_WORDS 4u /* 252 objects of 16 bytes are the most that a slab has */

/* What is left of a page after the header divides by these, but for the smaller ones' rest. */
static const uint16_t class_len[CLASS_COUNT] = {16, 32, 64, 128, 256, 512, 1008, 2016};

/* At the start of the page; the objects follow. A block of frames starts on a page boundary and an
 * object of a slab never does: that tells the two apart. */
struct slab {
    uint32_t magic;
    uint16_t class;
    uint16_t used;
    struct slab *next; /* slabs of the class with room */
    struct slab *previous;
    uint64_t map[MAP_WORDS]; /* bit set: the object is allocated */
};
static_assert(sizeof(struct slab) <= SLAB_HEADER_LEN);

static struct slab *with_room[CLASS_COUNT];
static struct heap_statistics heap;

static unsigned object_count(unsigned class)
{
    return (PAGE_LEN - SLAB_HEADER_LEN) / class_len[class];
}

static paddr_t paddr_of(const void *memory)
{
    return (uintptr_t)memory - (uintptr_t)direct_map_at(0);
}

static void list_push(struct slab *slab)
{
    slab->previous = nullptr;
    slab->next = with_room[slab->class];
    if (slab->next != nullptr)
        slab->next->previous = slab;
    with_room[slab->class] = slab;
}

static void list_remove(struct slab *slab)
{
    if (slab->previous != nullptr)
        slab->previous->next = slab->next;
    else
        with_room[slab->class] = slab->next;
    if (slab->next != nullptr)
        slab->next->previous = slab->previous;
}

static struct slab *slab_create(unsigned class)
{
    paddr_t paddr = frames_allocate(0);
    struct slab *slab;

    if (paddr == 0)
        return nullptr;
    slab = direct_map_at(paddr);
    slab->magic = SLAB_MAGIC;
    slab->class = (uint16_t)class;
    list_push(slab);
    heap.pages++;
    return slab;
}

static void *slab_take(struct slab *slab)
{
    unsigned count = object_count(slab->class);
    unsigned i = 0;

    while (slab->map[i / 64] == UINT64_MAX)
        i += 64;
    i += (unsigned)__builtin_ctzll(~slab->map[i / 64]);
    if (i >= count)
        panic("heap: a slab on the list has no room");
    slab->map[i / 64] |= UINT64_C(1) << (i % 64);
    slab->used++;
    if (slab->used == count)
        list_remove(slab);
    return (uint8_t *)slab + SLAB_HEADER_LEN + (size_t)i * class_len[slab->class];
}

static void note_allocated(uint64_t bytes)
{
    heap.allocations++;
    heap.bytes += bytes;
    if (heap.bytes > heap.peak_bytes)
        heap.peak_bytes = heap.bytes;
}

static void *large_allocate(size_t len)
{
    unsigned order = frames_order_for(len);
    paddr_t paddr = order > FRAMES_MAX_ORDER ? 0 : frames_allocate(order);

    if (paddr == 0)
        return nullptr;
    heap.pages += UINT64_C(1) << order;
    note_allocated((uint64_t)PAGE_LEN << order);
    frames_mark(paddr);
    return direct_map_at(paddr);
}

static void *small_allocate(size_t len)
{
    unsigned class = 0;
    struct slab *slab;

    while (class_len[class] < len)
        class ++;
    slab = with_room[class] != nullptr ? with_room[class] : slab_create(class);
    if (slab == nullptr)
        return nullptr;
    note_allocated(class_len[class]);
    return slab_take(slab);
}

void *heap_allocate(size_t len)
{
    void *memory;

    if (len == 0)
        return nullptr;
    memory = len > class_len[CLASS_COUNT - 1] ? large_allocate(len) : small_allocate(len);
    if (memory == nullptr)
        heap.failures++;
    return memory;
}

static void large_free(void *memory)
{
    paddr_t paddr = paddr_of(memory);
    unsigned order = frames_order(paddr);

    /* Slabs, page tables and stacks are allocated blocks of frames, too. */
    if (!frames_is_marked(paddr))
        panic("heap: %p was never allocated", memory);
    frames_free(paddr);
    heap.pages -= UINT64_C(1) << order;
    heap.allocations--;
    heap.bytes -= (uint64_t)PAGE_LEN << order;
}

static void small_free(uint8_t *object)
{
    struct slab *slab = (struct slab *)((uintptr_t)object & ~(uintptr_t)PAGE_MASK);
    size_t offset = ((uintptr_t)object & PAGE_MASK) - SLAB_HEADER_LEN;
    size_t len;
    size_t i;

    /* An offset inside the header has wrapped around and is no object's either. */
    if (slab->magic != SLAB_MAGIC || slab->class >= CLASS_COUNT)
        panic("heap: %p was never allocated", (void *)object);
    len = class_len[slab->class];
    i = offset / len;
    if (offset % len != 0 || i >= object_count(slab->class))
        panic("heap: %p is not the start of an allocation", (void *)object);
    if ((slab->map[i / 64] >> (i % 64) & 1) == 0)
        panic("heap: %p is free already", (void *)object);

    memset(object, 0, len);
    if (slab->used == object_count(slab->class))
        list_push(slab);
    slab->map[i / 64] &= ~(UINT64_C(1) << (i % 64));
    slab->used--;
    heap.allocations--;
    heap.bytes -= len;
    if (slab->used == 0) {
        list_remove(slab);
        heap.pages--;
        frames_free(paddr_of(slab));
    }
}

void heap_free(void *memory)
{
    if (memory == nullptr)
        return;
    if (((uintptr_t)memory & PAGE_MASK) == 0)
        large_free(memory);
    else
        small_free(memory);
}

void heap_get_statistics(struct heap_statistics *statistics)
{
    *statistics = heap;
}
