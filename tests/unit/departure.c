#include "boot/departure.h"

#include "tests/support/fake_firmware.h"

static struct boot boot;
static struct nonos_memory_region regions[2 * FAKE_MAX_DESCRIPTORS];

static int setup(void **state)
{
    fake_setup(state);
    memset(&boot, 0, sizeof(boot));
    fake_add_memory(EFI_CONVENTIONAL_MEMORY, 0x200000, 16);
    fake_add_memory(EFI_LOADER_DATA, 0x100000, 16);
    assert_int_equal(firmware_map_allocate(&boot.firmware_map), NONOS_OK);
    boot.map = (struct memory_map){.regions = regions, .capacity = 2 * FAKE_MAX_DESCRIPTORS};
    boot.image_paddr = 0x102000;
    boot.verdict.elf.memory_len = 0x3000;
    return 0;
}

static void test_map_marks_the_kernel(void **state)
{
    (void)state;
    assert_int_equal(departure_read_map(&boot), NONOS_OK);
    assert_int_equal(boot.map.count, 4);
    assert_int_equal(regions[0].type, NONOS_MEMORY_LOADER);
    assert_int_equal(regions[1].paddr, 0x102000);
    assert_int_equal(regions[1].page_count, 3);
    assert_int_equal(regions[1].type, NONOS_MEMORY_KERNEL);
    assert_int_equal(regions[2].type, NONOS_MEMORY_LOADER);
    assert_int_equal(regions[3].type, NONOS_MEMORY_USABLE);
    assert_false(firmware_is_left);
}

static void test_leave_succeeds_at_once_when_the_map_is_true(void **state)
{
    (void)state;
    assert_int_equal(departure_leave(&boot), NONOS_OK);
    assert_int_equal(fake.exit_calls, 1);
    assert_true(firmware_is_left);
    assert_int_equal(boot.map.count, 4);
}

static void test_leave_reads_the_map_again_when_its_key_is_stale(void **state)
{
    (void)state;
    fake.map_changes = 2;
    assert_int_equal(departure_leave(&boot), NONOS_OK);
    assert_int_equal(fake.exit_calls, 3);
    assert_int_equal(boot.firmware_map.key, fake.map_key);
}

static void test_leave_gives_up_on_a_map_that_never_settles(void **state)
{
    (void)state;
    fake.map_changes = UINT32_MAX;
    assert_int_equal(departure_leave(&boot), NONOS_E_FIRMWARE);
    assert_true(fake.exit_calls > 1);
    assert_true(firmware_is_left);
}

static void test_leave_reports_any_other_failure(void **state)
{
    (void)state;
    fake.exit_status = EFI_ERROR_BIT | 7;
    assert_int_equal(departure_leave(&boot), NONOS_E_FIRMWARE);
    assert_int_equal(fake.exit_calls, 1);
}

static void test_leave_refuses_a_map_that_cannot_be(void **state)
{
    (void)state;
    fake_add_memory(EFI_CONVENTIONAL_MEMORY, 17, 1);
    assert_int_equal(departure_leave(&boot), NONOS_E_HANDOFF_MEMORY_MAP);
    assert_int_equal(fake.exit_calls, 0);
    assert_false(firmware_is_left);
}

static void test_map_has_no_more_regions_than_the_handoff_allows(void **state)
{
    (void)state;
    /* two from setup, which the kernel's image makes four */
    for (uint64_t i = 0; i < NONOS_HANDOFF_MAX_REGIONS - 4; i++)
        fake_add_memory(EFI_RESERVED_MEMORY_TYPE, 0x1000000 + i * 8192, 1);
    assert_int_equal(firmware_map_allocate(&boot.firmware_map), NONOS_OK);
    assert_int_equal(departure_read_map(&boot), NONOS_OK);
    assert_int_equal(boot.map.count, NONOS_HANDOFF_MAX_REGIONS);
    fake_add_memory(EFI_RESERVED_MEMORY_TYPE, 0x8000000, 1);
    assert_int_equal(departure_read_map(&boot), NONOS_E_HANDOFF_MEMORY_MAP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_map_marks_the_kernel, setup, fake_teardown),
        cmocka_unit_test_setup_teardown(test_leave_succeeds_at_once_when_the_map_is_true, setup,
                                        fake_teardown),
        cmocka_unit_test_setup_teardown(test_leave_reads_the_map_again_when_its_key_is_stale, setup,
                                        fake_teardown),
        cmocka_unit_test_setup_teardown(test_leave_gives_up_on_a_map_that_never_settles, setup,
                                        fake_teardown),
        cmocka_unit_test_setup_teardown(test_leave_reports_any_other_failure, setup, fake_teardown),
        cmocka_unit_test_setup_teardown(test_leave_refuses_a_map_that_cannot_be, setup,
                                        fake_teardown),
        cmocka_unit_test_setup_teardown(test_map_has_no_more_regions_than_the_handoff_allows, setup,
                                        fake_teardown),
    };
    return cmocka_run_group_tests_name("departure", tests, nullptr, nullptr);
}
