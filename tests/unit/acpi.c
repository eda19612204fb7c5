#include "tests/support/acpi_memory.h"

static void test_reads_a_machine_of_today([[maybe_unused]] void **state)
{
    struct acpi_power power = check_read(NONOS_OK);

    assert_false(power.hardware_reduced);
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
    assert_true(power.has_s5);
    assert_int_equal(power.s5_a, 5);
    assert_int_equal(power.s5_b, 6);
}

static void test_reads_a_machine_of_acpi_1([[maybe_unused]] void **state)
{
    struct acpi_power power;

    (void)teardown(nullptr);
    build(0);
    /* The flag for a register that lies behind the table's end. */
    store_le32(block_at(FADT)->bytes + 112, 1u << 10);
    seal(FADT);
    power = check_read(NONOS_OK);
    assert_int_equal(power.pm1a_control.address, 0x604);
    assert_int_equal(power.reset.address, 0);
    assert_true(power.has_s5);
}

static void test_reads_hardware_reduced([[maybe_unused]] void **state)
{
    uint8_t *fadt = block_at(FADT)->bytes;
    struct acpi_power power;

    store_le32(fadt + 112, 1u << 10 | 1u << 20);
    set_register(fadt + 244, ACPI_SPACE_MEMORY, 8, 0xFEA00200);
    seal(FADT);
    power = check_read(NONOS_OK);
    assert_true(power.hardware_reduced);
    assert_int_equal(power.sleep_control.address, 0xFEA00200);
    assert_int_equal(power.sleep_control.space, ACPI_SPACE_MEMORY);
}

static void test_prefers_the_extended_fields([[maybe_unused]] void **state)
{
    uint8_t *fadt = block_at(FADT)->bytes;
    uint8_t *other = block_at(OTHER)->bytes;
    struct acpi_power power;

    set_register(fadt + 172, ACPI_SPACE_MEMORY, 32, 0xFED80804);
    set_register(fadt + 184, ACPI_SPACE_IO, 16, 0x704);
    store_le64(fadt + 140, OTHER);
    memcpy(other, "DSDT", 4);
    seal(OTHER);
    seal(FADT);
    power = check_read(NONOS_OK);
    assert_int_equal(power.pm1a_control.address, 0xFED80804);
    assert_int_equal(power.pm1a_control.space, ACPI_SPACE_MEMORY);
    assert_int_equal(power.pm1b_control.address, 0x704);
    assert_false(power.has_s5);
}

static void test_reset_register_counts_only_with_its_flag([[maybe_unused]] void **state)
{
    store_le32(block_at(FADT)->bytes + 112, 0);
    seal(FADT);
    assert_int_equal(check_read(NONOS_OK).reset.address, 0);
}

static void test_no_rsdp_is_not_found([[maybe_unused]] void **state)
{
    struct acpi_power power;

    assert_int_equal(acpi_read_power(show, nullptr, 0, &power), NONOS_E_NOT_FOUND);
    assert_int_equal(acpi_read_power(show, nullptr, 0x1234, &power), NONOS_E_NOT_FOUND);
    assert_int_equal(acpi_read_power(show, nullptr, UINT64_MAX, &power), NONOS_E_NOT_FOUND);
    block_at(RSDP)->bytes[7] = '!';
    (void)check_read(NONOS_E_NOT_FOUND);
}

static void test_rejects_a_malformed_rsdp([[maybe_unused]] void **state)
{
    uint8_t *rsdp = block_at(RSDP)->bytes;

    rsdp[9]++; /* covered by both checksums; the second is set right again */
    set_checksum(rsdp, 36, 32);
    (void)check_read(NONOS_E_ACPI_TABLE);
    seal_rsdp();
    (void)check_read(NONOS_OK);
    rsdp[32]++;
    (void)check_read(NONOS_E_ACPI_TABLE);
    for (size_t i = 0; i < 4; i++) {
        static const uint32_t lens[] = {0, 35, 4097, UINT32_MAX};

        store_le32(rsdp + 20, lens[i]);
        seal_rsdp();
        (void)check_read(NONOS_E_ACPI_TABLE);
    }
    store_le32(rsdp + 20, 40); /* longer than the memory there is */
    seal_rsdp();
    (void)check_read(NONOS_E_ACPI_TABLE);
    rsdp = block_resize(RSDP, 5000);
    store_le32(rsdp + 20, 4097); /* all there, but not sensible */
    set_checksum(rsdp, 20, 8);
    set_checksum(rsdp, 4097, 32);
    (void)check_read(NONOS_E_ACPI_TABLE);
    store_le32(rsdp + 20, 4096);
    set_checksum(rsdp, 20, 8);
    set_checksum(rsdp, 4096, 32);
    (void)check_read(NONOS_OK);
}

