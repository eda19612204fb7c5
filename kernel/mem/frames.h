/*
 * frames.h - physical memory, in blocks of 2^order frames of 4 KiB: a buddy allocator.
 *
 * Memory is given to it in steps (frames_add): what the first tables map at first, the rest once
 * the kernel's own tables are in use. What it hands out is zero, and what it gets back is zeroed at
 * once, before it can be had again: page by page, with preempt_point() in between, while the block
 * is neither free nor allocated. Its books lie apart from the blocks (books.h). Memory below 1 MiB
 * is never touched: firmware and the start of other processors live there.
 *
 * For all processors, with any lock below rank 60 held; a block of more than one frame is allocated
 * and freed with none.
 *
 * Source: Knowlton 1965, "A fast storage allocator" (buddy system).
 */
#ifndef NONOS_KERNEL_MEM_FRAMES_H
#define NONOS_KERNEL_MEM_FRAMES_H

#include "abi/error.h"
#include "kernel/mem/address.h"

#include <stddef.h>
#include <stdint.h>

#define FRAMES_MAX_ORDER 18u /* 1 GiB */
#define FRAMES_LOWEST_PADDR UINT64_C(0x100000)

/* Whose a block is, as its books have it. */
enum frames_owner {
    FRAMES_KERNEL = 0,     /* as they come: tables, slabs, stacks */
    FRAMES_HEAP = 0x20,    /* heap.c's, by themselves */
    FRAMES_PROGRAM = 0x80, /* a page of a program */
};

struct frames_statistics {
    uint64_t total_pages; /* added, the books not included */
    uint64_t free_pages;
    uint64_t books_pages;        /* what the allocator itself needs */
    uint64_t left_out_pages;     /* usable by type, but below 1 MiB or too high */
    uint64_t peak_used_pages;    /* highest total - free ever seen */
    unsigned largest_free_order; /* 0 also when nothing is free */
};

/* Prepares for the memory in map[0 .. count), a valid map (kernel/handoff_check.h). The books are
 * taken out of the largest USABLE region below reachable_end. NONOS_E_NO_MEMORY when there is none
 * with room for them. */
[[nodiscard]] enum nonos_error frames_init(const struct nonos_memory_region *map, size_t count,
                                           paddr_t reachable_end);

/* Adds whatever regions of this type hold inside [start, end). No range may be added twice. What is
 * of type LOADER is zeroed at once: tables, code that could leave them, copies of secrets. */
void frames_add(const struct nonos_memory_region *map, size_t count, enum nonos_memory_type type,
                paddr_t start, paddr_t end);

/* 2^order zeroed frames, aligned to their size; 0 when there are none. */
[[nodiscard]] paddr_t frames_allocate(unsigned order);

/* Zeroes the block and takes it back. Panics when paddr is not the start of an allocated block. */
void frames_free(paddr_t paddr);

/* The order of an allocated block. Panics as frames_free. */
[[nodiscard]] unsigned frames_order(paddr_t paddr);

/* Changes the owner of an allocated block. Panics as frames_free. */
void frames_set_owner(paddr_t paddr, enum frames_owner owner);

/* Whether paddr, which may be anything, is the start of an allocated block of this owner. */
[[nodiscard]] bool frames_is_owned(paddr_t paddr, enum frames_owner owner);

/* The smallest order whose blocks hold len bytes; FRAMES_MAX_ORDER + 1 when none does. */
[[nodiscard]] unsigned frames_order_for(size_t len);

/* As of now; every member is set. */
void frames_get_statistics(struct frames_statistics *statistics);

#endif
