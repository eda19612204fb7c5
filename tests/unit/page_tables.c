#include "boot/page_tables.h"

#include "tests/support/page_walk.h"

#define ARENA_PADDR UINT64_C(0x7654000)
#define ARENA_COUNT 64u
#define KIB UINT64_C(1024)
#define MIB (KIB * KIB)
#define GIB (KIB * MIB)
#define HIGH UINT64_C(0xFFFF800000000000)

struct fixture {
    uint8_t *arena;
    struct page_tables tables;
    struct page_walk walk;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    f->arena = calloc(ARENA_COUNT, 4096);
    assert_non_null(f->arena);
    assert_int_equal(page_tables_init(&f->tables, f->arena, ARENA_PADDR, ARENA_COUNT, true),
                     NONOS_OK);
    f->walk = (struct page_walk){
        .arena = f->arena, .arena_paddr = ARENA_PADDR, .page_count = ARENA_COUNT};
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    free(f->arena);
    free(f);
    return 0;
}

struct tally {
    size_t pages_4k;
    size_t pages_2m;
    size_t pages_1g;
};

static void count_page(void *context, const struct page_mapping *mapping)
{
    struct tally *tally = context;
    tally->pages_4k += mapping->len == 4 * KIB;
    tally->pages_2m += mapping->len == 2 * MIB;
    tally->pages_1g += mapping->len == GIB;
}

static struct tally count_pages(const struct fixture *f)
{
    struct tally tally = {};
    page_walk_all(&f->walk, count_page, &tally);
    return tally;
}

static void assert_mapped(const struct fixture *f, uint64_t vaddr, uint64_t paddr, bool writable,
                          bool executable)
{
    struct page_mapping m;
    if (!page_walk_find(&f->walk, vaddr, &m))
        fail_msg("0x%llx is not mapped", (unsigned long long)vaddr);
    assert_int_equal(m.paddr + (vaddr - m.vaddr), paddr);
    assert_int_equal(m.writable, writable);
    assert_int_equal(m.executable, executable);
    assert_false(m.user);
}

static void assert_unmapped(const struct fixture *f, uint64_t vaddr)
{
    struct page_mapping m;
    assert_false(page_walk_find(&f->walk, vaddr, &m));
}

static void test_new_tables_map_nothing(void **state)
{
    struct fixture *f = *state;
    struct tally tally = count_pages(f);
    assert_int_equal(tally.pages_4k + tally.pages_2m + tally.pages_1g, 0);
    assert_int_equal(f->tables.used_count, 1);
}

static void test_map_sets_exactly_the_permissions_asked_for(void **state)
{
    struct fixture *f = *state;
    const uint64_t at = 0xFFFFFFFF80100000;
    assert_int_equal(page_tables_map(&f->tables, at, 0x100000, 4096, 0), NONOS_OK);
    assert_int_equal(page_tables_map(&f->tables, at + 4096, 0x101000, 4096, PAGE_TABLES_EXECUTE),
                     NONOS_OK);
    assert_int_equal(page_tables_map(&f->tables, at + 8192, 0x102000, 4096, PAGE_TABLES_WRITE),
                     NONOS_OK);
    assert_mapped(f, at, 0x100000, false, false);
    assert_mapped(f, at + 4096 + 17, 0x101000 + 17, false, true);
    assert_mapped(f, at + 8192, 0x102000, true, false);
    assert_unmapped(f, at - 1);
    assert_unmapped(f, at + 12288);
}

static void test_map_refuses_writable_and_executable(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(
        page_tables_map(&f->tables, HIGH, 0, 4096, PAGE_TABLES_WRITE | PAGE_TABLES_EXECUTE),
        NONOS_E_INTERNAL);
    assert_unmapped(f, HIGH);
}

static void test_map_refuses_unknown_permissions(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(page_tables_map(&f->tables, HIGH, 0, 4096, 4), NONOS_E_INTERNAL);
}

static void test_map_refuses_what_is_not_whole_pages(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(page_tables_map(&f->tables, HIGH, 0, 0, 0), NONOS_E_INTERNAL);
    assert_int_equal(page_tables_map(&f->tables, HIGH, 0, 4095, 0), NONOS_E_INTERNAL);
    assert_int_equal(page_tables_map(&f->tables, HIGH + 1, 0, 4096, 0), NONOS_E_INTERNAL);
    assert_int_equal(page_tables_map(&f->tables, HIGH, 512, 4096, 0), NONOS_E_INTERNAL);
}

static void test_map_refuses_addresses_that_are_not_canonical(void **state)
{
    struct fixture *f = *state;
    const uint64_t end_of_low_half = UINT64_C(1) << 47;
    assert_int_equal(page_tables_map(&f->tables, end_of_low_half, 0, 4096, 0), NONOS_E_INTERNAL);
    assert_int_equal(page_tables_map(&f->tables, HIGH - 4096, 0, 4096, 0), NONOS_E_INTERNAL);
    assert_int_equal(page_tables_map(&f->tables, end_of_low_half - 4096, 0, 8192, 0),
                     NONOS_E_INTERNAL);
    assert_int_equal(page_tables_map(&f->tables, end_of_low_half - 4096, 0, 4096, 0), NONOS_OK);
    assert_int_equal(page_tables_map(&f->tables, HIGH, 0, 4096, 0), NONOS_OK);
}

