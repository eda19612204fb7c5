#include "boot/page_tables.h"

#include <stdckdint.h>
#include <string.h>

/* SDM vol. 3 §4.5.4, table 4-15 and following. */
#define ENTRY_PRESENT (UINT64_C(1) << 0)
#define ENTRY_WRITE (UINT64_C(1) << 1)
#define ENTRY_LARGE (UINT64_C(1) << 7)
#define ENTRY_NO_EXECUTE (UINT64_C(1) << 63)
#define ENTRY_ADDRESS UINT64_C(0x000FFFFFFFFFF000)

#define ENTRY_COUNT 512u
#define MAX_PADDR (UINT64_C(1) << 52)

/* What one entry maps: 4 KiB at level 0, 2 MiB, 1 GiB, 512 GiB at level 3. */
static uint64_t level_len(unsigned level)
{
    return UINT64_C(1) << (12 + 9 * level);
}

static uint64_t read_entry(const struct page_tables *tables, size_t table, unsigned index)
{
    uint64_t entry;
    memcpy(&entry, tables->arena + table * PAGE_TABLES_PAGE_LEN + index * sizeof(entry),
           sizeof(entry));
    return entry;
}

static void write_entry(struct page_tables *tables, size_t table, unsigned index, uint64_t entry)
{
    memcpy(tables->arena + table * PAGE_TABLES_PAGE_LEN + index * sizeof(entry), &entry,
           sizeof(entry));
}

enum nonos_error page_tables_init(struct page_tables *tables, void *arena, uint64_t arena_paddr,
                                  size_t page_count, bool has_gib_pages)
{
    *tables = (struct page_tables){};
    if (arena_paddr % PAGE_TABLES_PAGE_LEN != 0 || arena_paddr >= MAX_PADDR || page_count == 0)
        return NONOS_E_INTERNAL;
    *tables = (struct page_tables){
        .arena = arena,
        .arena_paddr = arena_paddr,
        .page_count = page_count,
        .used_count = 1,
        .has_gib_pages = has_gib_pages,
    };
    return NONOS_OK;
}

/* The number, in the arena, of the table that an entry points to; made if there is none. Entries
 * that lead to tables permit everything: the last one decides. */
static enum nonos_error descend(struct page_tables *tables, size_t table, unsigned index,
                                size_t *next)
{
    uint64_t entry = read_entry(tables, table, index);
    if ((entry & ENTRY_PRESENT) == 0) {
        if (tables->used_count == tables->page_count)
            return NONOS_E_NO_MEMORY;
        *next = tables->used_count++;
        write_entry(tables, table, index,
                    (tables->arena_paddr + *next * PAGE_TABLES_PAGE_LEN) | ENTRY_PRESENT |
                        ENTRY_WRITE);
        return NONOS_OK;
    }
    if ((entry & ENTRY_LARGE) != 0)
        return NONOS_E_INTERNAL;
    *next = (size_t)(((entry & ENTRY_ADDRESS) - tables->arena_paddr) / PAGE_TABLES_PAGE_LEN);
    return NONOS_OK;
}

/* Maps pages of the size of the level as far as one table reaches; *len: how much there is to map,
 * then how much of it is mapped. */
static enum nonos_error fill_table(struct page_tables *tables, uint64_t vaddr, uint64_t paddr,
                                   uint64_t *len, unsigned level, unsigned permissions)
{
    size_t table = 0;
    for (unsigned at = 3; at > level; at--) {
        enum nonos_error error =
            descend(tables, table, (vaddr >> (12 + 9 * at)) % ENTRY_COUNT, &table);
        if (error != NONOS_OK)
            return error;
    }
    unsigned index = (vaddr >> (12 + 9 * level)) % ENTRY_COUNT;
    uint64_t entry = paddr | ENTRY_PRESENT | (level > 0 ? ENTRY_LARGE : 0) |
                     ((permissions & PAGE_TABLES_WRITE) != 0 ? ENTRY_WRITE : 0) |
                     ((permissions & PAGE_TABLES_EXECUTE) != 0 ? 0 : ENTRY_NO_EXECUTE);
    uint64_t left = *len;
    for (; index < ENTRY_COUNT && left >= level_len(level); index++, left -= level_len(level)) {
        if (read_entry(tables, table, index) != 0)
            return NONOS_E_INTERNAL;
        write_entry(tables, table, index, entry);
        entry += level_len(level);
    }
    *len -= left;
    return NONOS_OK;
}

static unsigned choose_level(const struct page_tables *tables, uint64_t vaddr, uint64_t paddr,
                             uint64_t len)
{
    for (unsigned level = tables->has_gib_pages ? 2 : 1; level > 0; level--) {
        if ((vaddr | paddr) % level_len(level) == 0 && len >= level_len(level))
            return level;
    }
    return 0;
}

static bool is_canonical(uint64_t vaddr)
{
    uint64_t top = vaddr >> 47;
    return top == 0 || top == 0x1FFFF;
}

static bool is_valid(uint64_t vaddr, uint64_t paddr, uint64_t len, unsigned permissions)
{
    const unsigned wx = PAGE_TABLES_WRITE | PAGE_TABLES_EXECUTE;
    uint64_t last;
    uint64_t paddr_end;
    if (len == 0 || (vaddr | paddr | len) % PAGE_TABLES_PAGE_LEN != 0)
        return false;
    if (ckd_add(&last, vaddr, len - 1) || ckd_add(&paddr_end, paddr, len))
        return false;
    /* In one half of the address space from end to end. */
    if (!is_canonical(vaddr) || vaddr >> 47 != last >> 47)
        return false;
    return paddr_end <= MAX_PADDR && (permissions & ~wx) == 0 && (permissions & wx) != wx;
}

enum nonos_error page_tables_map(struct page_tables *tables, uint64_t vaddr, uint64_t paddr,
                                 uint64_t len, unsigned permissions)
{
    if (!is_valid(vaddr, paddr, len, permissions))
        return NONOS_E_INTERNAL;
    while (len > 0) {
        uint64_t mapped_len = len;
        enum nonos_error error = fill_table(tables, vaddr, paddr, &mapped_len,
                                            choose_level(tables, vaddr, paddr, len), permissions);
        if (error != NONOS_OK)
            return error;
        vaddr += mapped_len;
        paddr += mapped_len;
        len -= mapped_len;
    }
    return NONOS_OK;
}
