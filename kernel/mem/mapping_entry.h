/*
 * mapping_entry.h - what an entry of a page table says, for the files that read and write them.
 *
 * An entry of the lower half that names a table counts what is present in it: in bits that the
 * processor ignores, so that the last page takes its tables with it without a search.
 *
 * Source: SDM vol. 3 §4.5.4, tables 4-15 to 4-20.
 */
#ifndef NONOS_KERNEL_MEM_MAPPING_ENTRY_H
#define NONOS_KERNEL_MEM_MAPPING_ENTRY_H

#include "kernel/mem/mapping.h"

#define ENTRY_COUNT 512u
#define LEVEL_ROOT 3u /* level 0 has the 4 KiB pages, 1 and 2 may have larger ones */

#define PRESENT (UINT64_C(1) << 0)
#define WRITABLE (UINT64_C(1) << 1)
#define USER (UINT64_C(1) << 2)
#define WRITE_THROUGH (UINT64_C(1) << 3)
#define CACHE_DISABLE (UINT64_C(1) << 4)
#define ACCESSED (UINT64_C(1) << 5)
#define DIRTY (UINT64_C(1) << 6)
#define LARGE (UINT64_C(1) << 7)
#define GLOBAL (UINT64_C(1) << 8)
#define NO_EXECUTE (UINT64_C(1) << 63)
#define ADDRESS_BITS UINT64_C(0x000FFFFFFFFFF000)
#define CHILD (UINT64_C(1) << 52) /* one of what is present in the table below */
#define CHILDREN (UINT64_C(0x3FF) << 52)

/* The bytes that one entry of a level maps. */
static inline uint64_t level_len(unsigned level)
{
    return (uint64_t)PAGE_LEN << (9 * level);
}

static inline size_t level_index(vaddr_t vaddr, unsigned level)
{
    return vaddr >> (12 + 9 * level) & (ENTRY_COUNT - 1);
}

static inline uint64_t *table_at(uint64_t entry)
{
    return direct_map_at(entry & ADDRESS_BITS);
}

/* Writable and executable never go together. */
static inline bool is_too_much(unsigned flags)
{
    return (flags & MAPPING_WRITE) != 0 && (flags & MAPPING_EXECUTE) != 0;
}

/* What an entry for a page says besides its frame: accessed and dirty, so that no processor ever
 * writes to it. */
static inline uint64_t page_bits(unsigned flags)
{
    return PRESENT | ACCESSED | DIRTY | ((flags & MAPPING_USER) != 0 ? USER : GLOBAL) |
           ((flags & MAPPING_WRITE) != 0 ? WRITABLE : 0) |
           ((flags & MAPPING_EXECUTE) != 0 ? 0 : NO_EXECUTE) |
           ((flags & MAPPING_UNCACHED) != 0 ? WRITE_THROUGH | CACHE_DISABLE : 0);
}

/* From index on; ENTRY_COUNT when there is none. Most of most tables is empty. */
static inline size_t next_present(const uint64_t *table, size_t index)
{
    while (index < ENTRY_COUNT && (table[index] & PRESENT) == 0)
        index++;
    return index;
}

/* Whether an entry that is present maps a page, and not a table. */
static inline bool is_page(uint64_t entry, unsigned level)
{
    return level == 0 || (level < LEVEL_ROOT && (entry & LARGE) != 0);
}

/* What all levels together allow, from the root down: NX counts when any sets it, the others when
 * all do. */
#define RIGHTS_ALL (WRITABLE | USER)
static inline uint64_t rights_below(uint64_t rights, uint64_t value)
{
    return (rights & value & (WRITABLE | USER)) | ((rights | value) & NO_EXECUTE);
}

static inline unsigned flags_of(uint64_t rights, uint64_t value)
{
    return ((rights & WRITABLE) != 0 ? (unsigned)MAPPING_WRITE : 0) |
           ((rights & NO_EXECUTE) == 0 ? (unsigned)MAPPING_EXECUTE : 0) |
           ((rights & USER) != 0 ? (unsigned)MAPPING_USER : 0) |
           ((value & CACHE_DISABLE) != 0 ? (unsigned)MAPPING_UNCACHED : 0);
}

static inline struct mapping_page page_of(unsigned level, vaddr_t vaddr, uint64_t value,
                                          uint64_t rights)
{
    return (struct mapping_page){.vaddr = vaddr,
                                 .paddr = value & ADDRESS_BITS & ~(level_len(level) - 1),
                                 .len = level_len(level),
                                 .size = (enum mapping_size)level,
                                 .flags = flags_of(rights, value)};
}

#endif
