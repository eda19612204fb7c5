#include "kernel/mem/slab.h"

#include "kernel/mem/frames.h"
#include "kernel/mem/slab_fill.h"
#include "kernel/panic.h"

#define SLAB_MAGIC UINT32_C(0x42414C53)
#define SLAB_HEADER_LEN 64u
#define MAP_WORDS 4u /* 252 objects of 16 bytes are the most that a slab has */

/* At the start of the page; the objects follow. */
struct slab {
    uint32_t magic;
    uint32_t used;
    struct slab_cache *cache;
    struct slab *next; /* slabs of the cache with room */
    struct slab *previous;
    uint64_t map[MAP_WORDS]; /* bit set: the object is allocated */
};
static_assert(sizeof(struct slab) <= SLAB_HEADER_LEN);

static size_t object_count(const struct slab_cache *cache)
{
    return (PAGE_LEN - SLAB_HEADER_LEN) / cache->object_len;
}

static uint8_t *object_at(struct slab *slab, size_t index)
{
    return (uint8_t *)slab + SLAB_HEADER_LEN + index * slab->cache->object_len;
}

static void list_push(struct slab *slab)
{
    struct slab_cache *cache = slab->cache;

    slab->previous = nullptr;
    slab->next = cache->with_room;
    if (slab->next != nullptr)
        slab->next->previous = slab;
    cache->with_room = slab;
}

static void list_remove(struct slab *slab)
{
    if (slab->previous != nullptr)
        slab->previous->next = slab->next;
    else
        slab->cache->with_room = slab->next;
    if (slab->next != nullptr)
        slab->next->previous = slab->previous;
}

static struct slab *slab_create(struct slab_cache *cache)
{
    paddr_t paddr = frames_allocate(0);
    struct slab *slab;

    if (paddr == 0)
        return nullptr;
    slab = direct_map_at(paddr);
    slab->magic = SLAB_MAGIC;
    slab->cache = cache;
    slab_fill_new(object_at(slab, 0), PAGE_LEN - SLAB_HEADER_LEN);
    list_push(slab);
    cache->pages++;
    return slab;
}

/* Of a slab on the list, which has room. */
static void *take_object(struct slab *slab)
{
    size_t i = 0;

    while (slab->map[i / 64] == UINT64_MAX)
        i += 64;
    i += (size_t)__builtin_ctzll(~slab->map[i / 64]);
    slab->map[i / 64] |= UINT64_C(1) << (i % 64);
    slab->cache->objects++;
    slab->used++;
    if (slab->used == object_count(slab->cache))
        list_remove(slab);
    return object_at(slab, i);
}

void *slab_allocate(struct slab_cache *cache)
{
    bool interrupts = lock_take(&cache->lock);
    struct slab *slab = cache->with_room != nullptr ? cache->with_room : slab_create(cache);
    void *object = slab != nullptr ? take_object(slab) : nullptr;

    lock_release(&cache->lock, interrupts);
    if (object != nullptr)
        slab_fill_take(object, cache->object_len);
    return object;
}

static struct slab *slab_of(const void *memory)
{
    return (struct slab *)((uintptr_t)memory & ~(uintptr_t)PAGE_MASK);
}

struct slab_cache *slab_cache_of(const void *memory)
{
    const struct slab *slab = slab_of(memory);

    if (slab->magic != SLAB_MAGIC || memory == slab)
        panic("heap: %p was never allocated", memory);
    return slab->cache;
}

/* Which object of its slab it is. */
static size_t index_of(const struct slab_cache *cache, const void *object)
{
    /* An offset inside the header wraps around and is no object's either. */
    size_t offset = ((uintptr_t)object & PAGE_MASK) - SLAB_HEADER_LEN;
    size_t i = offset / cache->object_len;

    if (offset % cache->object_len != 0 || i >= object_count(cache))
        panic("heap: %p is not the start of an allocation", object);
    return i;
}

/* Whether the object was allocated until now. */
static bool give_object(struct slab *slab, size_t i)
{
    struct slab_cache *cache = slab->cache;

    if ((slab->map[i / 64] >> (i % 64) & 1) == 0)
        return false;
    slab_fill_free(object_at(slab, i), cache->object_len);
    slab->map[i / 64] &= ~(UINT64_C(1) << (i % 64));
    cache->objects--;
    if (slab->used == object_count(cache))
        list_push(slab);
    slab->used--;
    return true;
}

void slab_free(struct slab_cache *cache, void *object)
{
    struct slab *slab = slab_of(object);
    bool was_allocated;
    bool is_empty;
    bool interrupts;
    size_t i;

    if (object == nullptr)
        return;
    if (slab_cache_of(object) != cache)
        panic("heap: %p is no %s", object, cache->name);
    i = index_of(cache, object);
    interrupts = lock_take(&cache->lock);
    was_allocated = give_object(slab, i);
    is_empty = was_allocated && slab->used == 0;
    if (is_empty) {
        list_remove(slab);
        cache->pages--;
    }
    lock_release(&cache->lock, interrupts);
    if (!was_allocated)
        panic("heap: %p is free already", object);
    if (is_empty)
        frames_free((uintptr_t)slab - (uintptr_t)direct_map_at(0));
}
