#include "kernel/dev/acpi.h"

#include "tests/support/acpi_memory.h"

#define ALL_TABLES ((1u << ACPI_KIND_COUNT) - 1)

static void test_reads_a_machine_of_today([[maybe_unused]] void **state)
{
    struct platform platform = read_all();

    assert_int_equal(platform.tables, ALL_TABLES);
    assert_int_equal(platform.malformed, 0);
    assert_int_equal(platform.processor_count, 2);
    assert_int_equal(platform.io_apic_count, 1);
    assert_int_equal(platform.override_count, 1);
    assert_int_equal(platform.hpet_paddr, 0xFED00000);
    assert_int_equal(platform.ecam_count, 1);
    assert_int_equal(platform.pm_timer.address, 0x608);
    assert_int_equal(platform.power.reset.address, 0xCF9);
    assert_true(platform.power.has_s5);
    assert_int_equal(platform.power.s5_a, 5);
    assert_int_equal(platform.power.s5_b, 6);
}

static void test_reads_a_machine_of_acpi_1([[maybe_unused]] void **state)
{
    struct platform platform;

    (void)teardown(nullptr);
    build(0);
    platform = read_all();
    assert_int_equal(platform.tables, ALL_TABLES & ~kind_bit(ACPI_HPET) & ~kind_bit(ACPI_MCFG));
    assert_int_equal(platform.malformed, 0);
    assert_int_equal(platform.processor_count, 2);
    assert_true(platform.power.has_s5);
}

static void test_without_rsdp_there_is_nothing([[maybe_unused]] void **state)
{
    static const struct platform zero = {};
    struct platform platform;

    block_at(RSDP)->bytes[0] = 'r';
    platform = read_all();
    assert_memory_equal(&platform, &zero, sizeof platform);
}

/* Each table in turn: it is named, it counts as absent, and the others are what they were. */
static void test_a_malformed_table_spoils_no_other([[maybe_unused]] void **state)
{
    static const struct {
        uint64_t paddr;
        enum acpi_kind kind;
    } tables[] = {{MADT, ACPI_MADT}, {HPET, ACPI_HPET}, {MCFG, ACPI_MCFG}, {DSDT, ACPI_DSDT}};

    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        struct platform platform;

        block_at(tables[i].paddr)->bytes[9]++;
        platform = read_all();
        assert_int_equal(platform.malformed, kind_bit(tables[i].kind));
        assert_int_equal(platform.tables, ALL_TABLES & ~kind_bit(tables[i].kind));
        assert_int_equal(platform.processor_count, tables[i].kind == ACPI_MADT ? 0 : 2);
        assert_int_equal(platform.hpet_paddr, tables[i].kind == ACPI_HPET ? 0 : 0xFED00000);
        assert_int_equal(platform.ecam_count, tables[i].kind == ACPI_MCFG ? 0 : 1);
        assert_int_equal(platform.power.has_s5, tables[i].kind != ACPI_DSDT);
        assert_int_equal(platform.power.pm1a_control.address, 0x604);
        block_at(tables[i].paddr)->bytes[9]--;
    }
}

static void test_without_fadt_there_is_no_dsdt([[maybe_unused]] void **state)
{
    struct platform platform;

    block_at(FADT)->bytes[9]++;
    platform = read_all();
    assert_int_equal(platform.malformed, kind_bit(ACPI_FADT));
    assert_int_equal(platform.tables, ALL_TABLES & ~kind_bit(ACPI_FADT) & ~kind_bit(ACPI_DSDT));
    assert_false(platform.power.has_s5);
    memcpy(block_at(FADT)->bytes, "FACS", 4);
    assert_int_equal(read_all().malformed, 0);
}

static void test_an_entry_that_is_wrong_leaves_the_rest_of_its_table([[maybe_unused]] void **state)
{
    struct platform platform;

    block_at(MADT)->bytes[44 + 8 + 1] = 0; /* the second processor's length */
    seal(MADT);
    platform = read_all();
    assert_int_equal(platform.malformed, kind_bit(ACPI_MADT));
    assert_int_equal(platform.tables, ALL_TABLES);
    assert_int_equal(platform.processor_count, 1);
}

static void test_no_dsdt_is_not_malformed([[maybe_unused]] void **state)
{
    struct platform platform;

    store_le32(block_at(FADT)->bytes + 40, 0);
    seal(FADT);
    platform = read_all();
    assert_int_equal(platform.malformed, 0);
    assert_int_equal(platform.tables, ALL_TABLES & ~kind_bit(ACPI_DSDT));
}

static void test_a_malformed_root_is_named([[maybe_unused]] void **state)
{
    struct platform platform;

    block_at(XSDT)->bytes[9]++;
    platform = read_all(); /* by the RSDT, which has no more than two */
    assert_int_equal(platform.malformed, kind_bit(ACPI_ROOT));
    assert_int_equal(platform.tables, ALL_TABLES & ~kind_bit(ACPI_HPET) & ~kind_bit(ACPI_MCFG));
    block_at(RSDT)->bytes[9]++;
    platform = read_all();
    assert_int_equal(platform.malformed, kind_bit(ACPI_ROOT));
    assert_int_equal(platform.tables, 0);
}

