#include "kernel/mem/mapping.h"

#include "kernel/mem/frames.h"

#include <stdckdint.h>

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

/* The bytes that one entry of a level maps. */
static uint64_t level_len(unsigned level)
{
    return (uint64_t)PAGE_LEN << (9 * level);
}

static size_t level_index(vaddr_t vaddr, unsigned level)
{
    return vaddr >> (12 + 9 * level) & (ENTRY_COUNT - 1);
}

static bool is_canonical(vaddr_t vaddr)
{
    uint64_t top = vaddr >> 47;

    return top == 0 || top == 0x1FFFF;
}

static uint64_t *table_at(uint64_t entry)
{
    return direct_map_at(entry & ADDRESS_BITS);
}

enum nonos_error mapping_create(paddr_t *root)
{
    *root = frames_allocate(0);
    return *root == 0 ? NONOS_E_NO_MEMORY : NONOS_OK;
}

/* The entry of this level for vaddr; tables on the way are made. user: USER or 0. */
static enum nonos_error entry_reach(paddr_t root, vaddr_t vaddr, unsigned level, uint64_t user,
                                    uint64_t **entry)
{
    uint64_t *table = direct_map_at(root);

    *entry = nullptr;
    for (unsigned at = LEVEL_ROOT; at > level; at--) {
        uint64_t *upper = &table[level_index(vaddr, at)];

        if ((*upper & PRESENT) == 0) {
            paddr_t paddr = frames_allocate(0);

            if (paddr == 0)
                return NONOS_E_NO_MEMORY;
            *upper = paddr | PRESENT | WRITABLE;
        } else if ((*upper & LARGE) != 0) {
            return NONOS_E_EXISTS;
        }
        *upper |= user;
        table = table_at(*upper);
    }
    *entry = &table[level_index(vaddr, level)];
    return NONOS_OK;
}

/* Fills count entries, which lie in one table, with pages of this level. */
static enum nonos_error fill_entries(uint64_t *entry, size_t count, uint64_t value, unsigned level)
{
    for (size_t i = 0; i < count; i++, value += level_len(level)) {
        if ((entry[i] & PRESENT) != 0)
            return NONOS_E_EXISTS;
        entry[i] = value;
    }
    return NONOS_OK;
}

static unsigned level_that_fits(vaddr_t vaddr, paddr_t paddr, uint64_t len, unsigned flags)
{
    unsigned level = (flags & MAPPING_PAGES_1G) != 0 ? 2 : 1;

    while (level > 0 && (((vaddr | paddr) & (level_len(level) - 1)) != 0 || len < level_len(level)))
        level--;
    return level;
}

static bool range_is_valid(vaddr_t vaddr, paddr_t paddr, uint64_t len, bool user)
{
    uint64_t last;
    uint64_t end;

    if (((vaddr | paddr | len) & PAGE_MASK) != 0 || len == 0)
        return false;
    if (!is_canonical(vaddr) || ckd_add(&last, vaddr, len - 1) || vaddr >> 47 != last >> 47)
        return false;
    if (user && vaddr >= ADDRESS_USER_END)
        return false;
    return !ckd_add(&end, paddr, len) && end <= ADDRESS_PADDR_LIMIT;
}

enum nonos_error mapping_add(paddr_t root, vaddr_t vaddr, paddr_t paddr, uint64_t len,
                             unsigned flags)
{
    bool writable = (flags & MAPPING_WRITE) != 0;
    bool executable = (flags & MAPPING_EXECUTE) != 0;
    bool user = (flags & MAPPING_USER) != 0;
    uint64_t bits = PRESENT | ACCESSED | DIRTY | (user ? USER : GLOBAL) |
                    (writable ? WRITABLE : 0) | (executable ? 0 : NO_EXECUTE) |
                    ((flags & MAPPING_UNCACHED) != 0 ? WRITE_THROUGH | CACHE_DISABLE : 0);

    if (!range_is_valid(vaddr, paddr, len, user) || (writable && executable))
        return NONOS_E_SIZE;
    while (len > 0) {
        unsigned level = level_that_fits(vaddr, paddr, len, flags);
        size_t count = ENTRY_COUNT - level_index(vaddr, level);
        uint64_t *entry;
        enum nonos_error error = entry_reach(root, vaddr, level, user ? USER : 0, &entry);

        if (count > len / level_len(level))
            count = len / level_len(level);
        if (error == NONOS_OK)
            error = fill_entries(entry, count, paddr | bits | (level > 0 ? LARGE : 0), level);
        if (error != NONOS_OK)
            return error;
        vaddr += count * level_len(level);
        paddr += count * level_len(level);
        len -= count * level_len(level);
    }
    return NONOS_OK;
}

