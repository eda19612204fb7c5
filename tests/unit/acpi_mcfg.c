#include "kernel/dev/acpi_mcfg.h"

#include "tests/support/acpi_memory.h"

static struct platform platform;

struct entry {
    uint64_t paddr;
    uint16_t segment;
    uint8_t first_bus;
    uint8_t last_bus;
};

/* Reads a table of these entries and cut bytes fewer. */
static void check_read(const struct entry *entries, size_t count, size_t cut, bool wanted)
{
    uint8_t *mcfg = table_add(OTHER, "MCFG", 44 + 16 * count - cut);
    struct acpi_table table = table_at(OTHER);
    uint8_t bytes[16];

    for (size_t i = 0, at = 44; at < table.len; i++, at += 16) {

        memset(bytes, 0, sizeof bytes);
        store_le64(bytes, entries[i].paddr);
        bytes[8] = (uint8_t)entries[i].segment;
        bytes[9] = (uint8_t)(entries[i].segment >> 8);
        bytes[10] = entries[i].first_bus;
        bytes[11] = entries[i].last_bus;
        memcpy(mcfg + at, bytes, table.len - at < 16 ? table.len - at : 16);
    }
    memset(&platform, 0, sizeof platform);
    assert_int_equal(acpi_mcfg_read(&table, &platform), wanted);
    free(mcfg);
    block_count--;
}

#define CHECK(wanted, ...)                                                                         \
    check_read((const struct entry[]){__VA_ARGS__},                                                \
               sizeof((const struct entry[]){__VA_ARGS__}) / sizeof(struct entry), 0, wanted)

static void test_reads_every_segment([[maybe_unused]] void **state)
{
    CHECK(true, {0xB0000000, 0, 0, 255}, {0x4000000000, 0x102, 16, 31});
    assert_int_equal(platform.ecam_count, 2);
    assert_int_equal(platform.ecam[0].paddr, 0xB0000000);
    assert_int_equal(platform.ecam[0].segment, 0);
    assert_int_equal(platform.ecam[0].last_bus, 255);
    assert_int_equal(platform.ecam[1].paddr, 0x4000000000);
    assert_int_equal(platform.ecam[1].segment, 0x102);
    assert_int_equal(platform.ecam[1].first_bus, 16);
    assert_int_equal(platform.ecam[1].last_bus, 31);
}

static void test_rejects_what_cannot_be_and_takes_the_rest([[maybe_unused]] void **state)
{
    CHECK(false, {0xB0000000, 0, 1, 0}, {0xC0000000, 1, 0, 0});
    assert_int_equal(platform.ecam_count, 1);
    assert_int_equal(platform.ecam[0].segment, 1);
    CHECK(false, {0, 0, 0, 255});
    assert_int_equal(platform.ecam_count, 0);
    CHECK(false, {0xB0080000, 0, 0, 255});
    assert_int_equal(platform.ecam_count, 0);
    CHECK(false, {UINT64_C(0xFFFFFFFFFFF00000), 0, 0, 255});
    assert_int_equal(platform.ecam_count, 0);
}

static void test_last_bus_ends_within_physical_memory([[maybe_unused]] void **state)
{
    const uint64_t end = UINT64_C(1) << 45;

    CHECK(true, {end - (UINT64_C(2) << 20), 0, 0, 0});
    CHECK(false, {end - (UINT64_C(1) << 20), 0, 0, 0});
    CHECK(true, {end - (UINT64_C(257) << 20), 0, 0, 255});
    CHECK(false, {end - (UINT64_C(256) << 20), 0, 255, 255});
}

static void test_a_bus_is_taken_once([[maybe_unused]] void **state)
{
    CHECK(false, {0xB0000000, 0, 0, 127}, {0xC0000000, 0, 127, 255}, {0xD0000000, 0, 128, 255});
    assert_int_equal(platform.ecam_count, 2);
    assert_int_equal(platform.ecam[1].paddr, 0xD0000000);
    CHECK(false, {0xB0000000, 3, 8, 15}, {0xC0000000, 3, 0, 255});
    assert_int_equal(platform.ecam_count, 1);
    CHECK(true, {0xB0000000, 3, 8, 15}, {0xC0000000, 4, 0, 255});
    assert_int_equal(platform.ecam_count, 2);
}

static void test_takes_as_many_as_there_is_room_for([[maybe_unused]] void **state)
{
    CHECK(true, {0xB0000000, 0, 0, 0}, {0xB0000000, 1, 0, 0}, {0xB0000000, 2, 0, 0},
          {0xB0000000, 3, 0, 0}, {0xB0000000, 4, 0, 0});
    assert_int_equal(platform.ecam_count, PLATFORM_ECAM_MAX);
    assert_int_equal(platform.ecam[3].segment, 3);
}

static void test_an_entry_that_is_cut_off_is_left_out([[maybe_unused]] void **state)
{
    static const struct entry two[] = {{0xB0000000, 0, 0, 0}, {0xB0000000, 1, 0, 0}};

    for (size_t cut = 1; cut <= 15; cut++) {
        check_read(two, 2, cut, false);
        assert_int_equal(platform.ecam_count, 1);
    }
    check_read(two, 2, 16, true);
    check_read(two, 2, 32, true);
    assert_int_equal(platform.ecam_count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_reads_every_segment),
        TEST(test_rejects_what_cannot_be_and_takes_the_rest),
        TEST(test_last_bus_ends_within_physical_memory),
        TEST(test_a_bus_is_taken_once),
        TEST(test_takes_as_many_as_there_is_room_for),
        TEST(test_an_entry_that_is_cut_off_is_left_out),
    };

    return cmocka_run_group_tests_name("acpi_mcfg", tests, nullptr, nullptr);
}
