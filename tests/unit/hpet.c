#include "kernel/dev/hpet.h"

#include "tests/support/registers.h"

#define PADDR UINT64_C(0xFED00000)

static int setup([[maybe_unused]] void **state)
{
    registers_reset();
    register_put(MEMORY, PADDR, 0x8086A201);
    register_put(MEMORY, PADDR + 4, 69841279); /* 14.31818 MHz */
    return 0;
}

static void test_start_lets_it_count_without_legacy_replacement([[maybe_unused]] void **state)
{
    struct counter counter;

    assert_true(hpet_start(PADDR, &counter));
    assert_accesses({'r', MEMORY, PADDR + 4, 69841279}, {'r', MEMORY, PADDR, 0x8086A201},
                    {'w', MEMORY, PADDR + 0x10, 1});
    assert_string_equal(counter.name, "HPET");
    assert_int_equal(counter.period_fs, 69841279);
    assert_int_equal(counter.mask, UINT32_MAX);
    register_put(MEMORY, PADDR + 0xF0, 0x89ABCDEF);
    assert_int_equal(counter.read(), 0x89ABCDEF);
    assert_accesses({'r', MEMORY, PADDR + 0xF0, 0x89ABCDEF});
    hpet_stop();
    assert_accesses({'w', MEMORY, PADDR + 0x10, 0});
}

static void test_refuses_one_that_is_none([[maybe_unused]] void **state)
{
    static const uint32_t periods[] = {0, 999999, 100000001, UINT32_MAX};
    struct counter counter;

    for (size_t i = 0; i < sizeof periods / sizeof periods[0]; i++) {
        register_put(MEMORY, PADDR + 4, periods[i]);
        assert_false(hpet_start(PADDR, &counter));
        assert_null(counter.read);
    }
    register_put(MEMORY, PADDR + 4, 100000000);
    assert_true(hpet_start(PADDR, &counter));
    register_put(MEMORY, PADDR + 4, 1000000);
    assert_true(hpet_start(PADDR, &counter));
    register_put(MEMORY, PADDR, 0x8086A200); /* revision 0 */
    assert_false(hpet_start(PADDR, &counter));
    access_count = 0;
    hpet_stop();
    assert_no_accesses();
}

static void test_touches_nothing_where_firmware_names_none([[maybe_unused]] void **state)
{
    struct counter counter;

    register_unmappable = PADDR;
    assert_false(hpet_start(PADDR, &counter));
    assert_false(hpet_start(0, &counter));
    assert_false(hpet_start(PADDR + 4, &counter)); /* not aligned */
    hpet_stop();
    assert_no_accesses();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_start_lets_it_count_without_legacy_replacement, setup),
        cmocka_unit_test_setup(test_refuses_one_that_is_none, setup),
        cmocka_unit_test_setup(test_touches_nothing_where_firmware_names_none, setup),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
