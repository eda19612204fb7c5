/*
 * books.h - one byte for each frame of memory that is ours, for the frame allocator (frames.c).
 *
 * Kept for each GiB apart, and no further than memory reaches in it: what a hole costs is 16 bytes
 * for each GiB of it. 1 TiB takes 256 MiB of books, a machine of 64 MiB 16 KiB.
 */
#ifndef NONOS_KERNEL_MEM_BOOKS_H
#define NONOS_KERNEL_MEM_BOOKS_H

#include "abi/error.h"
#include "kernel/mem/frames.h"

/* The largest block is as large: none lies in two of them. */
#define BOOKS_SECTION_FRAMES (UINT64_C(1) << FRAMES_MAX_ORDER)

struct books_section {
    uint8_t *bytes;
    uint64_t count;
};

struct books {
    struct books_section *sections; /* the bytes follow */
    uint64_t section_count;
    uint64_t frame_end; /* frames from here on have none */
    uint64_t first;     /* frame of both, and how many they take */
    uint64_t pages;
    uint64_t left_out_pages; /* usable by type, but below 1 MiB or too high */
};
extern struct books books;

/* Books for all that is of type USABLE or LOADER in a valid map, each byte as given; they lie in
 * the largest USABLE region below reachable_end and take half of it at most: what is too high for
 * that is left out. NONOS_E_NO_MEMORY when no region has room for any. */
[[nodiscard]] enum nonos_error books_init(const struct nonos_memory_region *map, size_t count,
                                          paddr_t reachable_end, uint8_t byte);

/* A frame's byte; null when it has none. Those of a block lie one after the other. */
static inline uint8_t *books_at(uint64_t frame)
{
    uint64_t section = frame / BOOKS_SECTION_FRAMES;
    uint64_t index = frame % BOOKS_SECTION_FRAMES;

    if (section >= books.section_count || index >= books.sections[section].count)
        return nullptr;
    return &books.sections[section].bytes[index];
}

#endif
