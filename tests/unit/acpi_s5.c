#include "kernel/dev/acpi_s5.h"

#include "tests/support/acpi_memory.h"

static struct acpi_power find(void)
{
    struct acpi_table dsdt = table_at(DSDT);
    struct acpi_power power = {};

    acpi_s5_find(&dsdt, &power);
    return power;
}

/* Puts aml at the end of the DSDT, so that what follows it is out of bounds. */
static void put_aml(const uint8_t *aml, size_t len)
{
    struct block *dsdt = block_at(DSDT);

    memset(dsdt->bytes + 36, 0, dsdt->len - 36);
    memcpy(dsdt->bytes + dsdt->len - len, aml, len);
}

#define CHECK_AML(wanted, ...)                                                                     \
    do {                                                                                           \
        static const uint8_t aml[] = {__VA_ARGS__};                                                \
        put_aml(aml, sizeof aml);                                                                  \
        assert_int_equal(find().has_s5, wanted);                                                   \
    } while (0)

static void test_a_table_too_short_for_a_name_has_none([[maybe_unused]] void **state)
{
    static const uint8_t bytes[44] = {[36] = 0x08, '_', 'S', '5', '_', 0x12, 0x02, 0x01};

    for (size_t len = 36; len <= sizeof bytes; len++) {
        struct acpi_table table = {memcpy(calloc(1, len), bytes, len), len};
        struct acpi_power power = {};

        acpi_s5_find(&table, &power);
        assert_false(power.has_s5);
        free((void *)(uintptr_t)table.bytes);
    }
}

static void test_reads_s5_in_every_encoding([[maybe_unused]] void **state)
{
    struct acpi_power power;

    CHECK_AML(true, 0x08, '_', 'S', '5', '_', 0x12, 0x04, 0x02, 0x00, 0x01);
    power = find();
    assert_int_equal(power.s5_a, 0);
    assert_int_equal(power.s5_b, 1);
    CHECK_AML(true, 0x08, '\\', '_', 'S', '5', '_', 0x12, 0x04, 0x02, 0x01, 0x00);
    CHECK_AML(false, 0x08, '_', 'S', '5', '_', 0x12, 0x40, 0x00, 0x02, 0x0B, 7, 0, 0x0C, 3, 0, 0,
              0);
    CHECK_AML(false, 0x08, '_', 'S', '5', '_', 0x12, 0x40, 0x01, 0x02, 0x0B, 7, 0, 0x0C, 3, 0, 0,
              0);
    CHECK_AML(true, 0x08, '_', 'S', '5', '_', 0x12, 0x4B, 0x00, 0x02, 0x0B, 7, 0, 0x0C, 3, 0, 0, 0);
    power = find();
    assert_int_equal(power.s5_a, 7);
    assert_int_equal(power.s5_b, 3);
    CHECK_AML(true, 0x08, '_', 'S', '5', '_', 0x12, 0x12, 0x02, 0x01, 0x01, 0, 0, 0, 0, 0, 0, 0, 0,
              0, 0, 0, 0, 0, 0);
    CHECK_AML(true, 0x08, '_', 'S', '5', '_', 0x12, 0x42, 0x01, 0x02, 0x01, 0x01, 0, 0, 0, 0, 0, 0,
              0, 0, 0, 0, 0, 0, 0);
    CHECK_AML(true, 0x08, '_', 'S', '5', '_', 0x12, 0x04, 0x01, 0x0A, 0x05);
    assert_int_equal(find().s5_b, 0);
}

static void test_rejects_s5_that_is_not_a_package_of_constants([[maybe_unused]] void **state)
{
    CHECK_AML(false, 0x08, '_', 'S', '5', '_');                                     /* cut off */
    CHECK_AML(false, 0x08, '_', 'S', '5', '_', 0x12);                               /* no length */
    CHECK_AML(false, 0x08, '_', 'S', '5', '_', 0x12, 0xC0, 0x00);                   /* half of it */
    CHECK_AML(false, 0x08, '_', 'S', '5', '_', 0x12, 0x01);                         /* no count */
    CHECK_AML(false, 0x08, '_', 'S', '5', '_', 0x12, 0x00, 0x02, 0x00, 0x00);       /* length 0 */
    CHECK_AML(false, 0x08, '_', 'S', '5', '_', 0x12, 0x02, 0x00);                   /* empty */
    CHECK_AML(false, 0x08, '_', 'S', '5', '_', 0x12, 0x02, 0x02, 0x00, 0x00);       /* too short */
    CHECK_AML(false, 0x08, '_', 'S', '5', '_', 0x12, 0x03, 0x02, 0x00, 0x00);       /* for two */
    CHECK_AML(false, 0x08, '_', 'S', '5', '_', 0x12, 0x05, 0x02, 0x00, 0x00);       /* too long */
    CHECK_AML(false, 0x08, '_', 'S', '5', '_', 0x12, 0x03, 0x01, 0x0A);             /* no byte */
    CHECK_AML(false, 0x08, '_', 'S', '5', '_', 0x12, 0x06, 0x01, 0x0C, 1, 2, 3);    /* 3 of 4 */
    CHECK_AML(false, 0x08, '_', 'S', '5', '_', 0x12, 0x04, 0x02, 0x0A, 0x05);       /* one of 2 */
    CHECK_AML(false, 0x08, '_', 'S', '5', '_', 0x12, 0x05, 0x02, 0x0A, 0x08, 0x00); /* 3 bits */
    CHECK_AML(false, 0x08, '_', 'S', '5', '_', 0x12, 0x04, 0x02, 0xFF, 0x00);       /* Ones */
    CHECK_AML(false, 0x08, '_', 'S', '5', '_', 0x13, 0x04, 0x02, 0x00, 0x00);       /* other op */
    CHECK_AML(false, 0x10, '_', 'S', '5', '_', 0x12, 0x04, 0x02, 0x00, 0x00);       /* no name */
    CHECK_AML(false, 0x00, '\\', '_', 'S', '5', '_', 0x12, 0x04, 0x02, 0x00, 0x00);
    CHECK_AML(false, 0x08, '_', 'S', '4', '_', 0x12, 0x04, 0x02, 0x00, 0x00);
}

static void test_finds_s5_behind_a_false_one([[maybe_unused]] void **state)
{
    CHECK_AML(true, 0x08, '_', 'S', '5', '_', 0x0A, 0x05, '_', 'S', '5', '_', 0x08, '_', 'S', '5',
              '_', 0x12, 0x04, 0x02, 0x01, 0x01);
    assert_int_equal(find().s5_b, 1);
}

static void test_first_s5_counts([[maybe_unused]] void **state)
{
    CHECK_AML(true, 0x08, '_', 'S', '5', '_', 0x12, 0x03, 0x01, 0x01, 0x08, '_', 'S', '5', '_',
              0x12, 0x03, 0x01, 0x00);
    assert_int_equal(find().s5_a, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_table_too_short_for_a_name_has_none),
        TEST(test_reads_s5_in_every_encoding),
        TEST(test_rejects_s5_that_is_not_a_package_of_constants),
        TEST(test_finds_s5_behind_a_false_one),
        TEST(test_first_s5_counts),
    };

    return cmocka_run_group_tests_name("acpi_s5", tests, nullptr, nullptr);
}
