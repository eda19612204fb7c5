/*
 * slab.h - objects of one type, out of frames: a cache for each type.
 *
 * An object comes zeroed and is zeroed when it is freed; the debug build fills it with a pattern
 * instead, and looks for changes when it is had again (slab_fill.h). An empty slab goes back to the
 * frames. An object of one cache cannot be freed into another.
 *
 * For all processors, with any lock below rank 50 held.
 *
 * Source: Bonwick 1994, "The slab allocator".
 */
#ifndef NONOS_KERNEL_MEM_SLAB_H
#define NONOS_KERNEL_MEM_SLAB_H

#include "kernel/lock.h"

#include <stddef.h>
#include <stdint.h>

#define SLAB_MAX_LEN 2016u

struct slab;

/* To be defined with SLAB_CACHE and then left alone. */
struct slab_cache {
    const char *name;
    size_t object_len;
    struct lock lock;
    struct slab *with_room;
    uint64_t objects; /* allocated now */
    uint64_t pages;   /* held now */
};

/* A cache of objects of len bytes, up to SLAB_MAX_LEN, which become a multiple of 16. */
#define SLAB_CACHE(its_name, len)                                                                  \
    {                                                                                              \
        .name = (its_name),                                                                        \
        .object_len = ((len) + 15u) / 16u * 16u,                                                   \
        .lock = LOCK_INIT(LOCK_SLAB),                                                              \
    }

/* A zeroed object, aligned to 16; null when there is no memory. */
[[nodiscard]] void *slab_allocate(struct slab_cache *cache);

/* Takes back an object of this cache; nothing for null. Panics on anything else, a second time
 * included. */
void slab_free(struct slab_cache *cache, void *object);

/* The cache of which memory is, or was, an object. Panics when there is no slab. */
[[nodiscard]] struct slab_cache *slab_cache_of(const void *memory);

#endif
