#include "kernel/mem/mapping_entry.h"

/* Where a walk is in the table of one level. */
struct step {
    const uint64_t *table;
    vaddr_t vaddr;   /* of the first entry */
    uint64_t rights; /* what the levels above allow */
    size_t next;
};

/* The address of an entry: the upper half of the root's are in the upper half of all addresses. */
static vaddr_t entry_vaddr(const struct step *step, unsigned level, size_t index)
{
    vaddr_t vaddr = step->vaddr + index * level_len(level);

    return level == LEVEL_ROOT && index >= ENTRY_COUNT / 2 ? vaddr | ~(ADDRESS_USER_END * 2 - 1)
                                                           : vaddr;
}

uint64_t mapping_walk(paddr_t root, void (*visit)(void *context, const struct mapping_page *page),
                      void *context)
{
    struct step path[LEVEL_ROOT + 1];
    unsigned level = LEVEL_ROOT;
    uint64_t tables = 1;

    path[level] = (struct step){.table = direct_map_at(root), .rights = RIGHTS_ALL};
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
        rights = rights_below(step->rights, value);
        if (is_page(value, level)) {
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
