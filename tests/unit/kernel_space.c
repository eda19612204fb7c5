#include "boot/kernel_space.h"

#include "abi/handoff.h"
#include "tests/support/page_walk.h"

#define PAGE UINT64_C(4096)
#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)
#define ARENA_PADDR UINT64_C(0x7000000)
#define STACK_LEN UINT64_C(65536)

/* A kernel of three segments at 1 MiB, and a machine with the usual hole below 1 MiB. */
static const struct image_elf kernel = {
    .entry = 0xFFFFFFFF80103000,
    .memory_vaddr = 0xFFFFFFFF80100000,
    .memory_paddr = 0x100000,
    .memory_len = 0x20000,
    .segment_count = 3,
    .segments =
        {
            {.vaddr = 0xFFFFFFFF80100000,
             .paddr = 0x100000,
             .mem_len = 0x2345,
             .flags = IMAGE_SEGMENT_R},
            {.vaddr = 0xFFFFFFFF80103000,
             .paddr = 0x103000,
             .mem_len = 0x5001,
             .flags = IMAGE_SEGMENT_R | IMAGE_SEGMENT_X},
            {.vaddr = 0xFFFFFFFF8010A000,
             .paddr = 0x10A000,
             .mem_len = 0x15F00,
             .flags = IMAGE_SEGMENT_R | IMAGE_SEGMENT_W},
        },
};

static struct nonos_memory_region pc_regions[] = {
    {.paddr = 0, .page_count = 160, .type = NONOS_MEMORY_USABLE},
    {.paddr = 0xE0000, .page_count = 32, .type = NONOS_MEMORY_RESERVED},
    {.paddr = 0x100000, .page_count = 32, .type = NONOS_MEMORY_KERNEL},
    {.paddr = 0x120000, .page_count = (0x7000000 - 0x120000) / 4096, .type = NONOS_MEMORY_USABLE},
    {.paddr = 0x7000000, .page_count = 256, .type = NONOS_MEMORY_LOADER},
    {.paddr = 0x7100000, .page_count = 3 * 256, .type = NONOS_MEMORY_RUNTIME},
    {.paddr = 0x7400000, .page_count = 256, .type = NONOS_MEMORY_ACPI_NVS},
    {.paddr = 0xFFC00000, .page_count = 1024, .type = NONOS_MEMORY_MMIO},
    {.paddr = 4 * GIB, .page_count = 3 * GIB / 4096, .type = NONOS_MEMORY_USABLE},
    {.paddr = 7 * GIB, .page_count = 1, .type = NONOS_MEMORY_BAD},
};

static const struct memory_map pc_map = {.regions = pc_regions,
                                         .count = sizeof(pc_regions) / sizeof(pc_regions[0])};

static const struct kernel_space pc = {
    .elf = &kernel,
    .map = &pc_map,
    .image_paddr = 0x100000,
    .stack_paddr = 0x7080000,
    .stack_len = STACK_LEN,
    .trampoline_paddr = 0x70F0000,
};

struct built {
    uint8_t *arena;
    struct page_tables tables;
    struct page_walk walk;
};

static struct built build(const struct kernel_space *space, bool has_gib_pages)
{
    struct built built;
    size_t count = kernel_space_page_count(space, has_gib_pages);
    built.arena = calloc(count, PAGE);
    assert_non_null(built.arena);
    assert_int_equal(
        page_tables_init(&built.tables, built.arena, ARENA_PADDR, count, has_gib_pages), NONOS_OK);
    assert_int_equal(kernel_space_build(space, &built.tables), NONOS_OK);
    built.walk = (struct page_walk){
        .arena = built.arena, .arena_paddr = ARENA_PADDR, .page_count = built.tables.used_count};
    return built;
}

static struct page_mapping find(const struct built *built, uint64_t vaddr)
{
    struct page_mapping m;
    if (!page_walk_find(&built->walk, vaddr, &m))
        fail_msg("0x%llx is not mapped", (unsigned long long)vaddr);
    return m;
}

static bool is_mapped(const struct built *built, uint64_t vaddr)
{
    struct page_mapping m;
    return page_walk_find(&built->walk, vaddr, &m);
}

static void test_each_segment_has_its_own_permissions(void **state)
{
    (void)state;
    struct built built = build(&pc, true);
    for (unsigned i = 0; i < kernel.segment_count; i++) {
        const struct image_segment *s = &kernel.segments[i];
        for (uint64_t at = 0; at < s->mem_len; at += PAGE) {
            struct page_mapping m = find(&built, s->vaddr + at);
            assert_int_equal(m.len, PAGE);
            assert_int_equal(m.paddr, s->paddr + at);
            assert_int_equal(m.writable, (s->flags & IMAGE_SEGMENT_W) != 0);
            assert_int_equal(m.executable, (s->flags & IMAGE_SEGMENT_X) != 0);
        }
    }
    assert_false(is_mapped(&built, kernel.memory_vaddr - 1));
    assert_false(is_mapped(&built, kernel.segments[1].vaddr + 0x6000)); /* between two segments */
    assert_false(is_mapped(&built, kernel.memory_vaddr + kernel.memory_len));
    free(built.arena);
}

