#include "kernel/dev/acpi_madt.h"

#include "tests/support/acpi_memory.h"

#define ENTRIES_MAX_LEN 4096u

static uint8_t entries[ENTRIES_MAX_LEN];
static size_t entries_len;
static struct platform platform;

static void add(const uint8_t *bytes, size_t len)
{
    assert_true(entries_len + len <= sizeof entries);
    memcpy(entries + entries_len, bytes, len);
    entries_len += len;
}

#define ADD(...) add((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void add_processor(uint8_t apic_id, uint8_t flags)
{
    ADD(0, 8, 0, apic_id, flags, 0, 0, 0);
}

static void add_x2apic(uint32_t apic_id, uint8_t flags)
{
    ADD(9, 16, 0, 0, (uint8_t)apic_id, (uint8_t)(apic_id >> 8), (uint8_t)(apic_id >> 16),
        (uint8_t)(apic_id >> 24), flags, 0, 0, 0, 0, 0, 0, 0);
}

static void add_io_apic(uint8_t id, uint32_t paddr, uint8_t gsi_base)
{
    ADD(1, 12, id, 0, (uint8_t)paddr, (uint8_t)(paddr >> 8), (uint8_t)(paddr >> 16),
        (uint8_t)(paddr >> 24), gsi_base, 0, 0, 0);
}

static void add_override(uint8_t bus, uint8_t irq, uint8_t gsi, uint8_t flags)
{
    ADD(2, 10, bus, irq, gsi, 0, 0, 0, flags, 0);
}

static void add_lapic_address(uint64_t paddr)
{
    uint8_t entry[12] = {5, 12};

    store_le64(entry + 4, paddr);
    add(entry, sizeof entry);
}

/* Reads a table of the entries so far, and forgets them. */
static void check_read(uint32_t lapic, bool wanted)
{
    uint8_t *madt = table_add(OTHER, "APIC", 44 + entries_len);
    struct acpi_table table = table_at(OTHER);

    store_le32(madt + 36, lapic);
    madt[40] = 1;
    memcpy(madt + 44, entries, entries_len);
    memset(&platform, 0, sizeof platform);
    assert_int_equal(acpi_madt_read(&table, &platform), wanted);
    free(madt);
    block_count--;
    entries_len = 0;
}

#define LAPIC 0xFEE00000u

static void check_processors(const uint32_t *ids, uint32_t count)
{
    assert_int_equal(platform.processor_count, count);
    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(platform.processors[i].apic_id, ids[i]);
}

