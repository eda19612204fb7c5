#include "kernel/dev/platform.h"

#include "kernel/console.h"
#include "kernel/cpu/control.h"
#include "kernel/cpu/msr.h"
#include "kernel/mem/paging.h"
#include "tests/support/acpi_memory.h"

#include <stdarg.h>
#include <stdio.h>

#define LAPIC UINT64_C(0xFEE00000)

static char said[2048];
static size_t said_len;
static uint32_t boot_apic_id;
static bool has_topology_leaf;
static uint64_t apic_base;

void console_printf(const char *format, ...)
{
    va_list arguments;
    int len;

    va_start(arguments, format);
    len = vsnprintf(said + said_len, sizeof said - said_len, format, arguments);
    va_end(arguments);
    assert_in_range(len, 0, sizeof said - said_len - 1);
    said_len += (size_t)len;
}

const void *paging_map_firmware(paddr_t paddr, size_t len)
{
    return show(nullptr, paddr, len);
}

uint64_t msr_read(uint32_t number)
{
    assert_int_equal(number, MSR_APIC_BASE);
    return apic_base;
}

static struct cpuid answer_cpuid(uint32_t leaf, uint32_t subleaf)
{
    if (leaf == 0)
        return (struct cpuid){.eax = has_topology_leaf ? 0xB : 7};
    if (leaf == 1)
        return (struct cpuid){.ebx = boot_apic_id << 24 | 0x00FFFFFF};
    assert_true(has_topology_leaf);
    assert_int_equal(leaf, 0xB);
    assert_int_equal(subleaf, 0);
    return (struct cpuid){.ebx = 1, .edx = boot_apic_id};
}

static int setup_processor(void **state)
{
    machine_cpuid = answer_cpuid;
    boot_apic_id = 0;
    has_topology_leaf = true;
    apic_base = LAPIC | 0x900; /* enabled, boots */
    return setup(state);
}

static const struct platform *init(uint64_t rsdp_paddr)
{
    said_len = 0;
    said[0] = '\0';
    platform_init(rsdp_paddr);
    return platform_get();
}

static void check_ids(const struct platform *platform, const uint32_t *ids, uint32_t count)
{
    assert_int_equal(platform->processor_count, count);
    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(platform->processors[i].apic_id, ids[i]);
    assert_true(platform->processors[0].enabled);
}

