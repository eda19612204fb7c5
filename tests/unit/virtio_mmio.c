#include "kernel/dev/virtio.h"

#include "tests/support/vectors.h"
#include "tests/support/virtio_machine.h"

static void test_takes_both_versions_and_no_other([[maybe_unused]] void **state)
{
    for (uint32_t version = 0; version < 5; version++) {
        struct virtio virtio;

        fake_in_memory(FAKE_KEEPS_THE_RULES, version);
        assert_int_equal(virtio_find_mmio(4, FAKE_MMIO, &virtio), version == 1 || version == 2);
        assert_int_equal(virtio.is_legacy, version == 1);
    }
}

static void test_a_device_of_another_type_is_none([[maybe_unused]] void **state)
{
    struct virtio virtio;

    fake_in_memory(FAKE_KEEPS_THE_RULES, 2);
    assert_false(virtio_find_mmio(2, FAKE_MMIO, &virtio));
    assert_false(virtio_find_mmio(0, FAKE_MMIO, &virtio));
}

static void test_memory_is_not_taken_for_registers([[maybe_unused]] void **state)
{
    struct virtio virtio;

    fake_in_memory(FAKE_KEEPS_THE_RULES, 2);
    assert_false(virtio_find_mmio(4, 0x1000, &virtio));
    assert_false(virtio_find_mmio(4, FAKE_MMIO + 2, &virtio));
}

static void test_what_has_no_magic_is_no_device([[maybe_unused]] void **state)
{
    struct virtio virtio;

    fake_in_memory(FAKE_KEEPS_THE_RULES, 2);
    assert_false(virtio_find_mmio(4, FAKE_ECAM, &virtio)); /* reads as ones */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_takes_both_versions_and_no_other),
        cmocka_unit_test(test_a_device_of_another_type_is_none),
        cmocka_unit_test(test_memory_is_not_taken_for_registers),
        cmocka_unit_test(test_what_has_no_magic_is_no_device),
    };

    return cmocka_run_group_tests_name("virtio_mmio", tests, nullptr, nullptr);
}