bool mapping_find(paddr_t root, vaddr_t vaddr, struct mapping_entry *entry)
{
    const uint64_t *table = direct_map_at(root);
    bool writable = true;
    bool executable = true;

    *entry = (struct mapping_entry){0};
    if (!is_canonical(vaddr))
        return false;
    for (unsigned level = LEVEL_ROOT;; level--) {
        uint64_t value = table[level_index(vaddr, level)];

        if ((value & PRESENT) == 0)
            return false;
        writable = writable && (value & WRITABLE) != 0;
        executable = executable && (value & NO_EXECUTE) == 0;
        if (level == 0 || (level < LEVEL_ROOT && (value & LARGE) != 0)) {
            uint64_t within = level_len(level) - 1;

            *entry =
                (struct mapping_entry){.paddr = (value & ADDRESS_BITS & ~within) | (vaddr & within),
                                       .writable = writable,
                                       .executable = executable,
                                       .uncached = (value & CACHE_DISABLE) != 0};
            return true;
        }
        table = table_at(value);
    }
}

/* Where a walk is in the table of one level. */
struct step {
    const uint64_t *table;
    vaddr_t vaddr;   /* of the first entry */
    uint64_t rights; /* what the levels above allow */
    size_t next;
};

static unsigned flags_of(uint64_t rights, uint64_t value)
{
    return ((rights & WRITABLE) != 0 ? (unsigned)MAPPING_WRITE : 0) |
           ((rights & NO_EXECUTE) == 0 ? (unsigned)MAPPING_EXECUTE : 0) |
           ((rights & USER) != 0 ? (unsigned)MAPPING_USER : 0) |
           ((value & CACHE_DISABLE) != 0 ? (unsigned)MAPPING_UNCACHED : 0);
}

static struct mapping_page page_of(unsigned level, vaddr_t vaddr, uint64_t value, uint64_t rights)
{
    return (struct mapping_page){.vaddr = vaddr,
                                 .paddr = value & ADDRESS_BITS & ~(level_len(level) - 1),
                                 .len = level_len(level),
                                 .size = (enum mapping_size)level,
                                 .flags = flags_of(rights, value)};
}

/* The address of an entry: the upper half of the root's are in the upper half of all addresses. */
static vaddr_t entry_vaddr(const struct step *step, unsigned level, size_t index)
{
    vaddr_t vaddr = step->vaddr + index * level_len(level);

    return level == LEVEL_ROOT && index >= ENTRY_COUNT / 2 ? vaddr | ~(ADDRESS_USER_END * 2 - 1)
                                                           : vaddr;
}

/* From index on; ENTRY_COUNT when there is none. Most of most tables is empty. */
static size_t next_present(const uint64_t *table, size_t index)
{
    while (index < ENTRY_COUNT && (table[index] & PRESENT) == 0)
        index++;
    return index;
}

uint64_t mapping_walk(paddr_t root, void (*visit)(void *context, const struct mapping_page *page),
                      void *context)
{
    struct step path[LEVEL_ROOT + 1];
    unsigned level = LEVEL_ROOT;
    uint64_t tables = 1;

    path[level] = (struct step){.table = direct_map_at(root), .rights = WRITABLE | USER};
    while (level <= LEVEL_ROOT) {
        struct step *step = &path[level];
        size_t index = next_present(step->table, step->next);
        uint64_t value;
        uint64_t rights;

        if (index == ENTRY_COUNT) {
            level++;
            continue;
        }
        value = step->table[index];
        step->next = index + 1;
        /* NX counts when any level sets it, the others when all do. */
        rights = (step->rights & value & (WRITABLE | USER)) | ((step->rights | value) & NO_EXECUTE);
        if (level == 0 || (level < LEVEL_ROOT && (value & LARGE) != 0)) {
            struct mapping_page page =
                page_of(level, entry_vaddr(step, level, index), value, rights);

            visit(context, &page);
        } else {
            level--;
            tables++;
            path[level] = (struct step){.table = table_at(value),
                                        .vaddr = entry_vaddr(step, level + 1, index),
                                        .rights = rights};
        }
    }
    return tables;
}

static void count_page(void *context, const struct mapping_page *page)
{
    struct mapping_statistics *statistics = context;
    bool executable = (page->flags & MAPPING_EXECUTE) != 0;

    statistics->pages_4k += page->size == MAPPING_SIZE_4K;
    statistics->pages_2m += page->size == MAPPING_SIZE_2M;
    statistics->pages_1g += page->size == MAPPING_SIZE_1G;
    statistics->executable_pages += executable;
    statistics->writable_executable_pages += executable && (page->flags & MAPPING_WRITE) != 0;
    statistics->user_pages += (page->flags & MAPPING_USER) != 0;
}

void mapping_count(paddr_t root, struct mapping_statistics *statistics)
{
    *statistics = (struct mapping_statistics){0};
    statistics->tables = mapping_walk(root, count_page, statistics);
}
