/*
 * spaces.h - an address space on processors.h, with an account, for test programs of what is done
 * to spaces: setup makes it, teardown judges it, destroys it, and has nothing left.
 */
#ifndef NONOS_TESTS_SUPPORT_SPACES_H
#define NONOS_TESTS_SUPPORT_SPACES_H

#include "kernel/mem/frames.h"
#include "kernel/mem/paging.h"
#include "kernel/mem/space.h"
#include "tests/support/processors.h"

#define LOW UINT64_C(0x400000)
#define PAGES 3u

static const struct nonos_memory_region spaces_map[] = {
    {.paddr = MACHINE_PADDR, .page_count = 1024, .type = NONOS_MEMORY_USABLE},
};
static paddr_t kernel_root;
static struct quota quota;
static struct space *space;
static uint64_t free_at_first;

paddr_t paging_root(void)
{
    return kernel_root;
}

void paging_share(paddr_t root)
{
    memcpy((uint8_t *)direct_map_at(root) + PAGE_LEN / 2,
           (uint8_t *)direct_map_at(kernel_root) + PAGE_LEN / 2, PAGE_LEN / 2);
}

static uint64_t free_pages(void)
{
    struct frames_statistics statistics;

    frames_get_statistics(&statistics);
    return statistics.free_pages;
}

static void switch_to(uint32_t processor, struct space *from, struct space *to)
{
    processors_now = processor;
    space_switch(from, to);
    processors_now = 0;
}

[[maybe_unused]] static uint64_t translate_on(uint32_t processor, vaddr_t vaddr)
{
    uint64_t entry;

    processors_now = processor;
    entry = processors_translate(vaddr);
    processors_now = 0;
    return entry;
}

static int setup_with(bool pcid)
{
    assert_int_equal(frames_init(spaces_map, 1, UINT64_C(1) << 32), NONOS_OK);
    frames_add(spaces_map, 1, NONOS_MEMORY_USABLE, 0, ADDRESS_PADDR_END);
    assert_int_equal(mapping_create(&kernel_root), NONOS_OK);
    assert_int_equal(mapping_add(kernel_root, ADDRESS_DIRECT_MAP, 0, PAGE_LEN, MAPPING_WRITE),
                     NONOS_OK);
    processors_init(pcid);
    quota = (struct quota){.limit_pages = 500};
    free_at_first = free_pages();
    assert_int_equal(space_create(&quota, &space), NONOS_OK);
    assert_true((space->translations.pcid != 0) == pcid);
    return 0;
}

static int setup([[maybe_unused]] void **state)
{
    return setup_with(true);
}

[[maybe_unused]] static int setup_without_pcid([[maybe_unused]] void **state)
{
    return setup_with(false);
}

/* Whatever a test did, the space goes and nothing is left. */
static int teardown([[maybe_unused]] void **state)
{
    struct audit_space audit;

    space_audit(space, &audit);
    assert_true(audit_space_is_clean(&audit));
    for (uint32_t i = 0; i < PROCESSORS; i++) {
        if ((space->translations.loaded >> i & 1) != 0)
            switch_to(i, space, nullptr);
    }
    space_destroy(space);
    assert_int_equal(quota.used_pages, 0);
    assert_int_equal(free_pages(), free_at_first);
    machine_interrupt = nullptr;
    return 0;
}

#endif
