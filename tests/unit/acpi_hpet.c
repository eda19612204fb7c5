#include "kernel/dev/acpi_hpet.h"

#include "tests/support/acpi_memory.h"

static uint64_t read_hpet(uint8_t space, uint64_t address, bool wanted)
{
    struct acpi_table hpet = table_at(HPET);
    struct platform platform = {};

    set_register(block_at(HPET)->bytes + 40, space, 0, address);
    assert_int_equal(acpi_hpet_read(&hpet, &platform), wanted);
    return platform.hpet_paddr;
}

static void test_reads_its_address([[maybe_unused]] void **state)
{
    assert_int_equal(read_hpet(ACPI_SPACE_MEMORY, 0xFED00000, true), 0xFED00000);
    assert_int_equal(read_hpet(ACPI_SPACE_MEMORY, 0xFED00400, true), 0xFED00400);
}

static void test_rejects_an_address_that_cannot_be_one([[maybe_unused]] void **state)
{
    assert_int_equal(read_hpet(ACPI_SPACE_IO, 0x400, false), 0);
    assert_int_equal(read_hpet(2, 0xFED00000, false), 0);
    assert_int_equal(read_hpet(ACPI_SPACE_MEMORY, 0, false), 0);
    assert_int_equal(read_hpet(ACPI_SPACE_MEMORY, 0xFED00200, false), 0);
    assert_int_equal(read_hpet(ACPI_SPACE_MEMORY, 0xFED00001, false), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_reads_its_address),
        TEST(test_rejects_an_address_that_cannot_be_one),
    };

    return cmocka_run_group_tests_name("acpi_hpet", tests, nullptr, nullptr);
}
