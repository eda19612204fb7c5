#include "kernel/mem/quota.h"

#include "kernel/mem/frames.h"
#include "tests/support/machine.h"

static const struct nonos_memory_region map[] = {
    {.paddr = MACHINE_PADDR, .page_count = 16, .type = NONOS_MEMORY_USABLE},
};

static int setup([[maybe_unused]] void **state)
{
    assert_int_equal(frames_init(map, 1, UINT64_C(1) << 32), NONOS_OK);
    frames_add(map, 1, NONOS_MEMORY_USABLE, 0, ADDRESS_PADDR_END);
    return 0;
}

static uint64_t free_pages(void)
{
    struct frames_statistics statistics;

    frames_get_statistics(&statistics);
    return statistics.free_pages;
}

static void test_the_limit_is_reached_and_not_passed([[maybe_unused]] void **state)
{
    struct quota quota = {.limit_pages = 10};

    assert_int_equal(quota_charge(&quota, 11), NONOS_E_QUOTA);
    assert_int_equal(quota_charge(&quota, UINT64_MAX), NONOS_E_QUOTA);
    assert_int_equal(quota.used_pages, 0);
    assert_int_equal(quota_charge(&quota, 7), NONOS_OK);
    assert_int_equal(quota_charge(&quota, 4), NONOS_E_QUOTA);
    assert_int_equal(quota_charge(&quota, UINT64_MAX - 2), NONOS_E_QUOTA);
    assert_int_equal(quota_charge(&quota, 3), NONOS_OK);
    assert_int_equal(quota_charge(&quota, 1), NONOS_E_QUOTA);
    assert_int_equal(quota_charge(&quota, 0), NONOS_OK);
    quota_release(&quota, 10);
    assert_int_equal(quota.used_pages, 0);
}

/* A limit that was lowered under what is in use. */
static void test_above_the_limit_nothing_is_to_be_had([[maybe_unused]] void **state)
{
    struct quota quota = {.limit_pages = 5, .used_pages = 6};

    assert_int_equal(quota_charge(&quota, 1), NONOS_E_QUOTA);
    assert_int_equal(quota_charge(&quota, UINT64_MAX), NONOS_E_QUOTA);
    quota_release(&quota, 2);
    assert_int_equal(quota_charge(&quota, 1), NONOS_OK);
}

static void test_giving_back_too_much_panics([[maybe_unused]] void **state)
{
    struct quota quota = {.limit_pages = 5, .used_pages = 2};

    assert_panic(quota_release(&quota, 3), "more is given back");
}

static void test_frames_are_charged_until_they_are_free([[maybe_unused]] void **state)
{
    struct quota quota = {.limit_pages = 2};
    uint64_t before = free_pages();
    paddr_t frames[3] = {1, 1, 1};

    assert_int_equal(quota_take_frame(&quota, &frames[0]), NONOS_OK);
    assert_int_equal(quota_take_frame(&quota, &frames[1]), NONOS_OK);
    assert_int_equal(quota_take_frame(&quota, &frames[2]), NONOS_E_QUOTA);
    assert_int_equal(frames[2], 0);
    assert_int_equal(free_pages(), before - 2);
    quota_free_frame(&quota, frames[0]);
    quota_free_frame(&quota, frames[1]);
    assert_int_equal(quota.used_pages, 0);
    assert_int_equal(free_pages(), before);
}

static void test_a_frame_that_is_not_there_is_not_charged([[maybe_unused]] void **state)
{
    struct quota quota = {.limit_pages = 100};
    paddr_t frame = 1;

    while (frames_allocate(0) != 0)
        continue;
    assert_int_equal(quota_take_frame(&quota, &frame), NONOS_E_NO_MEMORY);
    assert_int_equal(frame, 0);
    assert_int_equal(quota.used_pages, 0);
}

static void test_the_kernel_has_no_limit([[maybe_unused]] void **state)
{
    paddr_t frame;

    assert_int_equal(quota_charge(nullptr, UINT64_MAX), NONOS_OK);
    assert_int_equal(quota_take_frame(nullptr, &frame), NONOS_OK);
    quota_free_frame(nullptr, frame);
    quota_release(nullptr, UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_the_limit_is_reached_and_not_passed, setup),
        cmocka_unit_test_setup(test_above_the_limit_nothing_is_to_be_had, setup),
        cmocka_unit_test_setup(test_giving_back_too_much_panics, setup),
        cmocka_unit_test_setup(test_frames_are_charged_until_they_are_free, setup),
        cmocka_unit_test_setup(test_a_frame_that_is_not_there_is_not_charged, setup),
        cmocka_unit_test_setup(test_the_kernel_has_no_limit, setup),
    };

    return cmocka_run_group_tests_name("quota", tests, nullptr, nullptr);
}
