/*
 * page_walk.h - reads 4-level page tables as a processor would (SDM vol. 3 §4.5), from an arena
 * that stands for physical memory. Shares nothing with the code that builds them.
 */
#ifndef NONOS_TESTS_SUPPORT_PAGE_WALK_H
#define NONOS_TESTS_SUPPORT_PAGE_WALK_H

#include "tests/support/vectors.h"

struct page_walk {
    const uint8_t *arena; /* its first page is the root */
    uint64_t arena_paddr;
    size_t page_count;
};

struct page_mapping {
    uint64_t vaddr; /* of the page, 4 KiB, 2 MiB or 1 GiB */
    uint64_t paddr;
    uint64_t len;
    bool writable;
    bool executable;
    bool user;
};

static inline uint64_t page_walk_entry(const struct page_walk *walk, uint64_t table_paddr,
                                       uint64_t index)
{
    uint64_t entry;
    assert_true(table_paddr >= walk->arena_paddr);
    assert_true((table_paddr - walk->arena_paddr) / 4096 < walk->page_count);
    memcpy(&entry, walk->arena + (table_paddr - walk->arena_paddr) + 8 * index, sizeof(entry));
    return entry;
}

typedef void page_walk_visitor(void *context, const struct page_mapping *mapping);

static inline void page_walk_table(const struct page_walk *walk, uint64_t table, unsigned shift,
                                   const struct page_mapping *above, page_walk_visitor *visit,
                                   void *context)
{
    for (uint64_t i = 0; i < 512; i++) {
        uint64_t entry = page_walk_entry(walk, table, i);
        struct page_mapping m = *above;
        if ((entry & 1) == 0) {
            assert_int_equal(entry, 0);
            continue;
        }
        m.vaddr |= i << shift;
        if (shift == 39 && i >= 256)
            m.vaddr |= UINT64_C(0xFFFF000000000000);
        m.writable = m.writable && (entry >> 1 & 1) != 0;
        m.user = m.user && (entry >> 2 & 1) != 0;
        m.executable = m.executable && entry >> 63 == 0;
        m.paddr = entry & UINT64_C(0x000FFFFFFFFFF000);
        m.len = UINT64_C(1) << shift;
        bool large = (entry >> 7 & 1) != 0;
        if (shift == 12 || large) {
            /* PS is reserved in the root; in a 4 KiB entry bit 7 is PAT, which nobody sets. */
            assert_true(!large || shift == 21 || shift == 30);
            assert_int_equal(m.paddr % m.len, 0);
            visit(context, &m);
        } else {
            page_walk_table(walk, m.paddr, shift - 9, &m, visit, context);
        }
    }
}

/* Calls visit for every page, in ascending order of virtual address. */
static inline void page_walk_all(const struct page_walk *walk, page_walk_visitor *visit,
                                 void *context)
{
    struct page_mapping all = {.writable = true, .executable = true, .user = true};
    page_walk_table(walk, walk->arena_paddr, 39, &all, visit, context);
}

struct page_walk_search {
    uint64_t vaddr;
    struct page_mapping found;
    bool is_mapped;
};

static inline void page_walk_compare(void *context, const struct page_mapping *mapping)
{
    struct page_walk_search *search = context;
    if (search->vaddr - mapping->vaddr < mapping->len) {
        assert_false(search->is_mapped);
        search->is_mapped = true;
        search->found = *mapping;
    }
}

/* The page that an address is in; false when it is not mapped. */
static inline bool page_walk_find(const struct page_walk *walk, uint64_t vaddr,
                                  struct page_mapping *out)
{
    struct page_walk_search search = {.vaddr = vaddr};
    page_walk_all(walk, page_walk_compare, &search);
    *out = search.found;
    return search.is_mapped;
}

#endif
