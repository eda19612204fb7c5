#include "tests/support/fake_firmware.h"

static void test_allocation_is_zeroed_and_bounded(void **state)
{
    (void)state;
    uint64_t paddr;
    assert_int_equal(firmware_allocate(4097, FIRMWARE_BELOW_4G, EFI_LOADER_DATA, &paddr), NONOS_OK);
    assert_true(fake.last_limit == FIRMWARE_BELOW_4G);
    const uint8_t *bytes = firmware_pointer(paddr);
    for (size_t i = 0; i < 8192; i++)
        assert_int_equal(bytes[i], 0);
}

static void test_allocation_says_when_there_is_no_memory(void **state)
{
    (void)state;
    uint64_t paddr = 17;
    fake.is_out_of_memory = true;
    assert_int_equal(firmware_allocate(1, FIRMWARE_ANYWHERE, EFI_LOADER_DATA, &paddr),
                     NONOS_E_NO_MEMORY);
    assert_int_equal(paddr, 0);
}

static void test_protocols_are_found_or_null(void **state)
{
    (void)state;
    int handle;
    int interface;
    fake_add(&handle, &efi_rng_guid, &interface);
    assert_ptr_equal(firmware_find_protocol(&efi_rng_guid), &interface);
    assert_ptr_equal(firmware_open_protocol(&handle, &efi_rng_guid), &interface);
    assert_null(firmware_find_protocol(&efi_memory_attribute_guid));
    assert_null(firmware_open_protocol(&handle, &efi_memory_attribute_guid));
    assert_null(firmware_open_protocol(nullptr, &efi_rng_guid));
}

static void test_handles_are_listed(void **state)
{
    (void)state;
    int a;
    int b;
    efi_handle *handles;
    uint64_t count;
    firmware_list_handles(&efi_rng_guid, &handles, &count);
    assert_int_equal(count, 0);
    assert_null(handles);
    firmware_free_handles(handles);
    fake_add(&a, &efi_rng_guid, &a);
    fake_add(&b, &efi_rng_guid, &b);
    firmware_list_handles(&efi_rng_guid, &handles, &count);
    assert_int_equal(count, 2);
    assert_ptr_equal(handles[1], &b);
    firmware_free_handles(handles);
}

static void test_map_buffer_leaves_room_for_growth(void **state)
{
    (void)state;
    struct firmware_map map;
    fake_add_memory(EFI_CONVENTIONAL_MEMORY, 0x1000, 1);
    assert_int_equal(firmware_map_allocate(&map), NONOS_OK);
    for (unsigned i = 0; i < 40; i++)
        fake_add_memory(EFI_LOADER_DATA, 0x2000 + 0x1000 * i, 1);
    assert_int_equal(firmware_map_read(&map), NONOS_OK);
    assert_int_equal(map.len, 41 * sizeof(struct efi_memory_descriptor));
    assert_int_equal(map.key, fake.map_key);
}

static void test_map_that_outgrows_its_buffer_is_an_error(void **state)
{
    (void)state;
    struct firmware_map map;
    fake_add_memory(EFI_CONVENTIONAL_MEMORY, 0x1000, 1);
    fake_add_memory(EFI_CONVENTIONAL_MEMORY, 0x2000, 1);
    assert_int_equal(firmware_map_allocate(&map), NONOS_OK);
    map.size = sizeof(struct efi_memory_descriptor);
    assert_int_equal(firmware_map_read(&map), NONOS_E_FIRMWARE);
    assert_int_equal(map.len, 0);
}

static efi_status EFIAPI tiny_descriptors(uint64_t *size, void *map, uint64_t *key,
                                          uint64_t *descriptor_len, uint32_t *version)
{
    (void)map;
    (void)key;
    *size = 16;
    *descriptor_len = 16;
    *version = 1;
    return EFI_BUFFER_TOO_SMALL;
}

static void test_descriptors_that_are_too_small_are_an_error(void **state)
{
    (void)state;
    struct firmware_map map;
    fake.boot.get_memory_map = tiny_descriptors;
    assert_int_equal(firmware_map_allocate(&map), NONOS_E_FIRMWARE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FAKE_TEST(test_allocation_is_zeroed_and_bounded),
        FAKE_TEST(test_allocation_says_when_there_is_no_memory),
        FAKE_TEST(test_protocols_are_found_or_null),
        FAKE_TEST(test_handles_are_listed),
        FAKE_TEST(test_map_buffer_leaves_room_for_growth),
        FAKE_TEST(test_map_that_outgrows_its_buffer_is_an_error),
        FAKE_TEST(test_descriptors_that_are_too_small_are_an_error),
    };
    return cmocka_run_group_tests_name("firmware", tests, nullptr, nullptr);
}