static void test_a_moved_image_keeps_its_virtual_address(void **state)
{
    (void)state;
    struct kernel_space moved = pc;
    moved.image_paddr = 0x1200000;
    struct built built = build(&moved, true);
    assert_int_equal(find(&built, 0xFFFFFFFF80103000).paddr, 0x1203000);
    assert_true(find(&built, 0xFFFFFFFF80103000).executable);
    assert_false(find(&built, NONOS_DIRECT_MAP_VADDR + 0x1203000).writable);
    assert_true(find(&built, NONOS_DIRECT_MAP_VADDR + 0x103000).writable);
    free(built.arena);
}

static void test_stack_has_unmapped_pages_around_it(void **state)
{
    (void)state;
    struct built built = build(&pc, true);
    for (uint64_t at = 0; at < STACK_LEN; at += PAGE) {
        struct page_mapping m = find(&built, KERNEL_SPACE_STACK_VADDR + at);
        assert_int_equal(m.paddr, pc.stack_paddr + at);
        assert_true(m.writable);
        assert_false(m.executable);
    }
    assert_false(is_mapped(&built, KERNEL_SPACE_STACK_VADDR - 1));
    assert_false(is_mapped(&built, KERNEL_SPACE_STACK_VADDR - PAGE));
    assert_false(is_mapped(&built, KERNEL_SPACE_STACK_VADDR + STACK_LEN));
    free(built.arena);
}

static void test_trampoline_is_the_only_identity_mapping(void **state)
{
    (void)state;
    struct built built = build(&pc, true);
    struct page_mapping m = find(&built, pc.trampoline_paddr);
    assert_int_equal(m.paddr, pc.trampoline_paddr);
    assert_int_equal(m.len, PAGE);
    assert_true(m.executable);
    assert_false(m.writable);
    assert_false(is_mapped(&built, pc.trampoline_paddr - 1));
    assert_false(is_mapped(&built, pc.trampoline_paddr + PAGE));
    assert_false(is_mapped(&built, 0));
    free(built.arena);
}

static void test_direct_map_has_all_ram_and_nothing_else(void **state)
{
    (void)state;
    struct built built = build(&pc, true);
    for (size_t i = 0; i < pc_map.count; i++) {
        const struct nonos_memory_region *r = &pc_map.regions[i];
        bool is_ram = memory_map_is_ram((enum nonos_memory_type)r->type);
        uint64_t last = r->paddr + r->page_count * PAGE - 1;
        assert_int_equal(is_mapped(&built, NONOS_DIRECT_MAP_VADDR + r->paddr), is_ram);
        assert_int_equal(is_mapped(&built, NONOS_DIRECT_MAP_VADDR + last), is_ram);
        if (is_ram) {
            struct page_mapping m = find(&built, NONOS_DIRECT_MAP_VADDR + last);
            assert_int_equal(m.paddr - m.vaddr, -NONOS_DIRECT_MAP_VADDR);
            assert_false(m.executable);
        }
    }
    assert_false(is_mapped(&built, NONOS_DIRECT_MAP_VADDR + 0xA0000)); /* in no region at all */
    free(built.arena);
}

static void test_direct_map_uses_large_pages_across_types(void **state)
{
    (void)state;
    struct built built = build(&pc, true);
    assert_int_equal(find(&built, NONOS_DIRECT_MAP_VADDR + 5 * GIB).len, GIB);
    assert_int_equal(find(&built, NONOS_DIRECT_MAP_VADDR + 0x400000).len, 2 * MIB);
    /* loader and runtime memory share one large page */
    assert_int_equal(find(&built, NONOS_DIRECT_MAP_VADDR + 0x7200000).len, 2 * MIB);
    free(built.arena);
    built = build(&pc, false);
    assert_int_equal(find(&built, NONOS_DIRECT_MAP_VADDR + 5 * GIB).len, 2 * MIB);
    free(built.arena);
}

struct alias_check {
    const struct built *built;
    uint64_t executable_paddr;
    uint64_t executable_len;
    size_t checked;
};

static void look_for_writer(void *context, const struct page_mapping *m)
{
    struct alias_check *check = context;
    if (m->writable && m->paddr < check->executable_paddr + check->executable_len &&
        check->executable_paddr < m->paddr + m->len)
        fail_msg("0x%llx can be executed, and written at 0x%llx",
                 (unsigned long long)check->executable_paddr, (unsigned long long)m->vaddr);
}

