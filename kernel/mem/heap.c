#include "kernel/mem/heap.h"

#include "kernel/mem/frames.h"
#include "kernel/mem/slab.h"
#include "kernel/panic.h"

/* What is left of a page after a slab's header divides by these, but for the smaller ones' rest. */
static const uint16_t lengths[] = {16, 32, 64, 128, 256, 512, 1008, SLAB_MAX_LEN};
#define CLASS_COUNT (sizeof lengths / sizeof lengths[0])

static struct slab_cache classes[CLASS_COUNT]; /* made when memory is first asked for */

/* Pages: of the blocks alone. */
static struct heap_statistics heap;

static void note(uint64_t *number, uint64_t change)
{
    (void)__atomic_fetch_add(number, change, __ATOMIC_RELAXED);
}

static void note_allocated(uint64_t bytes)
{
    note(&heap.allocations, 1);
    note(&heap.bytes, bytes);
    /* Of two at once one may be missed. */
    if (heap.bytes > heap.peak_bytes)
        heap.peak_bytes = heap.bytes;
}

static void note_freed(uint64_t bytes)
{
    note(&heap.allocations, -UINT64_C(1));
    note(&heap.bytes, -bytes);
}

static void *block_allocate(size_t len)
{
    unsigned order = frames_order_for(len);
    paddr_t paddr = order > FRAMES_MAX_ORDER ? 0 : frames_allocate(order);

    if (paddr == 0)
        return nullptr;
    note(&heap.pages, UINT64_C(1) << order);
    note_allocated((uint64_t)PAGE_LEN << order);
    frames_set_owner(paddr, FRAMES_HEAP);
    return direct_map_at(paddr);
}

/* The first to ask are the self-tests, before there is a second processor. */
static void make_classes(void)
{
    for (size_t i = 0; i < CLASS_COUNT; i++)
        classes[i] = (struct slab_cache)SLAB_CACHE("heap", lengths[i]);
}

static void *small_allocate(size_t len)
{
    struct slab_cache *class = classes;
    void *memory;

    if (class->object_len == 0)
        make_classes();
    while (class->object_len < len)
        class ++;
    memory = slab_allocate(class);
    if (memory != nullptr)
        note_allocated(class->object_len);
    return memory;
}

void *heap_allocate(size_t len)
{
    void *memory;

    if (len == 0)
        return nullptr;
    memory = len > SLAB_MAX_LEN ? block_allocate(len) : small_allocate(len);
    if (memory == nullptr)
        note(&heap.failures, 1);
    return memory;
}

static void block_free(void *memory)
{
    paddr_t paddr = (uintptr_t)memory - (uintptr_t)direct_map_at(0);
    unsigned order = frames_order(paddr);

    /* Slabs, page tables and stacks are allocated blocks of frames, too. */
    if (!frames_is_owned(paddr, FRAMES_HEAP))
        panic("heap: %p was never allocated", memory);
    frames_free(paddr);
    note(&heap.pages, -(UINT64_C(1) << order));
    note_freed((uint64_t)PAGE_LEN << order);
}

static void small_free(void *memory)
{
    struct slab_cache *cache = slab_cache_of(memory);

    if (cache < classes || cache >= classes + CLASS_COUNT)
        panic("heap: %p is a %s", memory, cache->name);
    slab_free(cache, memory);
    note_freed(cache->object_len);
}

void heap_free(void *memory)
{
    if (memory == nullptr)
        return;
    /* A block starts on a page boundary and an object of a slab never does. */
    if (((uintptr_t)memory & PAGE_MASK) == 0)
        block_free(memory);
    else
        small_free(memory);
}

void heap_get_statistics(struct heap_statistics *statistics)
{
    *statistics = heap;
    for (size_t i = 0; i < CLASS_COUNT; i++)
        statistics->pages += classes[i].pages;
}