static void test_address_zero_is_no_table([[maybe_unused]] void **state)
{
    struct acpi_power power;

    memcpy(block_add(0, 36), block_at(RSDP)->bytes, 36);
    assert_int_equal(acpi_read_power(show, nullptr, 0, &power), NONOS_E_NOT_FOUND);
}

static void test_rejects_a_table_that_is_too_long([[maybe_unused]] void **state)
{
    uint8_t *xsdt = block_resize(XSDT, ACPI_TABLE_MAX_LEN + 1);

    store_le32(xsdt + 4, ACPI_TABLE_MAX_LEN + 1);
    seal(XSDT);
    (void)check_read(NONOS_E_ACPI_TABLE);
    store_le32(xsdt + 4, ACPI_TABLE_MAX_LEN);
    seal(XSDT);
    (void)check_read(NONOS_OK);
}

static void test_rejects_a_malformed_root([[maybe_unused]] void **state)
{
    uint8_t *xsdt = block_at(XSDT)->bytes;
    uint8_t *rsdp = block_at(RSDP)->bytes;

    xsdt[9]++;
    (void)check_read(NONOS_E_ACPI_TABLE);
    xsdt[0] = 'Y';
    seal(XSDT);
    (void)check_read(NONOS_E_ACPI_TABLE);
    store_le64(rsdp + 24, UINT64_MAX - 4);
    seal_rsdp();
    (void)check_read(NONOS_E_ACPI_TABLE);
    store_le64(rsdp + 24, 0); /* now the RSDT counts */
    seal_rsdp();
    (void)check_read(NONOS_OK);
    block_at(RSDT)->bytes[9]++;
    (void)check_read(NONOS_E_ACPI_TABLE);
    store_le32(rsdp + 16, 0);
    seal_rsdp();
    (void)check_read(NONOS_E_ACPI_TABLE);
}

static void test_rejects_wrong_table_lengths([[maybe_unused]] void **state)
{
    static const uint32_t lens[] = {0, 4, 35, 53, 1u << 20, (1u << 20) + 1, UINT32_MAX};
    uint8_t *xsdt = block_at(XSDT)->bytes;

    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        store_le32(xsdt + 4, lens[i]);
        seal(XSDT);
        (void)check_read(NONOS_E_ACPI_TABLE);
    }
}

static void test_ignores_half_an_entry([[maybe_unused]] void **state)
{
    uint8_t *xsdt = block_at(XSDT)->bytes;

    store_le32(xsdt + 4, 36 + 15); /* the FADT's address is cut off */
    set_checksum(xsdt, 36 + 15, 9);
    (void)check_read(NONOS_E_NOT_FOUND);
}

static void test_skips_entries_that_lead_nowhere([[maybe_unused]] void **state)
{
    store_le64(block_at(XSDT)->bytes + 36, 0);
    seal(XSDT);
    (void)check_read(NONOS_OK);
    store_le64(block_at(XSDT)->bytes + 36, 0xFFFFFFFFFFFFFFF0);
    seal(XSDT);
    (void)check_read(NONOS_OK);
}

static void test_rejects_a_malformed_fadt([[maybe_unused]] void **state)
{
    uint8_t *fadt = block_at(FADT)->bytes;

    fadt[9]++;
    (void)check_read(NONOS_E_ACPI_TABLE);
    store_le32(fadt + 4, 115);
    set_checksum(fadt, 115, 9);
    (void)check_read(NONOS_E_ACPI_TABLE);
    store_le32(fadt + 4, 116); /* ACPI 1.0's length: what lies behind is not read */
    set_checksum(fadt, 116, 9);
    assert_int_equal(check_read(NONOS_OK).reset.address, 0);
    memcpy(fadt, "FACS", 4);
    (void)check_read(NONOS_E_NOT_FOUND);
}

static void test_without_dsdt_there_is_no_s5([[maybe_unused]] void **state)
{
    uint8_t *fadt = block_at(FADT)->bytes;

    block_at(DSDT)->bytes[9]++;
    check_s5(false);
    store_le32(fadt + 40, 0);
    seal(FADT);
    check_s5(false);
}

/* Puts aml at the end of the DSDT, so that what follows it is out of bounds. */
static void put_aml(const uint8_t *aml, size_t len)
{
    struct block *dsdt = block_at(DSDT);

    memset(dsdt->bytes + 36, 0, dsdt->len - 36);
    memcpy(dsdt->bytes + dsdt->len - len, aml, len);
    seal(DSDT);
}

#define CHECK_AML(wanted, ...)                                                                     \
    do {                                                                                           \
        static const uint8_t aml[] = {__VA_ARGS__};                                                \
        put_aml(aml, sizeof aml);                                                                  \
        check_s5(wanted);                                                                          \
    } while (0)

