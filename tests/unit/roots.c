#include "kernel/mem/roots.h"

#include "kernel/mem/mapping_user.h"
#include "tests/support/spaces.h"

#define FAR UINT64_C(0x100000000000) /* an entry of the root of its own */
#define ENTRIES (PAGE_LEN / sizeof(uint64_t))

static paddr_t gate_root;

/* A kernel with two roots: in the second one page of the first. */
static int setup_isolated([[maybe_unused]] void **state)
{
    assert_int_equal(frames_init(spaces_map, 1, UINT64_C(1) << 32), NONOS_OK);
    frames_add(spaces_map, 1, NONOS_MEMORY_USABLE, 0, ADDRESS_PADDR_END);
    processors_init(false);
    processors_features.speculation.work = SPECULATION_ISOLATE;
    assert_int_equal(roots_order(), 1);
    kernel_root = frames_allocate(roots_order());
    gate_root = kernel_root + ROOTS_PROGRAM;
    assert_int_equal(mapping_add(kernel_root, ADDRESS_DIRECT_MAP, 0, 3 * PAGE_LEN, MAPPING_WRITE),
                     NONOS_OK);
    assert_int_equal(mapping_add(gate_root, ADDRESS_DIRECT_MAP, PAGE_LEN, PAGE_LEN, MAPPING_WRITE),
                     NONOS_OK);
    quota = (struct quota){.limit_pages = 500};
    free_at_first = free_pages();
    assert_int_equal(space_create(&quota, &space), NONOS_OK);
    return 0;
}

static paddr_t program_root(void)
{
    return space->translations.root + ROOTS_PROGRAM;
}

static bool is_mapped(paddr_t root, vaddr_t vaddr)
{
    struct mapping_entry entry;

    return mapping_find(root, vaddr, &entry);
}

static void test_a_program_has_its_pages_and_the_gate([[maybe_unused]] void **state)
{
    struct mapping_entry own;
    struct mapping_entry kernels;

    assert_int_equal(quota.used_pages, 2);
    assert_int_equal(space->translations.root & ROOTS_PROGRAM, 0);
    assert_int_equal(space_map(space, LOW, PAGES * PAGE_LEN, MAPPING_WRITE), NONOS_OK);
    assert_int_equal(quota.used_pages, 2 + 3 + PAGES);
    for (vaddr_t at = LOW; at < LOW + PAGES * PAGE_LEN; at += PAGE_LEN) {
        assert_true(mapping_find(program_root(), at, &own));
        assert_true(mapping_find(space->translations.root, at, &kernels));
        assert_int_equal(own.paddr, kernels.paddr);
    }
    assert_true(is_mapped(program_root(), ADDRESS_DIRECT_MAP));
    assert_false(is_mapped(program_root(), ADDRESS_DIRECT_MAP + PAGE_LEN));
    assert_true(is_mapped(space->translations.root, ADDRESS_DIRECT_MAP + 2 * PAGE_LEN));
}

static void test_what_is_unmapped_goes_for_both([[maybe_unused]] void **state)
{
    assert_int_equal(space_map(space, FAR, PAGE_LEN, MAPPING_WRITE), NONOS_OK);
    assert_true(is_mapped(program_root(), FAR));
    assert_int_equal(space_unmap(space, FAR, PAGE_LEN), NONOS_OK);
    assert_false(is_mapped(program_root(), FAR));
    assert_int_equal(quota.used_pages, 2);
}

static void test_rights_are_changed_for_both([[maybe_unused]] void **state)
{
    struct mapping_entry entry;

    assert_int_equal(space_map(space, LOW, PAGE_LEN, MAPPING_WRITE), NONOS_OK);
    assert_int_equal(space_protect(space, LOW, PAGE_LEN, MAPPING_READ), NONOS_OK);
    assert_true(mapping_find(program_root(), LOW, &entry));
    assert_false(entry.writable);
}

static void test_what_fails_leaves_nothing_in_either([[maybe_unused]] void **state)
{
    struct space *none;

    quota.limit_pages = 4;
    assert_int_equal(space_map(space, FAR, PAGE_LEN, MAPPING_WRITE), NONOS_E_QUOTA);
    assert_false(is_mapped(program_root(), FAR));
    quota.limit_pages = 3;
    assert_int_equal(space_create(&quota, &none), NONOS_E_QUOTA);
    assert_int_equal(quota.used_pages, 2);
}

/* One entry of the program's root at a time is not as it must be. */
static void test_the_audit_judges_each_entry_of_both([[maybe_unused]] void **state)
{
    uint64_t *entries = direct_map_at(program_root());
    struct audit_space audit;

    assert_int_equal(space_map(space, LOW, PAGE_LEN, MAPPING_WRITE), NONOS_OK);
    for (size_t i = 0; i < ENTRIES; i++) {
        uint64_t good = entries[i];

        entries[i] = good == 0 ? 1 : 0;
        space_audit(space, &audit);
        assert_int_equal(audit.root_entries, 1);
        assert_false(audit_space_is_clean(&audit));
        entries[i] = good;
    }
    entries[ENTRIES / 2] = ((uint64_t *)direct_map_at(kernel_root))[ENTRIES / 2];
    space_audit(space, &audit);
    assert_int_equal(audit.root_entries, 1);
    entries[ENTRIES / 2] = ((uint64_t *)direct_map_at(gate_root))[ENTRIES / 2];
}

static void test_where_the_kernel_may_be_seen_there_is_one_root([[maybe_unused]] void **state)
{
    assert_int_equal(roots_order(), 0);
    assert_int_equal(quota.used_pages, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_program_has_its_pages_and_the_gate, setup_isolated,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_what_is_unmapped_goes_for_both, setup_isolated,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_rights_are_changed_for_both, setup_isolated, teardown),
        cmocka_unit_test_setup_teardown(test_what_fails_leaves_nothing_in_either, setup_isolated,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_the_audit_judges_each_entry_of_both, setup_isolated,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_where_the_kernel_may_be_seen_there_is_one_root, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
