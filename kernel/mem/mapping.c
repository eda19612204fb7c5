#include "kernel/mem/frames.h"
#include "kernel/mem/mapping_entry.h"

#include <stdckdint.h>

static bool is_canonical(vaddr_t vaddr)
{
    uint64_t top = vaddr >> 47;

    return top == 0 || top == 0x1FFFF;
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
            *upper = paddr | PRESENT | WRITABLE | ACCESSED;
        } else if ((*upper & LARGE) != 0) {
            return NONOS_E_EXISTS;
        }
        *upper |= user;
        table = table_at(*upper);
    }
    *entry = &table[level_index(vaddr, level)];
    return NONOS_OK;
}

enum nonos_error mapping_reserve(paddr_t root, vaddr_t vaddr)
{
    uint64_t *entry;

    return entry_reach(root, vaddr, LEVEL_ROOT - 1, 0, &entry);
}

bool mapping_is_reserved(paddr_t root, vaddr_t vaddr, uint64_t len)
{
    const uint64_t *table = direct_map_at(root);
    size_t last = level_index(vaddr + (len - 1), LEVEL_ROOT);
    size_t i = level_index(vaddr, LEVEL_ROOT);

    while (i <= last && (table[i] & PRESENT) != 0)
        i++;
    return i > last;
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
    bool user = (flags & MAPPING_USER) != 0;
    uint64_t bits = page_bits(flags);

    if (!range_is_valid(vaddr, paddr, len, user) || is_too_much(flags))
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
        if (is_page(value, level)) {
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
