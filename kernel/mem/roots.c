#include "kernel/mem/roots.h"

#include "kernel/cpu/features.h"
#include "kernel/mem/mapping.h"

#include <string.h>

unsigned roots_order(void)
{
    return features_isolate(features_get()) ? 1 : 0;
}

void roots_share(paddr_t root, paddr_t from)
{
    if (roots_order() != 0)
        memcpy((uint8_t *)direct_map_at(root + ROOTS_PROGRAM) + PAGE_LEN / 2,
               (const uint8_t *)direct_map_at(from + ROOTS_PROGRAM) + PAGE_LEN / 2, PAGE_LEN / 2);
}

void roots_follow(paddr_t root, vaddr_t vaddr)
{
    uint64_t *entries = direct_map_at(root);
    size_t index = vaddr / MAPPING_ROOT_ENTRY_LEN;

    if (roots_order() != 0)
        entries[PAGE_LEN / sizeof *entries + index] = entries[index];
}