static void test_reads_s5_in_every_encoding([[maybe_unused]] void **state)
{
    struct acpi_power power;

    CHECK_AML(true, 0x08, '_', 'S', '5', '_', 0x12, 0x04, 0x02, 0x00, 0x01);
    power = check_read(NONOS_OK);
    assert_int_equal(power.s5_a, 0);
    assert_int_equal(power.s5_b, 1);
    CHECK_AML(true, 0x08, '\\', '_', 'S', '5', '_', 0x12, 0x04, 0x02, 0x01, 0x00);
    CHECK_AML(false, 0x08, '_', 'S', '5', '_', 0x12, 0x40, 0x00, 0x02, 0x0B, 7, 0, 0x0C, 3, 0, 0,
              0);
    CHECK_AML(false, 0x08, '_', 'S', '5', '_', 0x12, 0x40, 0x01, 0x02, 0x0B, 7, 0, 0x0C, 3, 0, 0,
              0);
    CHECK_AML(true, 0x08, '_', 'S', '5', '_', 0x12, 0x4B, 0x00, 0x02, 0x0B, 7, 0, 0x0C, 3, 0, 0, 0);
    power = check_read(NONOS_OK);
    assert_int_equal(power.s5_a, 7);
    assert_int_equal(power.s5_b, 3);
    CHECK_AML(true, 0x08, '_', 'S', '5', '_', 0x12, 0x12, 0x02, 0x01, 0x01, 0, 0, 0, 0, 0, 0, 0, 0,
              0, 0, 0, 0, 0, 0);
    CHECK_AML(true, 0x08, '_', 'S', '5', '_', 0x12, 0x42, 0x01, 0x02, 0x01, 0x01, 0, 0, 0, 0, 0, 0,
              0, 0, 0, 0, 0, 0, 0);
    CHECK_AML(true, 0x08, '_', 'S', '5', '_', 0x12, 0x04, 0x01, 0x0A, 0x05);
    assert_int_equal(check_read(NONOS_OK).s5_b, 0);
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
    assert_int_equal(check_read(NONOS_OK).s5_b, 1);
}

static void test_first_s5_counts([[maybe_unused]] void **state)
{
    CHECK_AML(true, 0x08, '_', 'S', '5', '_', 0x12, 0x03, 0x01, 0x01, 0x08, '_', 'S', '5', '_',
              0x12, 0x03, 0x01, 0x00);
    assert_int_equal(check_read(NONOS_OK).s5_a, 1);
}

/* Any bytes anywhere, with the checksums set right: an answer, in bounded reads, inside bounds. */
static void test_survives_random_damage([[maybe_unused]] void **state)
{
    uint8_t before[BUILT_COUNT][512];
    unsigned good_count = 0;

    assert_int_equal(block_count, BUILT_COUNT);
    for (size_t i = 0; i < block_count; i++)
        assert_in_range(blocks[i].len, 1, sizeof before[i]);
    for (unsigned round = 0; round < 20000; round++) {
        struct acpi_power power;

        for (size_t i = 0; i < block_count; i++)
            memcpy(before[i], blocks[i].bytes, blocks[i].len);
        for (size_t n = test_random_below(4) + 1; n > 0; n--) {
            struct block *block = &blocks[test_random_below(BUILT_COUNT)];

            block->bytes[test_random_below(block->len)] = (uint8_t)test_random_u64();
        }
        seal_rsdp();
        for (size_t i = 1; i < block_count; i++)
            seal(blocks[i].paddr);
        read_count = 0;
        good_count += acpi_read_power(show, nullptr, RSDP, &power) == NONOS_OK;
        assert_in_range(read_count, 1, 32);
        for (size_t i = 0; i < block_count; i++)
            memcpy(blocks[i].bytes, before[i], blocks[i].len);
    }
    assert_in_range(good_count, 1, 19999);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_reads_a_machine_of_today),
        TEST(test_reads_a_machine_of_acpi_1),
        TEST(test_reads_hardware_reduced),
        TEST(test_prefers_the_extended_fields),
        TEST(test_reset_register_counts_only_with_its_flag),
        TEST(test_no_rsdp_is_not_found),
        TEST(test_rejects_a_malformed_rsdp),
        TEST(test_rejects_a_malformed_root),
        TEST(test_rejects_wrong_table_lengths),
        TEST(test_ignores_half_an_entry),
        TEST(test_skips_entries_that_lead_nowhere),
        TEST(test_rejects_a_malformed_fadt),
        TEST(test_without_dsdt_there_is_no_s5),
        TEST(test_reads_s5_in_every_encoding),
        TEST(test_rejects_s5_that_is_not_a_package_of_constants),
        TEST(test_finds_s5_behind_a_false_one),
        TEST(test_address_zero_is_no_table),
        TEST(test_rejects_a_table_that_is_too_long),
        TEST(test_first_s5_counts),
        TEST(test_survives_random_damage),
    };

    return cmocka_run_group_tests_name("acpi", tests, nullptr, nullptr);
}