#define CHECK_IDS(platform, ...)                                                                   \
    check_ids(platform, (const uint32_t[]){__VA_ARGS__},                                           \
              sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

static void test_a_good_machine_is_read_without_a_word([[maybe_unused]] void **state)
{
    const struct platform *platform = init(RSDP);

    CHECK_IDS(platform, 0, 1);
    assert_int_equal(platform->lapic_paddr, LAPIC);
    assert_true(platform->has_8259);
    assert_int_equal(platform->malformed, 0);
    assert_string_equal(said, "");
}

static void test_without_acpi_there_is_one_processor([[maybe_unused]] void **state)
{
    const struct platform *platform;

    boot_apic_id = 9;
    apic_base = UINT64_C(0x12345000) | 0x900;
    platform = init(0);
    CHECK_IDS(platform, 9);
    assert_int_equal(platform->lapic_paddr, 0x12345000);
    assert_true(platform->has_8259);
    assert_int_equal(platform->io_apic_count, 0);
    assert_int_equal(platform->tables, 0);
    assert_string_equal(said, "");
}

static void test_what_an_earlier_machine_had_is_gone([[maybe_unused]] void **state)
{
    (void)init(RSDP);
    assert_int_equal(init(0)->hpet_paddr, 0);
}

static void test_the_processor_that_boots_is_first([[maybe_unused]] void **state)
{
    boot_apic_id = 1;
    CHECK_IDS(init(RSDP), 1, 0);
    assert_string_equal(said, "");
}

static void test_an_old_processor_names_8_bits_of_its_id([[maybe_unused]] void **state)
{
    has_topology_leaf = false;
    boot_apic_id = 1;
    CHECK_IDS(init(RSDP), 1, 0);
}

static void
test_a_processor_that_runs_is_enabled_whatever_firmware_says([[maybe_unused]] void **state)
{
    block_at(MADT)->bytes[44 + 8 + 4] = 2; /* the second one may be plugged in */
    seal(MADT);
    boot_apic_id = 1;
    CHECK_IDS(init(RSDP), 1, 0);
}

static void test_a_madt_without_the_processor_that_boots_is_malformed([[maybe_unused]] void **state)
{
    boot_apic_id = 0x12345;
    CHECK_IDS(init(RSDP), 0x12345, 0, 1);
    assert_string_equal(said, "NONOS: ACPI: APIC is malformed; what is wrong in it is left out\n");
}

static void test_the_processor_that_boots_has_room_in_a_full_list([[maybe_unused]] void **state)
{
    uint8_t *madt = block_resize(MADT, 44 + 8 * 70);
    const struct platform *platform;

    store_le32(madt + 4, 44 + 8 * 70);
    for (uint8_t i = 0; i < 70; i++) {
        const uint8_t entry[] = {0, 8, i, i, 1, 0, 0, 0};

        (void)put_entry(madt, 44 + 8u * i, entry);
    }
    seal(MADT);
    boot_apic_id = 69;
    platform = init(RSDP);
    assert_int_equal(platform->processor_count, PLATFORM_PROCESSOR_MAX);
    assert_int_equal(platform->processors[0].apic_id, 69);
    assert_int_equal(platform->processors[1].apic_id, 0);
    assert_int_equal(platform->processors[63].apic_id, 62);
}

static void test_the_local_apic_is_where_its_register_says([[maybe_unused]] void **state)
{
    store_le32(block_at(MADT)->bytes + 36, 0x7FE0000);
    seal(MADT);
    assert_int_equal(init(RSDP)->lapic_paddr, LAPIC);
    assert_string_equal(said, "NONOS: ACPI: APIC is malformed; what is wrong in it is left out\n");
}

static void test_each_malformed_table_is_named_once([[maybe_unused]] void **state)
{
    block_at(XSDT)->bytes[9]++;
    block_at(FADT)->bytes[9]++;
    block_at(MADT)->bytes[9]++;
    CHECK_IDS(init(RSDP), 0);
    assert_string_equal(said, "NONOS: ACPI: RSDP is malformed; what is wrong in it is left out\n"
                              "NONOS: ACPI: APIC is malformed; what is wrong in it is left out\n"
                              "NONOS: ACPI: FACP is malformed; what is wrong in it is left out\n");
}

static void test_command_prints_what_was_found([[maybe_unused]] void **state)
{
    (void)init(RSDP);
    platform_print();
    assert_string_equal(said,
                        "  processors  2, 0 not enabled, 0 ignored; local APIC at 0xfee00000\n"
                        "  APIC ids    0 1\n"
                        "  I/O APIC    id 7 at 0xfec00000, interrupts from 0\n"
                        "  ISA 0       2, high, edge\n"
                        "  8259        yes\n"
                        "  HPET        0xfed00000\n"
                        "  PM timer    port 0x608, 24 bits\n"
                        "  PCI         segment 0, buses 0-255, at 0xb0000000\n"
                        "  power off   ACPI\n"
                        "  reset       port 0xcf9, 8 bits\n");
}

static void test_command_prints_what_is_not_enabled([[maybe_unused]] void **state)
{
    block_at(MADT)->bytes[44 + 8 + 4] = 2;
    block_at(MADT)->bytes[40] = 0;
    seal(MADT);
    (void)init(RSDP);
    platform_print();
    assert_non_null(strstr(said, "  processors  1, 1 not enabled, 0 ignored; "));
    assert_non_null(strstr(said, "  APIC ids    0 (1)\n"));
    assert_null(strstr(said, "8259"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_processor, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_good_machine_is_read_without_a_word),
        TEST(test_without_acpi_there_is_one_processor),
        TEST(test_what_an_earlier_machine_had_is_gone),
        TEST(test_the_processor_that_boots_is_first),
        TEST(test_an_old_processor_names_8_bits_of_its_id),
        TEST(test_a_processor_that_runs_is_enabled_whatever_firmware_says),
        TEST(test_a_madt_without_the_processor_that_boots_is_malformed),
        TEST(test_the_processor_that_boots_has_room_in_a_full_list),
        TEST(test_the_local_apic_is_where_its_register_says),
        TEST(test_each_malformed_table_is_named_once),
        TEST(test_command_prints_what_was_found),
        TEST(test_command_prints_what_is_not_enabled),
    };

    return cmocka_run_group_tests_name("platform", tests, nullptr, nullptr);
}