static void test_the_first_of_two_tables_counts([[maybe_unused]] void **state)
{
    uint8_t *xsdt = block_at(XSDT)->bytes;
    uint8_t *other = table_add(OTHER, "HPET", 56);
    struct platform platform;

    set_register(other + 40, ACPI_SPACE_MEMORY, 0, 0xFED01000);
    seal(OTHER);
    store_le64(xsdt + 36 + 24, OTHER); /* in place of the MCFG */
    seal(XSDT);
    assert_int_equal(read_all().hpet_paddr, 0xFED00000);
    assert_int_equal(read_all().malformed, 0);
    /* The first one that can be read. */
    block_at(HPET)->bytes[9]++;
    platform = read_all();
    assert_int_equal(platform.hpet_paddr, 0xFED01000);
    assert_int_equal(platform.malformed, kind_bit(ACPI_HPET));
}

static void test_entries_that_lead_nowhere_are_skipped([[maybe_unused]] void **state)
{
    static const uint64_t nowhere[] = {0, 1, 0xFFFFFFFFFFFFFFF0, UINT64_MAX, MADT + 64};

    for (size_t i = 0; i < sizeof nowhere / sizeof nowhere[0]; i++) {
        store_le64(block_at(XSDT)->bytes + 36, nowhere[i]);
        seal(XSDT);
        assert_int_equal(read_all().tables, ALL_TABLES & ~kind_bit(ACPI_MADT));
        assert_int_equal(read_all().malformed, 0);
    }
}

static void test_a_table_may_name_itself_and_overlap_others([[maybe_unused]] void **state)
{
    uint8_t *dsdt = block_resize(DSDT, 512);
    uint8_t *xsdt = block_at(XSDT)->bytes;

    /* The root again, the FADT's own address as its DSDT, an HPET inside the DSDT. */
    store_le64(xsdt + 36, XSDT);
    store_le64(xsdt + 52, DSDT + 200);
    seal(XSDT);
    memcpy(dsdt + 200, block_at(HPET)->bytes, 56);
    store_le32(block_at(FADT)->bytes + 40, FADT);
    seal(FADT);
    assert_int_equal(read_all().hpet_paddr, 0xFED00000);
    assert_int_equal(read_all().malformed, kind_bit(ACPI_DSDT));
}

static void test_a_list_has_up_to_64_kib([[maybe_unused]] void **state)
{
    for (uint32_t len = ACPI_LIST_MAX_LEN; len <= ACPI_LIST_MAX_LEN + 1; len++) {
        uint8_t *madt = block_resize(MADT, len);

        store_le32(madt + 4, len);
        for (size_t at = 82; at < len; at += madt[at + 1]) {
            madt[at] = 0x7F;
            madt[at + 1] = (uint8_t)(len - at < 6 ? len - at : 4);
        }
        seal(MADT);
        assert_int_equal(read_all().processor_count, len == ACPI_LIST_MAX_LEN ? 2 : 0);
        assert_int_equal(read_all().malformed, len == ACPI_LIST_MAX_LEN ? 0 : kind_bit(ACPI_MADT));
    }
}

static void test_a_dsdt_has_up_to_1_mib([[maybe_unused]] void **state)
{
    for (uint32_t len = ACPI_DSDT_MAX_LEN; len <= ACPI_DSDT_MAX_LEN + 1; len++) {
        store_le32(block_resize(DSDT, len) + 4, len);
        seal(DSDT);
        assert_int_equal(read_all().power.has_s5, len == ACPI_DSDT_MAX_LEN);
    }
}

static void test_kinds_have_names([[maybe_unused]] void **state)
{
    static const char *names[] = {"RSDP", "APIC", "FACP", "HPET", "MCFG", "DSDT"};

    for (unsigned kind = 0; kind < ACPI_KIND_COUNT; kind++)
        assert_string_equal(acpi_kind_name(kind), names[kind]);
}

/* Any bytes anywhere, with the checksums set right: an answer, in bounded reads, inside bounds. */
static void test_survives_random_damage([[maybe_unused]] void **state)
{
    uint8_t before[BUILT_COUNT][512];
    unsigned whole_count = 0;

    assert_int_equal(block_count, BUILT_COUNT);
    for (size_t i = 0; i < block_count; i++)
        assert_in_range(blocks[i].len, 1, sizeof before[i]);
    for (unsigned round = 0; round < 20000; round++) {
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
        whole_count += read_all().tables == ALL_TABLES;
        assert_in_range(read_count, 1, 32);
        for (size_t i = 0; i < block_count; i++)
            memcpy(blocks[i].bytes, before[i], blocks[i].len);
    }
    assert_in_range(whole_count, 1, 19999);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_reads_a_machine_of_today),
        TEST(test_reads_a_machine_of_acpi_1),
        TEST(test_without_rsdp_there_is_nothing),
        TEST(test_a_malformed_table_spoils_no_other),
        TEST(test_without_fadt_there_is_no_dsdt),
        TEST(test_an_entry_that_is_wrong_leaves_the_rest_of_its_table),
        TEST(test_no_dsdt_is_not_malformed),
        TEST(test_a_malformed_root_is_named),
        TEST(test_the_first_of_two_tables_counts),
        TEST(test_entries_that_lead_nowhere_are_skipped),
        TEST(test_a_table_may_name_itself_and_overlap_others),
        TEST(test_a_list_has_up_to_64_kib),
        TEST(test_a_dsdt_has_up_to_1_mib),
        TEST(test_kinds_have_names),
        TEST(test_survives_random_damage),
    };

    return cmocka_run_group_tests_name("acpi", tests, nullptr, nullptr);
}
