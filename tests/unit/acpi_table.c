#include "kernel/dev/acpi_table.h"

#include "tests/support/acpi_memory.h"

static const struct acpi_view view = {show, nullptr};

static struct acpi_root check_root(enum nonos_error wanted, size_t entry_len, size_t entry_count)
{
    struct acpi_root root;

    memset(&root, 0xAA, sizeof root);
    assert_int_equal(acpi_root_read(&view, RSDP, &root), wanted);
    assert_int_equal(root.entry_count, entry_count);
    if (entry_count != 0)
        assert_int_equal(root.entry_len, entry_len);
    return root;
}

static void test_root_is_the_xsdt_from_revision_2_on([[maybe_unused]] void **state)
{
    struct acpi_root root = check_root(NONOS_OK, 8, 4);

    assert_int_equal(acpi_root_entry(&root, 0), MADT);
    assert_int_equal(acpi_root_entry(&root, 3), MCFG);
}

static void test_root_is_the_rsdt_before([[maybe_unused]] void **state)
{
    struct acpi_root root;

    (void)teardown(nullptr);
    build(0);
    root = check_root(NONOS_OK, 4, 2);
    assert_int_equal(acpi_root_entry(&root, 1), FADT);
}

static void test_revision_2_without_xsdt_has_an_rsdt([[maybe_unused]] void **state)
{
    store_le64(block_at(RSDP)->bytes + 24, 0);
    seal_rsdp();
    (void)check_root(NONOS_OK, 4, 2);
}

static void test_no_rsdp_is_not_found([[maybe_unused]] void **state)
{
    struct acpi_root root;

    assert_int_equal(acpi_root_read(&view, 0, &root), NONOS_E_NOT_FOUND);
    assert_int_equal(acpi_root_read(&view, 0x1234, &root), NONOS_E_NOT_FOUND);
    assert_int_equal(acpi_root_read(&view, UINT64_MAX, &root), NONOS_E_NOT_FOUND);
    block_at(RSDP)->bytes[7] = '!';
    (void)check_root(NONOS_E_NOT_FOUND, 0, 0);
    memcpy(block_add(0, 36), block_at(RSDP)->bytes, 36);
    block_at(0)->bytes[7] = ' ';
    assert_int_equal(acpi_root_read(&view, 0, &root), NONOS_E_NOT_FOUND);
}

static void test_a_wrong_first_checksum_leaves_nothing([[maybe_unused]] void **state)
{
    uint8_t *rsdp = block_at(RSDP)->bytes;

    rsdp[9]++; /* covered by both; the second one is set right again */
    set_checksum(rsdp, 36, 32);
    (void)check_root(NONOS_E_ACPI_TABLE, 0, 0);
}

static void test_a_malformed_extension_leaves_the_rsdt([[maybe_unused]] void **state)
{
    static const uint32_t lens[] = {0, 35, 40, 4097, UINT32_MAX};
    uint8_t *rsdp = block_at(RSDP)->bytes;

    rsdp[32]++;
    (void)check_root(NONOS_E_ACPI_TABLE, 4, 2);
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        store_le32(rsdp + 20, lens[i]); /* 40: longer than the memory there is */
        seal_rsdp();
        (void)check_root(NONOS_E_ACPI_TABLE, 4, 2);
    }
}

static void test_an_rsdp_has_up_to_4096_bytes([[maybe_unused]] void **state)
{
    uint8_t *rsdp = block_resize(RSDP, 5000);

    store_le32(rsdp + 20, 4097);
    set_checksum(rsdp, 20, 8);
    set_checksum(rsdp, 4097, 32);
    (void)check_root(NONOS_E_ACPI_TABLE, 4, 2);
    store_le32(rsdp + 20, 4096);
    set_checksum(rsdp, 20, 8);
    set_checksum(rsdp, 4096, 32);
    (void)check_root(NONOS_OK, 8, 4);
}

static void test_a_malformed_xsdt_leaves_the_rsdt([[maybe_unused]] void **state)
{
    uint8_t *xsdt = block_at(XSDT)->bytes;
    uint8_t *rsdp = block_at(RSDP)->bytes;

    xsdt[9]++;
    (void)check_root(NONOS_E_ACPI_TABLE, 4, 2);
    xsdt[0] = 'Y';
    seal(XSDT);
    (void)check_root(NONOS_E_ACPI_TABLE, 4, 2);
    store_le64(rsdp + 24, UINT64_MAX - 4);
    seal_rsdp();
    (void)check_root(NONOS_E_ACPI_TABLE, 4, 2);
    block_at(RSDT)->bytes[9]++;
    (void)check_root(NONOS_E_ACPI_TABLE, 0, 0);
    store_le32(rsdp + 16, 0);
    seal_rsdp();
    (void)check_root(NONOS_E_ACPI_TABLE, 0, 0);
}

static void test_half_an_entry_is_left_out([[maybe_unused]] void **state)
{
    uint8_t *xsdt = block_at(XSDT)->bytes;

    store_le32(xsdt + 4, 36 + 15);
    set_checksum(xsdt, 36 + 15, 9);
    (void)check_root(NONOS_E_ACPI_TABLE, 8, 1);
}

