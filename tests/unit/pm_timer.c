#include "kernel/dev/pm_timer.h"

#include "tests/support/registers.h"

static int setup([[maybe_unused]] void **state)
{
    registers_reset();
    return 0;
}

static void test_reads_the_port_that_firmware_names([[maybe_unused]] void **state)
{
    const struct acpi_register where = {.address = 0x608, .space = ACPI_SPACE_IO, .width_bits = 24};
    struct counter counter;

    assert_true(pm_timer_find(&where, &counter));
    assert_no_accesses();
    assert_string_equal(counter.name, "PM timer");
    assert_int_equal(counter.mask, 0xFFFFFF);
    /* 3.579545 MHz */
    assert_in_range(UINT64_C(1000000000000000) / counter.period_fs, 3579544, 3579545);
    register_put(PORT, 0x608, 0xABCDEF);
    assert_int_equal(counter.read(), 0xABCDEF);
    assert_accesses({'r', PORT, 0x608, 0xABCDEF});
}

static void test_takes_all_bits_of_a_wide_one([[maybe_unused]] void **state)
{
    const struct acpi_register where = {.address = 0x608, .space = ACPI_SPACE_IO, .width_bits = 32};
    struct counter counter;

    assert_true(pm_timer_find(&where, &counter));
    assert_int_equal(counter.mask, UINT32_MAX);
}

static void test_finds_none_where_there_is_no_port([[maybe_unused]] void **state)
{
    const struct acpi_register bad[] = {
        {.address = 0, .space = ACPI_SPACE_IO, .width_bits = 24},
        {.address = 0x608, .space = ACPI_SPACE_MEMORY, .width_bits = 24},
        {.address = 0x608, .space = 2, .width_bits = 24},              /* PCI */
        {.address = 0xFFFD, .space = ACPI_SPACE_IO, .width_bits = 24}, /* ends beyond the last */
        {.address = 0x10608, .space = ACPI_SPACE_IO, .width_bits = 24},
    };
    struct counter counter;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        memset(&counter, 0xFF, sizeof counter);
        assert_false(pm_timer_find(&bad[i], &counter));
        assert_null(counter.read);
    }
    assert_no_accesses();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_reads_the_port_that_firmware_names, setup),
        cmocka_unit_test_setup(test_takes_all_bits_of_a_wide_one, setup),
        cmocka_unit_test_setup(test_finds_none_where_there_is_no_port, setup),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