static void check_page(void *context, const struct page_mapping *m)
{
    struct alias_check *check = context;
    assert_false(m->writable && m->executable);
    assert_false(m->user);
    if (m->executable) {
        check->executable_paddr = m->paddr;
        check->executable_len = m->len;
        check->checked++;
        page_walk_all(&check->built->walk, look_for_writer, check);
    }
}

static void assert_no_page_is_writable_and_executable(const struct built *built,
                                                      size_t executable_pages)
{
    struct alias_check check = {.built = built};
    page_walk_all(&built->walk, check_page, &check);
    assert_int_equal(check.checked, executable_pages);
}

static void test_no_page_is_writable_and_executable_anywhere(void **state)
{
    (void)state;
    struct built built = build(&pc, true);
    assert_no_page_is_writable_and_executable(&built, 6 + 1);
    free(built.arena);
}

static void test_trampoline_below_and_above_the_image_are_protected(void **state)
{
    (void)state;
    static const uint64_t places[] = {0x9F000, 0xFF000 - 0x60000, 0x120000, 0x200000, 0x74FF000};
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        struct kernel_space space = pc;
        space.trampoline_paddr = places[i];
        struct built built = build(&space, true);
        assert_no_page_is_writable_and_executable(&built, 6 + 1);
        assert_false(find(&built, NONOS_DIRECT_MAP_VADDR + places[i]).writable);
        assert_true(find(&built, places[i]).executable);
        free(built.arena);
    }
}

/* Any map: there are always pages enough, and RAM is mapped to the last page. */
static void test_page_count_is_enough_for_random_maps(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 60; round++) {
        struct nonos_memory_region regions[24];
        struct memory_map map = {.regions = regions, .count = 24};
        uint64_t at = 0x8000000;
        regions[0] = (struct nonos_memory_region){
            .paddr = 0x100000, .page_count = 0x7F00, .type = NONOS_MEMORY_USABLE};
        for (size_t i = 1; i < map.count; i++) {
            uint64_t pages = 1 + test_random_below(UINT64_C(1) << (1 + test_random_below(20)));
            at += PAGE * test_random_below(UINT64_C(1) << test_random_below(24));
            regions[i] = (struct nonos_memory_region){
                .paddr = at,
                .page_count = pages,
                .type = (uint32_t)(1 + test_random_below(NONOS_MEMORY_BAD))};
            at += pages * PAGE;
        }
        struct kernel_space space = pc;
        space.map = &map;
        bool has_gib_pages = round % 2 == 0;
        struct built built = build(&space, has_gib_pages);
        for (size_t i = 1; i < map.count; i++)
            assert_int_equal(is_mapped(&built, NONOS_DIRECT_MAP_VADDR + regions[i].paddr +
                                                   regions[i].page_count * PAGE - 1),
                             memory_map_is_ram((enum nonos_memory_type)regions[i].type));
        free(built.arena);
    }
}

static void test_page_count_is_enough_for_a_terabyte(void **state)
{
    (void)state;
    struct nonos_memory_region region = {
        .paddr = 0x100000, .page_count = 1024 * GIB / PAGE, .type = NONOS_MEMORY_USABLE};
    struct memory_map map = {.regions = &region, .count = 1};
    struct kernel_space space = pc;
    space.map = &map;
    for (unsigned has_gib_pages = 0; has_gib_pages < 2; has_gib_pages++) {
        struct built built = build(&space, has_gib_pages != 0);
        assert_true(is_mapped(&built, NONOS_DIRECT_MAP_VADDR + 1024 * GIB + 0xFFFFF));
        assert_false(is_mapped(&built, NONOS_DIRECT_MAP_VADDR + 1024 * GIB + 0x100000));
        free(built.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_segment_has_its_own_permissions),
        cmocka_unit_test(test_a_moved_image_keeps_its_virtual_address),
        cmocka_unit_test(test_stack_has_unmapped_pages_around_it),
        cmocka_unit_test(test_trampoline_is_the_only_identity_mapping),
        cmocka_unit_test(test_direct_map_has_all_ram_and_nothing_else),
        cmocka_unit_test(test_direct_map_uses_large_pages_across_types),
        cmocka_unit_test(test_no_page_is_writable_and_executable_anywhere),
        cmocka_unit_test(test_trampoline_below_and_above_the_image_are_protected),
        cmocka_unit_test(test_page_count_is_enough_for_random_maps),
        cmocka_unit_test(test_page_count_is_enough_for_a_terabyte),
    };
    return cmocka_run_group_tests_name("kernel_space", tests, nullptr, nullptr);
}
