#include "kernel/mem/mapping.h"

#include "kernel/mem/frames.h"
#include "tests/support/machine.h"

#define MIB UINT64_C(0x100000)
#define GIB UINT64_C(0x40000000)
#define HIGH UINT64_C(0xFFFF800000000000)

static const struct nonos_memory_region map[] = {
    {.paddr = MACHINE_PADDR, .page_count = MACHINE_LEN / PAGE_LEN, .type = NONOS_MEMORY_USABLE},
};

static paddr_t root;

static int setup(void **state)
{
    (void)state;
    assert_int_equal(frames_init(map, 1, UINT64_C(1) << 32), NONOS_OK);
    frames_add(map, 1, NONOS_MEMORY_USABLE, 0, ADDRESS_PADDR_END);
    assert_int_equal(mapping_create(&root), NONOS_OK);
    return 0;
}

static struct mapping_statistics count(void)
{
    struct mapping_statistics s;

    mapping_count(root, &s);
    return s;
}

static void test_empty_tables_map_nothing(void **state)
{
    struct mapping_entry entry = {.paddr = 1, .writable = true, .executable = true};

    (void)state;
    assert_false(mapping_find(root, 0, &entry));
    assert_int_equal(entry.paddr, 0);
    assert_false(entry.writable || entry.executable);
    assert_false(mapping_find(root, UINT64_MAX, &entry));
    assert_int_equal(count().tables, 1);
    assert_int_equal(count().pages_4k, 0);
}

static void test_each_permission_is_what_was_asked_for(void **state)
{
    static const struct {
        unsigned flags;
        bool writable;
        bool executable;
    } cases[] = {
        {MAPPING_READ, false, false},
        {MAPPING_WRITE, true, false},
        {MAPPING_EXECUTE, false, true},
    };
    struct mapping_entry entry;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        vaddr_t vaddr = HIGH + i * PAGE_LEN;

        assert_int_equal(mapping_add(root, vaddr, 0x5000 + i * PAGE_LEN, PAGE_LEN, cases[i].flags),
                         NONOS_OK);
        assert_true(mapping_find(root, vaddr + 0x123, &entry));
        assert_int_equal(entry.paddr, 0x5123 + i * PAGE_LEN);
        assert_int_equal(entry.writable, cases[i].writable);
        assert_int_equal(entry.executable, cases[i].executable);
    }
    assert_false(mapping_find(root, HIGH + 3 * PAGE_LEN, &entry));
    assert_int_equal(count().executable_pages, 1);
    assert_int_equal(count().writable_executable_pages, 0);
    assert_int_equal(count().pages_4k, 3);
    assert_int_equal(count().tables, 4);
}

static void test_writable_and_executable_is_refused(void **state)
{
    (void)state;
    assert_int_equal(mapping_add(root, HIGH, 0, PAGE_LEN, MAPPING_WRITE | MAPPING_EXECUTE),
                     NONOS_E_SIZE);
    assert_int_equal(count().pages_4k, 0);
}

static void test_largest_pages_that_fit(void **state)
{
    struct mapping_entry entry;

    (void)state;
    /* 4 KiB below 2 MiB, 2 MiB pages up to 1 GiB, one of 1 GiB, one of 2 MiB, one of 4 KiB. */
    assert_int_equal(mapping_add(root, HIGH + 2 * MIB - PAGE_LEN, 2 * MIB - PAGE_LEN,
                                 PAGE_LEN + (GIB - 2 * MIB) + GIB + 2 * MIB + PAGE_LEN,
                                 MAPPING_WRITE | MAPPING_PAGES_1G),
                     NONOS_OK);
    assert_int_equal(count().pages_4k, 2);
    assert_int_equal(count().pages_2m, 511 + 1);
    assert_int_equal(count().pages_1g, 1);
    for (uint64_t paddr = 2 * MIB - PAGE_LEN; paddr < 2 * GIB; paddr += 77 * PAGE_LEN + 5) {
        assert_true(mapping_find(root, HIGH + paddr, &entry));
        assert_int_equal(entry.paddr, paddr);
        assert_true(entry.writable);
        assert_false(entry.executable);
    }
    assert_false(mapping_find(root, HIGH + 2 * GIB + 2 * MIB + PAGE_LEN, &entry));
    assert_false(mapping_find(root, HIGH + 2 * MIB - PAGE_LEN - 1, &entry));
}

static void test_no_1g_pages_without_the_feature(void **state)
{
    (void)state;
    assert_int_equal(mapping_add(root, HIGH, 0, GIB, MAPPING_READ), NONOS_OK);
    assert_int_equal(count().pages_1g, 0);
    assert_int_equal(count().pages_2m, 512);
}

