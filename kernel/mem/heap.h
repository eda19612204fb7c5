/*
 * heap.h - memory by the byte, out of frames.
 *
 * Eight size classes up to 2016 bytes, each a cache of slabs (slab.h); above that, blocks of
 * frames. Memory comes zeroed and is zeroed when freed. What there are many of has a cache of its
 * own.
 *
 * For all processors; locks as for slabs, and for blocks of frames none.
 */
#ifndef NONOS_KERNEL_MEM_HEAP_H
#define NONOS_KERNEL_MEM_HEAP_H

#include <stddef.h>
#include <stdint.h>

struct heap_statistics {
    uint64_t allocations; /* alive now */
    uint64_t bytes;       /* alive now, as rounded up */
    uint64_t peak_bytes;  /* the highest that bytes ever was */
    uint64_t pages;       /* frames held, free room in slabs included */
    uint64_t failures;    /* requests that found no memory */
};

/* len zeroed bytes, aligned to 16 (to 4096 above 2016 bytes); null when there is no memory or len
 * is 0. */
[[nodiscard]] void *heap_allocate(size_t len);

/* Zeroes and takes back what heap_allocate returned; nothing for null. Panics on anything else, a
 * second time included. */
void heap_free(void *memory);

/* As of now; every member is set. */
void heap_get_statistics(struct heap_statistics *statistics);

#endif
