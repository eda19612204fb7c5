#include "kernel/dev/acpi_virtio.h"

#include "tests/support/acpi_memory.h"

/* A device as QEMU's microvm describes it: id, number, coherence, memory at address, interrupt. */
#define DEVICE_LEN 62u
#define ADDRESS_AT 40u
static const uint8_t device[DEVICE_LEN] =
    "\x08_HID\x0DLNRO0005\0\x08_UID\x00\x08_CCA\x01\x08_CRS\x11\x1A\x0A\x17"
    "\x86\x09\x00\x01\x00\x00\x00\x00\x00\x02\x00\x00\x89\x06\x00\x09\x01\x05\x00\x00\x00\x79";

static struct platform find(const uint8_t *aml, size_t len)
{
    uint8_t *bytes = calloc(1, ACPI_HEADER_LEN + len);
    struct acpi_table dsdt = {bytes, ACPI_HEADER_LEN + len};
    struct platform platform = {};

    assert_non_null(bytes);
    memcpy(bytes + ACPI_HEADER_LEN, aml, len);
    acpi_virtio_find(&dsdt, &platform);
    free(bytes);
    return platform;
}

static void put(uint8_t *aml, size_t index, uint32_t paddr)
{
    memcpy(aml + index * DEVICE_LEN, device, DEVICE_LEN);
    store_le32(aml + index * DEVICE_LEN + ADDRESS_AT, paddr);
}

static void test_finds_all_devices_in_their_order([[maybe_unused]] void **state)
{
    uint8_t aml[3 * DEVICE_LEN];
    struct platform platform;

    for (uint32_t i = 0; i < 3; i++)
        put(aml, i, 0xFEB02C00 - 512 * i);
    platform = find(aml, sizeof aml);
    assert_int_equal(platform.virtio_count, 3);
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(platform.virtio_paddrs[i], 0xFEB02C00 - 512 * i);
}

static void test_takes_no_more_than_there_is_room_for([[maybe_unused]] void **state)
{
    static uint8_t aml[(PLATFORM_VIRTIO_MAX + 2) * DEVICE_LEN];
    struct platform platform;

    for (uint32_t i = 0; i < PLATFORM_VIRTIO_MAX + 2; i++)
        put(aml, i, i);
    platform = find(aml, sizeof aml);
    assert_int_equal(platform.virtio_count, PLATFORM_VIRTIO_MAX);
    assert_int_equal(platform.virtio_paddrs[PLATFORM_VIRTIO_MAX - 1], PLATFORM_VIRTIO_MAX - 1);
}

static void test_a_table_cut_off_anywhere_has_none([[maybe_unused]] void **state)
{
    uint8_t aml[DEVICE_LEN];

    put(aml, 0, 0xFEB00000);
    for (size_t len = 0; len < ADDRESS_AT + 8; len++)
        assert_int_equal(find(aml, len).virtio_count, 0);
    assert_int_equal(find(aml, ADDRESS_AT + 8).virtio_count, 1);
}

static void test_the_memory_of_other_devices_is_none([[maybe_unused]] void **state)
{
    uint8_t aml[DEVICE_LEN + 200] = {};

    put(aml, 0, 0xFEB00000);
    aml[6 + 7]++; /* LNRO0006 */
    assert_int_equal(find(aml, sizeof aml).virtio_count, 0);
    /* The next memory after the id, but too far away. */
    put(aml, 0, 0xFEB00000);
    memmove(aml + 160, aml + 36, DEVICE_LEN - 36);
    memset(aml + 36, 0, DEVICE_LEN - 36);
    assert_int_equal(find(aml, sizeof aml).virtio_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds_all_devices_in_their_order),
        cmocka_unit_test(test_takes_no_more_than_there_is_room_for),
        cmocka_unit_test(test_a_table_cut_off_anywhere_has_none),
        cmocka_unit_test(test_the_memory_of_other_devices_is_none),
    };

    return cmocka_run_group_tests_name("acpi_virtio", tests, nullptr, nullptr);
}