static void test_large_pages_need_both_addresses_aligned(void **state)
{
    (void)state;
    assert_int_equal(mapping_add(root, HIGH, PAGE_LEN, 2 * MIB, MAPPING_READ), NONOS_OK);
    assert_int_equal(count().pages_2m, 0);
    assert_int_equal(count().pages_4k, 512);
}

static void test_mapped_pages_are_not_mapped_over(void **state)
{
    struct mapping_entry entry;

    (void)state;
    assert_int_equal(mapping_add(root, HIGH, 0x5000, PAGE_LEN, MAPPING_READ), NONOS_OK);
    assert_int_equal(mapping_add(root, HIGH, 0x6000, PAGE_LEN, MAPPING_WRITE), NONOS_E_EXISTS);
    /* A table is there already where a large page would go. */
    assert_int_equal(mapping_add(root, HIGH, 0, 2 * MIB, MAPPING_WRITE), NONOS_E_EXISTS);
    /* A large page is there where a table would go. */
    assert_int_equal(mapping_add(root, HIGH + 2 * MIB, 0, 2 * MIB, MAPPING_READ), NONOS_OK);
    assert_int_equal(mapping_add(root, HIGH + 3 * MIB, 0, PAGE_LEN, MAPPING_WRITE), NONOS_E_EXISTS);
    assert_true(mapping_find(root, HIGH, &entry));
    assert_int_equal(entry.paddr, 0x5000);
    assert_false(entry.writable);
}