#define CHECK_PROCESSORS(...)                                                                      \
    check_processors((const uint32_t[]){__VA_ARGS__},                                              \
                     sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

static void test_reads_a_machine([[maybe_unused]] void **state)
{
    add_processor(0, 1);
    add_processor(4, 1);
    add_io_apic(7, 0xFEC00000, 0);
    add_io_apic(8, 0xFEC01000, 24);
    add_override(0, 0, 2, 0);
    ADD(4, 6, 0xFF, 0, 0, 1); /* local APIC NMI: skipped */
    check_read(LAPIC, true);
    CHECK_PROCESSORS(0, 4);
    assert_int_equal(platform.lapic_paddr, LAPIC);
    assert_true(platform.has_8259);
    assert_int_equal(platform.io_apic_count, 2);
    assert_int_equal(platform.io_apics[1].id, 8);
    assert_int_equal(platform.io_apics[1].paddr, 0xFEC01000);
    assert_int_equal(platform.io_apics[1].gsi_base, 24);
    assert_int_equal(platform.override_count, 1);
    assert_int_equal(platform.overrides[0].gsi, 2);
}

static void test_a_processor_is_enabled_or_may_come_or_is_none([[maybe_unused]] void **state)
{
    add_processor(0, 1);
    add_processor(1, 0);
    add_processor(2, 2);
    add_processor(3, 3);
    add_processor(4, 4);
    check_read(LAPIC, true);
    CHECK_PROCESSORS(0, 2, 3);
    assert_true(platform.processors[0].enabled);
    assert_false(platform.processors[1].enabled);
    assert_true(platform.processors[2].enabled);
}

static void test_a_broadcast_id_is_no_processor([[maybe_unused]] void **state)
{
    add_processor(0xFE, 1);
    add_processor(0xFF, 1);
    add_x2apic(0xFF, 1);
    add_x2apic(0xFFFFFFFE, 1);
    add_x2apic(0xFFFFFFFF, 1);
    check_read(LAPIC, true);
    CHECK_PROCESSORS(0xFE, 0xFF, 0xFFFFFFFE);
}

static void test_a_processor_is_listed_once([[maybe_unused]] void **state)
{
    add_processor(3, 2);
    add_x2apic(3, 1);
    add_processor(5, 1);
    add_processor(5, 0);
    check_read(LAPIC, true);
    CHECK_PROCESSORS(3, 5);
    assert_true(platform.processors[0].enabled);
    assert_true(platform.processors[1].enabled);
}

static void test_64_processors_are_taken_and_the_rest_counted([[maybe_unused]] void **state)
{
    for (uint32_t id = 0; id < 70; id++)
        add_x2apic(1000 + id, 1);
    add_x2apic(1063, 1); /* once more */
    check_read(LAPIC, true);
    assert_int_equal(platform.processor_count, 64);
    assert_int_equal(platform.processors[63].apic_id, 1063);
    assert_int_equal(platform.processors_ignored, 6);
}

static void test_an_io_apic_is_listed_once([[maybe_unused]] void **state)
{
    add_io_apic(0, 0xFEC00000, 0);
    add_io_apic(1, 0xFEC00000, 24);
    add_io_apic(2, 0xFEC01000, 0);
    check_read(LAPIC, true);
    assert_int_equal(platform.io_apic_count, 1);
    for (uint8_t i = 0; i < 10; i++)
        add_io_apic(i, 0xFEC00000 + 0x1000u * i, (uint8_t)(24 * i));
    check_read(LAPIC, true);
    assert_int_equal(platform.io_apic_count, PLATFORM_IO_APIC_MAX);
}

static void test_rejects_an_io_apic_without_a_place([[maybe_unused]] void **state)
{
    add_io_apic(0, 0, 0);
    add_io_apic(1, 0xFEC00008, 0);
    add_io_apic(2, 0xFEC00010, 0);
    check_read(LAPIC, false);
    assert_int_equal(platform.io_apic_count, 1);
    assert_int_equal(platform.io_apics[0].id, 2);
}

static void test_reads_polarity_and_trigger([[maybe_unused]] void **state)
{
    /* By the flags' low four bits; 2 is reserved in both and counts as the bus's own. */
    for (uint8_t flags = 0; flags < 16; flags++) {
        add_override(0, 9, 9, flags);
        check_read(LAPIC, true);
        assert_int_equal(platform.overrides[0].active_low, flags % 4 == 3);
        assert_int_equal(platform.overrides[0].level, flags / 4 == 3);
    }
}

static void test_an_interrupt_is_overridden_once([[maybe_unused]] void **state)
{
    for (uint8_t irq = 0; irq < 16; irq++) {
        add_override(0, irq, (uint8_t)(irq + 16), 0);
        add_override(0, irq, 99, 15);
    }
    check_read(LAPIC, true);
    assert_int_equal(platform.override_count, PLATFORM_OVERRIDE_MAX);
    for (uint8_t irq = 0; irq < 16; irq++)
        assert_int_equal(platform.overrides[irq].gsi, irq + 16);
}

static void test_rejects_an_override_of_what_is_not_isa([[maybe_unused]] void **state)
{
    add_override(1, 3, 3, 0);
    add_override(0, 16, 3, 0);
    add_override(0, 255, 3, 0);
    check_read(LAPIC, false);
    assert_int_equal(platform.override_count, 0);
}

static void test_the_longer_address_of_the_local_apic_counts([[maybe_unused]] void **state)
{
    add_lapic_address(UINT64_C(0x1000FEE00000));
    check_read(LAPIC, true);
    assert_int_equal(platform.lapic_paddr, UINT64_C(0x1000FEE00000));
}

static void test_rejects_an_address_that_cannot_be_the_local_apic([[maybe_unused]] void **state)
{
    static const uint64_t wrong[] = {0, 0xFEE00800, UINT64_C(1) << 45, UINT64_MAX - 0xFFF};

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        add_lapic_address(wrong[i]);
        check_read(LAPIC, false);
        assert_int_equal(platform.lapic_paddr, LAPIC);
    }
    check_read(0xFEE00001, false);
    assert_int_equal(platform.lapic_paddr, 0);
}