static void test_a_root_has_up_to_256_entries([[maybe_unused]] void **state)
{
    uint8_t *xsdt = block_resize(XSDT, 36 + 8 * 257);

    store_le32(xsdt + 4, 36 + 8 * 256);
    set_checksum(xsdt, 36 + 8 * 256, 9);
    (void)check_root(NONOS_OK, 8, 256);
    store_le32(xsdt + 4, 36 + 8 * 257);
    seal(XSDT);
    (void)check_root(NONOS_E_ACPI_TABLE, 8, 256);
}

static bool read_madt(size_t min_len, size_t max_len)
{
    struct acpi_table table;
    bool good;

    memset(&table, 0xAA, sizeof table);
    good = acpi_table_read(&view, MADT, "APIC", min_len, max_len, &table);
    assert_int_equal(table.bytes != nullptr, good);
    assert_int_equal(table.len, good ? block_at(MADT)->len : 0);
    return good;
}

static void test_a_table_has_its_signature_checksum_and_length([[maybe_unused]] void **state)
{
    size_t len = block_at(MADT)->len;
    uint8_t *madt = block_at(MADT)->bytes;

    assert_true(read_madt(len, len));
    assert_false(read_madt(len + 1, len + 1));
    assert_false(read_madt(0, len - 1));
    madt[9]++;
    assert_false(read_madt(len, len));
    madt[3] = 'K';
    seal(MADT);
    assert_false(read_madt(len, len));
}

static void test_rejects_a_table_that_is_not_all_there([[maybe_unused]] void **state)
{
    static const uint32_t lens[] = {0, 35, 83, 4096, UINT32_MAX};
    uint8_t *madt = block_at(MADT)->bytes;

    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        store_le32(madt + 4, lens[i]);
        seal(MADT);
        assert_false(read_madt(36, UINT32_MAX));
    }
}

static void test_address_zero_is_no_table([[maybe_unused]] void **state)
{
    struct acpi_table table;

    memcpy(block_add(0, 82), block_at(MADT)->bytes, 82);
    assert_false(acpi_table_read(&view, 0, "APIC", 36, 4096, &table));
    assert_null(acpi_signature_at(&view, 0));
    assert_non_null(acpi_signature_at(&view, MADT));
}

static void test_a_field_behind_the_end_is_zero([[maybe_unused]] void **state)
{
    static const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    struct acpi_table table = {bytes, sizeof bytes};

    assert_int_equal(acpi_field8(&table, 8), 9);
    assert_int_equal(acpi_field8(&table, 9), 0);
    assert_int_equal(acpi_field32(&table, 5), 0x09080706);
    assert_int_equal(acpi_field32(&table, 6), 0);
    assert_int_equal(acpi_field64(&table, 1), 0x0908070605040302);
    assert_int_equal(acpi_field64(&table, 2), 0);
}

static struct acpi_register read_register(uint8_t space, uint64_t address, size_t len)
{
    uint8_t bytes[12] = {};
    struct acpi_table table = {bytes, len};

    set_register(bytes, space, 32, address);
    return acpi_field_register(&table, 0);
}

static void test_a_register_is_in_memory_or_at_a_port([[maybe_unused]] void **state)
{
    struct acpi_register reg = read_register(ACPI_SPACE_MEMORY, 0xFED00000, 12);

    assert_int_equal(reg.address, 0xFED00000);
    assert_int_equal(reg.width_bits, 32);
    assert_int_equal(read_register(ACPI_SPACE_IO, 0xFFFF, 12).address, 0xFFFF);
    assert_int_equal(read_register(ACPI_SPACE_IO, 0x10000, 12).address, 0);
    assert_int_equal(read_register(2, 0x1000, 12).address, 0); /* PCI configuration space */
    assert_int_equal(read_register(ACPI_SPACE_MEMORY, 0xFED00000, 11).address, 0);
    assert_int_equal(read_register(ACPI_SPACE_IO, 0, 12).space, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_root_is_the_xsdt_from_revision_2_on),
        TEST(test_root_is_the_rsdt_before),
        TEST(test_revision_2_without_xsdt_has_an_rsdt),
        TEST(test_no_rsdp_is_not_found),
        TEST(test_a_wrong_first_checksum_leaves_nothing),
        TEST(test_a_malformed_extension_leaves_the_rsdt),
        TEST(test_an_rsdp_has_up_to_4096_bytes),
        TEST(test_a_malformed_xsdt_leaves_the_rsdt),
        TEST(test_half_an_entry_is_left_out),
        TEST(test_a_root_has_up_to_256_entries),
        TEST(test_a_table_has_its_signature_checksum_and_length),
        TEST(test_rejects_a_table_that_is_not_all_there),
        TEST(test_address_zero_is_no_table),
        TEST(test_a_field_behind_the_end_is_zero),
        TEST(test_a_register_is_in_memory_or_at_a_port),
    };

    return cmocka_run_group_tests_name("acpi_table", tests, nullptr, nullptr);
}