static void test_impossible_ranges_are_refused(void **state)
{
    static const struct {
        vaddr_t vaddr;
        paddr_t paddr;
        uint64_t len;
    } cases[] = {
        {HIGH + 1, 0, PAGE_LEN},
        {HIGH, 8, PAGE_LEN},
        {HIGH, 0, 100},
        {HIGH, 0, 0},
        {UINT64_C(0x0000800000000000), 0, PAGE_LEN},     /* not canonical */
        {UINT64_C(0x00007FFFFFFFF000), 0, 2 * PAGE_LEN}, /* runs out of the lower half */
        {UINT64_C(0x00007FFFFFFFF000), 0, HIGH},         /* spans the hole */
        {UINT64_C(0xFFFFFFFFFFFFF000), 0, 2 * PAGE_LEN}, /* wraps around */
        {HIGH, ADDRESS_PADDR_LIMIT, PAGE_LEN},           /* no such physical address */
        {HIGH, ADDRESS_PADDR_LIMIT - PAGE_LEN, 2 * PAGE_LEN},
        {HIGH, UINT64_C(0xFFFFFFFFFFFFF000), 2 * PAGE_LEN},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(
            mapping_add(root, cases[i].vaddr, cases[i].paddr, cases[i].len, MAPPING_READ),
            NONOS_E_SIZE);
    assert_int_equal(count().tables, 1);
    assert_int_equal(mapping_add(root, UINT64_C(0xFFFFFFFFFFFFF000), 0, PAGE_LEN, MAPPING_READ),
                     NONOS_OK);
}

static void test_no_memory_for_tables_is_an_error(void **state)
{
    paddr_t none;

    (void)state;
    while (frames_allocate(0) != 0)
        continue;
    assert_int_equal(mapping_add(root, HIGH, 0, PAGE_LEN, MAPPING_READ), NONOS_E_NO_MEMORY);
    assert_int_equal(mapping_create(&none), NONOS_E_NO_MEMORY);
    assert_int_equal(none, 0);
}

/* What the check at start must find, put into the tables by hand. */
static void test_count_finds_writable_executable_and_user_pages(void **state)
{
    uint64_t *entries[4]; /* for HIGH, from the root down */
    uint64_t *table = direct_map_at(root);

    (void)state;
    assert_int_equal(mapping_add(root, HIGH, 0x5000, PAGE_LEN, MAPPING_WRITE), NONOS_OK);
    for (int i = 0; i < 4; i++) {
        entries[i] = &table[i == 0 ? 256 : 0];
        table = direct_map_at(*entries[i] & UINT64_C(0x000FFFFFFFFFF000));
    }
    assert_int_equal(count().writable_executable_pages, 0);
    *entries[3] &= ~(UINT64_C(1) << 63);
    assert_int_equal(count().writable_executable_pages, 1);
    assert_int_equal(count().executable_pages, 1);
    *entries[1] &= ~UINT64_C(2);
    assert_int_equal(count().writable_executable_pages, 0);

    /* Open to programs only when every level says so. */
    for (int i = 3; i >= 0; i--) {
        assert_int_equal(count().user_pages, 0);
        *entries[i] |= 4;
    }
    assert_int_equal(count().user_pages, 1);
}

/* A program's page opens the tables above it, and nothing else that they map. */
static void test_pages_of_programs_are_in_the_lower_half_alone(void **state)
{
    const uint64_t low = UINT64_C(0x400000);
    const uint64_t last = ADDRESS_USER_END - PAGE_LEN;
    uint64_t *top = direct_map_at(root);

    (void)state;
    assert_int_equal(mapping_add(root, HIGH, 0x5000, PAGE_LEN, MAPPING_USER), NONOS_E_SIZE);
    assert_int_equal(mapping_add(root, ADDRESS_USER_END, 0x5000, PAGE_LEN, MAPPING_USER),
                     NONOS_E_SIZE);
    assert_int_equal(count().pages_4k, 0);

    assert_int_equal(mapping_add(root, HIGH, 0x5000, PAGE_LEN, MAPPING_WRITE), NONOS_OK);
    assert_int_equal(count().user_pages, 0);
    assert_int_equal(mapping_add(root, low, 0x6000, PAGE_LEN, MAPPING_USER | MAPPING_EXECUTE),
                     NONOS_OK);
    assert_int_equal(mapping_add(root, last, 0x7000, PAGE_LEN, MAPPING_USER | MAPPING_WRITE),
                     NONOS_OK);
    assert_int_equal(count().user_pages, 2);
    assert_int_equal(count().writable_executable_pages, 0);
    assert_int_equal(top[256] & 4, 0);
    assert_int_equal(
        mapping_add(root, low, 0, PAGE_LEN, MAPPING_USER | MAPPING_WRITE | MAPPING_EXECUTE),
        NONOS_E_SIZE);
}

/* One no-execute or read-only bit on any level protects everything below. */
static void test_upper_levels_can_only_take_away(void **state)
{
    uint64_t *top = direct_map_at(root);
    struct mapping_entry entry;

    (void)state;
    assert_int_equal(mapping_add(root, HIGH, 0x5000, PAGE_LEN, MAPPING_EXECUTE), NONOS_OK);
    assert_int_equal(mapping_add(root, HIGH + PAGE_LEN, 0x6000, PAGE_LEN, MAPPING_WRITE), NONOS_OK);
    top[256] |= UINT64_C(1) << 63;
    top[256] &= ~UINT64_C(2);
    assert_true(mapping_find(root, HIGH, &entry));
    assert_false(entry.executable);
    assert_true(mapping_find(root, HIGH + PAGE_LEN, &entry));
    assert_false(entry.writable);
    assert_int_equal(count().executable_pages, 0);
}

/* An address between the halves has the table indices of one inside them. */
static void test_no_address_outside_the_halves_is_found(void **state)
{
    struct mapping_entry entry;

    (void)state;
    assert_int_equal(mapping_add(root, HIGH, 0x5000, PAGE_LEN, MAPPING_READ), NONOS_OK);
    assert_false(mapping_find(root, UINT64_C(0x0000800000000000), &entry));
    assert_false(mapping_find(root, UINT64_C(0x0123800000000000), &entry));
    assert_int_equal(entry.paddr, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_empty_tables_map_nothing, setup),
        cmocka_unit_test_setup(test_each_permission_is_what_was_asked_for, setup),
        cmocka_unit_test_setup(test_writable_and_executable_is_refused, setup),
        cmocka_unit_test_setup(test_largest_pages_that_fit, setup),
        cmocka_unit_test_setup(test_no_1g_pages_without_the_feature, setup),
        cmocka_unit_test_setup(test_large_pages_need_both_addresses_aligned, setup),
        cmocka_unit_test_setup(test_mapped_pages_are_not_mapped_over, setup),
        cmocka_unit_test_setup(test_impossible_ranges_are_refused, setup),
        cmocka_unit_test_setup(test_no_memory_for_tables_is_an_error, setup),
        cmocka_unit_test_setup(test_count_finds_writable_executable_and_user_pages, setup),
        cmocka_unit_test_setup(test_pages_of_programs_are_in_the_lower_half_alone, setup),
        cmocka_unit_test_setup(test_upper_levels_can_only_take_away, setup),
        cmocka_unit_test_setup(test_no_address_outside_the_halves_is_found, setup),
    };

    return cmocka_run_group_tests_name("mapping", tests, nullptr, nullptr);
}