static void test_a_wrong_length_ends_the_list([[maybe_unused]] void **state)
{
    for (uint8_t len = 0; len < 2; len++) {
        add_processor(1, 1);
        ADD(0, len, 0, 2, 1, 0, 0, 0);
        add_processor(3, 1);
        check_read(LAPIC, false);
        CHECK_PROCESSORS(1);
    }
    add_processor(1, 1);
    ADD(0, 9, 0, 2, 1, 0, 0, 0); /* one byte more than there is */
    check_read(LAPIC, false);
    CHECK_PROCESSORS(1);
    ADD(0x7F, 1, 12, 7, 0, 0, 0, 0xC0, 0xFE, 0, 0, 0, 0); /* its second byte begins another */
    check_read(LAPIC, false);
    assert_int_equal(platform.io_apic_count, 0);
    add_processor(1, 1);
    ADD(0); /* no length */
    check_read(LAPIC, false);
    CHECK_PROCESSORS(1);
}

static void test_an_entry_too_short_for_its_type_is_left_out([[maybe_unused]] void **state)
{
    static const uint8_t min_lens[][2] = {{0, 8}, {1, 12}, {2, 10}, {5, 12}, {9, 16}};
    static const uint8_t rest[16] = {};

    for (size_t i = 0; i < sizeof min_lens / sizeof min_lens[0]; i++) {
        ADD(min_lens[i][0], (uint8_t)(min_lens[i][1] - 1));
        add(rest, min_lens[i][1] - 3u);
        add_processor(1, 1);
        check_read(LAPIC, false);
        CHECK_PROCESSORS(1);
        assert_int_equal(platform.io_apic_count + platform.override_count, 0);
    }
}

static void test_an_entry_of_another_type_is_skipped([[maybe_unused]] void **state)
{
    ADD(3, 2);
    ADD(0x7F, 3, 0);
    ADD(0xFF, 2);
    ADD(8, 5, 1, 2, 3);
    add_processor(1, 1);
    check_read(LAPIC, true);
    CHECK_PROCESSORS(1);
}

static void test_a_longer_entry_is_read_by_its_first_fields([[maybe_unused]] void **state)
{
    ADD(0, 12, 0, 6, 1, 0, 0, 0, 0xEE, 0xEE, 0xEE, 0xEE);
    add_processor(1, 1);
    check_read(LAPIC, true);
    CHECK_PROCESSORS(6, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_reads_a_machine),
        TEST(test_a_processor_is_enabled_or_may_come_or_is_none),
        TEST(test_a_broadcast_id_is_no_processor),
        TEST(test_a_processor_is_listed_once),
        TEST(test_64_processors_are_taken_and_the_rest_counted),
        TEST(test_an_io_apic_is_listed_once),
        TEST(test_rejects_an_io_apic_without_a_place),
        TEST(test_reads_polarity_and_trigger),
        TEST(test_an_interrupt_is_overridden_once),
        TEST(test_rejects_an_override_of_what_is_not_isa),
        TEST(test_the_longer_address_of_the_local_apic_counts),
        TEST(test_rejects_an_address_that_cannot_be_the_local_apic),
        TEST(test_a_wrong_length_ends_the_list),
        TEST(test_an_entry_too_short_for_its_type_is_left_out),
        TEST(test_an_entry_of_another_type_is_skipped),
        TEST(test_a_longer_entry_is_read_by_its_first_fields),
    };

    return cmocka_run_group_tests_name("acpi_madt", tests, nullptr, nullptr);
}
