#include "kernel/dev/acpi_fadt.h"

#include "tests/support/acpi_memory.h"

static struct platform read_fadt(void)
{
    struct acpi_table fadt = table_at(FADT);
    struct platform platform = {};

    assert_true(acpi_fadt_read(&fadt, &platform));
    return platform;
}

static void set_flags(uint32_t flags)
{
    store_le32(block_at(FADT)->bytes + 112, flags);
}

static void test_reads_a_machine_of_today([[maybe_unused]] void **state)
{
    struct acpi_power power = read_fadt().power;

    assert_int_equal(power.pm1a_control.address, 0x604);
    assert_int_equal(power.pm1a_control.space, ACPI_SPACE_IO);
    assert_int_equal(power.pm1a_control.width_bits, 16);
    assert_int_equal(power.pm1b_control.address, 0);
    assert_int_equal(power.sleep_control.address, 0);
    assert_int_equal(power.reset.address, 0xCF9);
    assert_int_equal(power.reset.space, ACPI_SPACE_IO);
    assert_int_equal(power.reset_value, 0x0F);
    assert_int_equal(power.smi_command_port, 0xB2);
    assert_int_equal(power.acpi_enable_value, 0xF1);
    assert_false(power.has_s5);
}

static void test_reads_a_machine_of_acpi_1([[maybe_unused]] void **state)
{
    struct platform platform;

    (void)teardown(nullptr);
    build(0);
    set_flags(1u << 10); /* for a register that lies behind the table's end */
    platform = read_fadt();
    assert_int_equal(platform.power.pm1a_control.address, 0x604);
    assert_int_equal(platform.power.reset.address, 0);
    assert_int_equal(platform.pm_timer.address, 0x608);
}

static void test_reads_hardware_reduced([[maybe_unused]] void **state)
{
    struct platform platform;

    set_flags(1u << 10 | 1u << 20);
    set_register(block_at(FADT)->bytes + 244, ACPI_SPACE_MEMORY, 8, 0xFEA00200);
    platform = read_fadt();
    assert_int_equal(platform.power.pm1a_control.address, 0);
    assert_int_equal(platform.power.sleep_control.address, 0xFEA00200);
    assert_int_equal(platform.power.sleep_control.space, ACPI_SPACE_MEMORY);
    assert_int_equal(platform.pm_timer.address, 0);
}

static void test_prefers_the_extended_fields([[maybe_unused]] void **state)
{
    struct block *fadt = block_at(FADT);
    struct acpi_table table = {fadt->bytes, fadt->len};
    struct platform platform;

    assert_int_equal(acpi_fadt_dsdt(&table), DSDT);
    set_register(fadt->bytes + 172, ACPI_SPACE_MEMORY, 32, 0xFED80804);
    set_register(fadt->bytes + 184, ACPI_SPACE_IO, 16, 0x704);
    set_register(fadt->bytes + 208, ACPI_SPACE_MEMORY, 32, 0xFED80808);
    store_le64(fadt->bytes + 140, UINT64_C(0x123456789000));
    platform = read_fadt();
    assert_int_equal(platform.power.pm1a_control.address, 0xFED80804);
    assert_int_equal(platform.power.pm1a_control.space, ACPI_SPACE_MEMORY);
    assert_int_equal(platform.power.pm1a_control.width_bits, 16);
    assert_int_equal(platform.power.pm1b_control.address, 0x704);
    assert_int_equal(platform.pm_timer.address, 0xFED80808);
    assert_int_equal(acpi_fadt_dsdt(&table), UINT64_C(0x123456789000));
}

static void
test_an_extended_field_that_cannot_be_used_leaves_the_port([[maybe_unused]] void **state)
{
    uint8_t *fadt = block_at(FADT)->bytes;

    set_register(fadt + 172, 2, 16, 0x1804); /* PCI configuration space */
    set_register(fadt + 208, ACPI_SPACE_IO, 32, 0x10608);
    assert_int_equal(read_fadt().power.pm1a_control.address, 0x604);
    assert_int_equal(read_fadt().pm_timer.address, 0x608);
}

static void test_a_port_beyond_64_ki_is_none([[maybe_unused]] void **state)
{
    uint8_t *fadt = block_at(FADT)->bytes;

    store_le32(fadt + 64, 0x10604);
    store_le32(fadt + 76, UINT32_MAX);
    assert_int_equal(read_fadt().power.pm1a_control.address, 0);
    assert_int_equal(read_fadt().pm_timer.address, 0);
}

static void test_reset_register_counts_only_with_its_flag([[maybe_unused]] void **state)
{
    set_flags(0);
    assert_int_equal(read_fadt().power.reset.address, 0);
    assert_int_equal(read_fadt().power.reset_value, 0);
}

static void test_timer_has_24_bits_or_32([[maybe_unused]] void **state)
{
    assert_int_equal(read_fadt().pm_timer.address, 0x608);
    assert_int_equal(read_fadt().pm_timer.width_bits, 24);
    set_flags(1u << 8);
    assert_int_equal(read_fadt().pm_timer.width_bits, 32);
}

static void test_a_timer_of_another_length_is_none([[maybe_unused]] void **state)
{
    block_at(FADT)->bytes[91] = 0;
    assert_int_equal(read_fadt().pm_timer.address, 0);
    block_at(FADT)->bytes[91] = 3;
    assert_int_equal(read_fadt().pm_timer.address, 0);
}

/* Whatever its length, nothing behind its end is read; the sanitizer sees it. */
static void test_survives_every_length([[maybe_unused]] void **state)
{
    struct acpi_table whole = table_at(FADT);

    for (size_t len = ACPI_FADT_MIN_LEN; len <= whole.len; len++) {
        uint8_t *bytes = malloc(len);
        struct acpi_table fadt = {bytes, len};
        struct platform platform = {};

        assert_non_null(bytes);
        memcpy(bytes, whole.bytes, len);
        assert_true(acpi_fadt_read(&fadt, &platform));
        assert_int_equal(platform.power.reset.address, len >= 128 ? 0xCF9 : 0);
        assert_int_equal(acpi_fadt_dsdt(&fadt), DSDT);
        free(bytes);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_reads_a_machine_of_today),
        TEST(test_reads_a_machine_of_acpi_1),
        TEST(test_reads_hardware_reduced),
        TEST(test_prefers_the_extended_fields),
        TEST(test_an_extended_field_that_cannot_be_used_leaves_the_port),
        TEST(test_a_port_beyond_64_ki_is_none),
        TEST(test_reset_register_counts_only_with_its_flag),
        TEST(test_timer_has_24_bits_or_32),
        TEST(test_a_timer_of_another_length_is_none),
        TEST(test_survives_every_length),
    };

    return cmocka_run_group_tests_name("acpi_fadt", tests, nullptr, nullptr);
}
