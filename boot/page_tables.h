/*
 * page_tables.h - builds 4-level page tables (SDM vol. 3 §4.5). No hardware: tested on the host.
 *
 * Tables come from an arena that the caller gives: zeroed pages, physically contiguous. A mapping
 * is supervisor-only, never both writable and executable, and never replaces another one.
 */
#ifndef NONOS_BOOT_PAGE_TABLES_H
#define NONOS_BOOT_PAGE_TABLES_H

#include "abi/error.h"

#include <stddef.h>
#include <stdint.h>

#define PAGE_TABLES_PAGE_LEN 4096u

/* Permissions beside reading. */
#define PAGE_TABLES_WRITE (1u << 0)
#define PAGE_TABLES_EXECUTE (1u << 1)

struct page_tables {
    uint8_t *arena;       /* where the tables are written to; the caller's */
    uint64_t arena_paddr; /* where the processor will see it; the first page is the root */
    size_t page_count;    /* of the arena */
    size_t used_count;
    bool has_gib_pages; /* the processor has pages of 1 GiB */
};

/* Takes the first page as the root. NONOS_E_INTERNAL: not aligned or empty. */
[[nodiscard]] enum nonos_error page_tables_init(struct page_tables *tables, void *arena,
                                                uint64_t arena_paddr, size_t page_count,
                                                bool has_gib_pages);

/* Maps len bytes with the largest pages that fit. NONOS_E_INTERNAL: not a multiple of 4096, empty,
 * not canonical, out of range, writable and executable, or something is mapped there already;
 * NONOS_E_NO_MEMORY: the arena is used up. On failure part of the range may be mapped. */
[[nodiscard]] enum nonos_error page_tables_map(struct page_tables *tables, uint64_t vaddr,
                                               uint64_t paddr, uint64_t len, unsigned permissions);

#endif
