#include "kernel/dev/virtio.h"

#include "tests/support/vectors.h"
#include "tests/support/virtio_machine.h"

#define COMMON 0x64u /* where the fake has its capabilities */
#define NOTIFY 0x78u

static struct virtio virtio;

static bool find(void)
{
    return virtio_find_pci(0x1044, 0x1005, &virtio);
}

static int setup([[maybe_unused]] void **state)
{
    fake_on_pci(FAKE_KEEPS_THE_RULES);
    return 0;
}

static void test_finds_its_structures([[maybe_unused]] void **state)
{
    assert_true(find());
    assert_int_equal((uintptr_t)virtio.base, FAKE_COMMON);
    assert_int_equal((uintptr_t)virtio.notify,
                     FAKE_NOTIFY + FAKE_NOTIFY_OFFSET * FAKE_NOTIFY_MULTIPLIER);
    assert_int_equal((uintptr_t)virtio.msix, FAKE_MSIX);
    assert_int_equal(fake.config[1] & 6, 6); /* memory, and the right to write to ours */
    fake.config[0] = 0x10441AF4;
    assert_true(find());
}

static void test_a_device_without_a_structure_cannot_be_used([[maybe_unused]] void **state)
{
    fake.config[COMMON / 4] ^= UINT32_C(4) << 24;
    assert_false(find());
    setup(state);
    fake.config[NOTIFY / 4] ^= UINT32_C(4) << 24;
    assert_false(find());
    setup(state);
    fake.config[1] = 0; /* the legacy interface alone */
    assert_false(find());
}

static void test_the_first_structure_of_a_kind_counts([[maybe_unused]] void **state)
{
    fake_structure(0x50, 0x64, 1, 0x5000, 56); /* in place of the device's own */
    fake.config[0x50 / 4 + 1] = 1;             /* a register that stands for nothing */
    assert_false(find());
}

static void test_a_structure_that_is_too_short_is_not_used([[maybe_unused]] void **state)
{
    fake.config[COMMON / 4 + 3] = 55;
    assert_false(find());
    setup(state);
    for (uint32_t len = 0; len < FAKE_NOTIFY_OFFSET * FAKE_NOTIFY_MULTIPLIER + 2; len++) {
        fake.config[NOTIFY / 4 + 3] = len;
        assert_false(find());
    }
    fake.config[NOTIFY / 4 + 3] = FAKE_NOTIFY_OFFSET * FAKE_NOTIFY_MULTIPLIER + 2;
    assert_true(find());
}

static void test_no_sum_runs_over([[maybe_unused]] void **state)
{
    fake.config[NOTIFY / 4 + 3] = UINT32_MAX;
    fake.config[NOTIFY / 4 + 4] = UINT32_C(0x55555556); /* times 3 is 2^32 + 2 */
    assert_false(find());
    setup(state);
    fake.config[NOTIFY / 4 + 2] = UINT32_MAX;
    assert_false(find());
}

static void test_a_structure_at_an_odd_place_is_not_used([[maybe_unused]] void **state)
{
    fake.config[COMMON / 4 + 2] += 2;
    assert_false(find());
    setup(state);
    fake.config[NOTIFY / 4 + 2] += 1;
    assert_false(find());
}

static void test_a_structure_in_memory_is_not_touched([[maybe_unused]] void **state)
{
    fake.config[0x20 / 4] = 0x00100004;
    assert_false(find());
}

static void test_without_msix_it_is_found_all_the_same([[maybe_unused]] void **state)
{
    fake.config[0x40 / 4] ^= 1;
    assert_true(find());
    assert_null(virtio.msix);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_finds_its_structures),
        TEST(test_a_device_without_a_structure_cannot_be_used),
        TEST(test_the_first_structure_of_a_kind_counts),
        TEST(test_a_structure_that_is_too_short_is_not_used),
        TEST(test_no_sum_runs_over),
        TEST(test_a_structure_at_an_odd_place_is_not_used),
        TEST(test_a_structure_in_memory_is_not_touched),
        TEST(test_without_msix_it_is_found_all_the_same),
    };

    return cmocka_run_group_tests_name("virtio_pci", tests, nullptr, nullptr);
}