static void test_map_refuses_ranges_that_wrap(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(page_tables_map(&f->tables, UINT64_MAX - 4095, 0, 8192, 0), NONOS_E_INTERNAL);
    assert_int_equal(page_tables_map(&f->tables, HIGH, UINT64_MAX - 4095, 8192, 0),
                     NONOS_E_INTERNAL);
    assert_int_equal(page_tables_map(&f->tables, HIGH, (UINT64_C(1) << 52) - 4096, 8192, 0),
                     NONOS_E_INTERNAL);
    assert_int_equal(page_tables_map(&f->tables, UINT64_MAX - 4095, 0, 4096, 0), NONOS_OK);
}

static void test_map_never_replaces_a_mapping(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(page_tables_map(&f->tables, HIGH + GIB, GIB, 4096, 0), NONOS_OK);
    assert_int_equal(page_tables_map(&f->tables, HIGH + GIB, GIB, 4096, 0), NONOS_E_INTERNAL);
    /* a large page over a table, and a small one inside a large one */
    assert_int_equal(page_tables_map(&f->tables, HIGH + GIB, GIB, 2 * MIB, 0), NONOS_E_INTERNAL);
    assert_int_equal(page_tables_map(&f->tables, HIGH + GIB, GIB, GIB, 0), NONOS_E_INTERNAL);
    assert_int_equal(page_tables_map(&f->tables, HIGH, 0, GIB, PAGE_TABLES_WRITE), NONOS_OK);
    assert_int_equal(page_tables_map(&f->tables, HIGH + 4096, 4096, 4096, 0), NONOS_E_INTERNAL);
    assert_mapped(f, HIGH + 4096, 4096, true, false);
}

static void test_map_chooses_the_largest_pages_that_fit(void **state)
{
    struct fixture *f = *state;
    /* 4 KiB up to 2 MiB, 2 MiB up to 1 GiB, one of 1 GiB, and the same way down */
    const uint64_t start = GIB - 2 * MIB - 8 * KIB;
    const uint64_t len = 8 * KIB + 2 * MIB + GIB + 4 * MIB + 4 * KIB;
    assert_int_equal(page_tables_map(&f->tables, HIGH + start, start, len, PAGE_TABLES_WRITE),
                     NONOS_OK);
    struct tally tally = count_pages(f);
    assert_int_equal(tally.pages_4k, 3);
    assert_int_equal(tally.pages_2m, 3);
    assert_int_equal(tally.pages_1g, 1);
    assert_unmapped(f, HIGH + start - 1);
    assert_unmapped(f, HIGH + start + len);
    for (uint64_t at = start; at < start + len; at += 256 * KIB)
        assert_mapped(f, HIGH + at, at, true, false);
}

static void test_map_uses_no_gib_pages_where_the_cpu_has_none(void **state)
{
    struct fixture *f = *state;
    f->tables.has_gib_pages = false;
    assert_int_equal(page_tables_map(&f->tables, HIGH + GIB, GIB, GIB, 0), NONOS_OK);
    struct tally tally = count_pages(f);
    assert_int_equal(tally.pages_1g, 0);
    assert_int_equal(tally.pages_2m, 512);
    assert_int_equal(tally.pages_4k, 0);
}

static void test_map_uses_small_pages_where_alignment_differs(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(page_tables_map(&f->tables, HIGH, 4096, 2 * MIB, 0), NONOS_OK);
    assert_int_equal(count_pages(f).pages_4k, 512);
    assert_mapped(f, HIGH + 2 * MIB - 1, 2 * MIB + 4095, false, false);
}

static void test_map_says_when_the_arena_is_used_up(void **state)
{
    struct fixture *f = *state;
    f->tables.page_count = 3; /* the root and two of the three tables that a 4 KiB page needs */
    assert_int_equal(page_tables_map(&f->tables, HIGH, 0, 4096, 0), NONOS_E_NO_MEMORY);
    assert_unmapped(f, HIGH);
}

static void test_init_refuses_an_arena_that_cannot_be(void **state)
{
    struct fixture *f = *state;
    struct page_tables tables;
    assert_int_equal(page_tables_init(&tables, f->arena, 17, 1, false), NONOS_E_INTERNAL);
    assert_int_equal(page_tables_init(&tables, f->arena, 4096, 0, false), NONOS_E_INTERNAL);
    assert_int_equal(page_tables_init(&tables, f->arena, UINT64_C(1) << 52, 1, false),
                     NONOS_E_INTERNAL);
    assert_int_equal(tables.page_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_new_tables_map_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_map_sets_exactly_the_permissions_asked_for, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_map_refuses_writable_and_executable, setup, teardown),
        cmocka_unit_test_setup_teardown(test_map_refuses_unknown_permissions, setup, teardown),
        cmocka_unit_test_setup_teardown(test_map_refuses_what_is_not_whole_pages, setup, teardown),
        cmocka_unit_test_setup_teardown(test_map_refuses_addresses_that_are_not_canonical, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_map_refuses_ranges_that_wrap, setup, teardown),
        cmocka_unit_test_setup_teardown(test_map_never_replaces_a_mapping, setup, teardown),
        cmocka_unit_test_setup_teardown(test_map_chooses_the_largest_pages_that_fit, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_map_uses_no_gib_pages_where_the_cpu_has_none, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_map_uses_small_pages_where_alignment_differs, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_map_says_when_the_arena_is_used_up, setup, teardown),
        cmocka_unit_test_setup_teardown(test_init_refuses_an_arena_that_cannot_be, setup, teardown),
    };
    return cmocka_run_group_tests_name("page_tables", tests, nullptr, nullptr);
}
