/*
 * What the programs of `make bench` make of many measurements of one operation.
 */
#include "tests/bench/samples.h"

#include "tests/support/vectors.h"

static struct samples samples;

static void add(const uint32_t *ticks, size_t count)
{
    samples.count = 0;
    for (size_t i = 0; i < count; i++)
        samples_add(&samples, ticks[i]);
}

static void test_least_median_and_most_are_of_the_sorted_samples_without_overhead(void **)
{
    static const uint32_t odd[] = {50, 12, 4000, 11, 13}, even[] = {9, 2, 7, 5};

    add(odd, 5);
    struct summary sum = samples_summarize(&samples, 10);
    assert_int_equal(sum.least, 1);
    assert_int_equal(sum.median, 3);
    assert_int_equal(sum.most, 3990);
    assert_int_equal(sum.count, 5);
    add(even, 4);
    assert_int_equal(samples_summarize(&samples, 0).median, 7); // the upper of the two
}

static void test_none_at_all_is_a_summary_of_zeros(void **)
{
    samples.count = 0;
    struct summary sum = samples_summarize(&samples, 10);
    assert_int_equal(sum.count, 0);
    assert_int_equal(sum.most, 0);
}

static void test_more_than_there_is_room_for_are_dropped(void **)
{
    samples.count = 0;
    for (uint32_t i = 0; i < SAMPLES_MAX + 3; i++)
        samples_add(&samples, i);
    assert_int_equal(samples.count, SAMPLES_MAX);
    assert_int_equal(samples_summarize(&samples, 0).most, SAMPLES_MAX - 1);
}

static size_t calls;

static void count_call(size_t i)
{
    assert_int_equal(i, calls++);
}

static void test_work_is_done_once_for_each_sample(void **)
{
    calls = 0;
    samples_take(&samples, count_call);
    assert_int_equal(calls, SAMPLES_MAX);
    assert_int_equal(samples.count, SAMPLES_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_least_median_and_most_are_of_the_sorted_samples_without_overhead),
        cmocka_unit_test(test_none_at_all_is_a_summary_of_zeros),
        cmocka_unit_test(test_more_than_there_is_room_for_are_dropped),
        cmocka_unit_test(test_work_is_done_once_for_each_sample),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
