#include "kernel/mem/mapping_user.h"

#include "kernel/mem/mapping_entry.h"

/* The entries for vaddr from the root down to the lowest table that is there; returns its level. */
static unsigned walk_down(paddr_t root, vaddr_t vaddr, uint64_t *path[LEVEL_ROOT + 1])
{
    uint64_t *table = direct_map_at(root);
    unsigned level = LEVEL_ROOT;

    for (;;) {
        path[level] = &table[level_index(vaddr, level)];
        if (level == 0 || (*path[level] & PRESENT) == 0)
            return level;
        table = table_at(*path[level]);
        level--;
    }
}

/* count frames for tables, or none. */
static enum nonos_error take_tables(struct quota *quota, paddr_t tables[LEVEL_ROOT], unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        enum nonos_error error = quota_take_frame(quota, &tables[i]);

        if (error == NONOS_OK)
            continue;
        while (i > 0)
            quota_free_frame(quota, tables[--i]);
        return error;
    }
    return NONOS_OK;
}

enum nonos_error mapping_user_add(paddr_t root, vaddr_t vaddr, paddr_t paddr, unsigned flags,
                                  struct quota *quota, uint64_t *made)
{
    uint64_t *path[LEVEL_ROOT + 1];
    paddr_t tables[LEVEL_ROOT];
    enum nonos_error error;
    unsigned level;

    *made = 0;
    if (((vaddr | paddr) & PAGE_MASK) != 0 || vaddr >= ADDRESS_USER_END || is_too_much(flags))
        return NONOS_E_SIZE;
    level = walk_down(root, vaddr, path);
    if (level == 0 && (*path[0] & PRESENT) != 0)
        return NONOS_E_EXISTS;
    error = take_tables(quota, tables, level);
    if (error != NONOS_OK)
        return error;
    *made = level;
    for (; level > 0; level--) {
        *path[level] = tables[level - 1] | PRESENT | WRITABLE | USER | ACCESSED;
        if (level < LEVEL_ROOT)
            *path[level + 1] += CHILD;
        path[level - 1] = &table_at(*path[level])[level_index(vaddr, level - 1)];
    }
    *path[0] = paddr | page_bits(flags | MAPPING_USER);
    *path[1] += CHILD;
    return NONOS_OK;
}

/* The lowest page in [*vaddr, end): *vaddr becomes its address, path its entries. Looks no further
 * than one table of each level; *vaddr becomes where to go on, then. */
static bool seek(paddr_t root, vaddr_t *vaddr, vaddr_t end, uint64_t *path[LEVEL_ROOT + 1])
{
    uint64_t *table = direct_map_at(root);

    for (unsigned level = LEVEL_ROOT;; level--) {
        size_t index = level_index(*vaddr, level);
        size_t next = next_present(table, index);

        if (next != index)
            *vaddr = (*vaddr & ~(level_len(level + 1) - 1)) + next * level_len(level);
        if (next == ENTRY_COUNT || *vaddr >= end)
            return false;
        path[level] = &table[next];
        if (level == 0)
            return true;
        table = table_at(*path[level]);
    }
}

/* Clears the entry of a page, and those of tables that have nothing else in them. */
static void remove_page(uint64_t *path[LEVEL_ROOT + 1], struct mapping_batch *batch)
{
    for (unsigned level = 0;; level++) {
        batch->frames[batch->count++] = *path[level] & ADDRESS_BITS;
        *path[level] = 0;
        if (level == LEVEL_ROOT)
            return;
        *path[level + 1] -= CHILD;
        if ((*path[level + 1] & CHILDREN) != 0)
            return;
    }
}

/* The end of what one call may change: of vaddr's lowest table, in which all pages can have no more
 * than one set of tables with nothing else in it. */
static vaddr_t piece_end(vaddr_t vaddr, vaddr_t end)
{
    vaddr_t table_end = (vaddr | (level_len(1) - 1)) + 1;

    return table_end < end ? table_end : end;
}

vaddr_t mapping_user_remove(paddr_t root, vaddr_t vaddr, vaddr_t end, struct mapping_batch *batch)
{
    uint64_t *path[LEVEL_ROOT + 1];
    vaddr_t stop;

    *batch = (struct mapping_batch){.first = vaddr, .end = vaddr};
    if (!seek(root, &vaddr, end, path))
        return vaddr < end ? vaddr : end;
    batch->first = vaddr;
    stop = piece_end(vaddr, end);
    for (unsigned pages = 0; pages < MAPPING_BATCH_PAGES; pages++) {
        remove_page(path, batch);
        vaddr += PAGE_LEN;
        batch->end = vaddr;
        if (vaddr >= stop || !seek(root, &vaddr, stop, path))
            break;
    }
    return vaddr < end ? vaddr : end;
}

enum nonos_error mapping_user_protect(paddr_t root, vaddr_t vaddr, vaddr_t end, unsigned flags,
                                      vaddr_t *next)
{
    uint64_t *path[LEVEL_ROOT + 1];
    vaddr_t stop = piece_end(vaddr, end);

    *next = vaddr;
    if (((vaddr | end) & PAGE_MASK) != 0 || end > ADDRESS_USER_END || is_too_much(flags))
        return NONOS_E_SIZE;
    for (unsigned pages = 0; pages < MAPPING_BATCH_PAGES && *next < stop; pages++) {
        if (walk_down(root, *next, path) != 0 || (*path[0] & PRESENT) == 0)
            return NONOS_E_NOT_FOUND;
        *path[0] = (*path[0] & ADDRESS_BITS) | page_bits(flags | MAPPING_USER);
        *next += PAGE_LEN;
    }
    return NONOS_OK;
}

bool mapping_user_next(paddr_t root, vaddr_t vaddr, vaddr_t end, struct mapping_page *page)
{
    uint64_t *path[LEVEL_ROOT + 1];

    *page = (struct mapping_page){0};
    while (vaddr < end) {
        if (seek(root, &vaddr, end, path)) {
            uint64_t rights = RIGHTS_ALL;

            for (unsigned level = LEVEL_ROOT; level > 0; level--)
                rights = rights_below(rights, *path[level]);
            *page = page_of(0, vaddr, *path[0], rights_below(rights, *path[0]));
            return true;
        }
    }
    return false;
}
