#include "kernel/dev/scale.h"

#include "tests/support/vectors.h"

#define SECOND UINT64_C(1000000000)
#define CENTURY (UINT64_C(36525) * 24 * 3600 * SECOND)

static void
test_divide_is_exact_where_the_product_has_more_than_64_bits([[maybe_unused]] void **state)
{
    assert_int_equal(scale_divide(0, 0, 1), 0);
    assert_int_equal(scale_divide(7, 3, 2), 10);
    assert_true(scale_divide(UINT64_MAX, UINT64_MAX, UINT64_MAX) == UINT64_MAX);
    assert_true(scale_divide(UINT64_MAX, 1000, 1001) == UINT64_C(18428315757951600014));
    for (unsigned i = 0; i < 20000; i++) {
        uint64_t a = test_random_below(UINT64_MAX) >> test_random_below(64);
        uint64_t b = test_random_below(UINT64_MAX) >> test_random_below(64);
        uint64_t c = (test_random_below(UINT64_MAX) >> test_random_below(64)) + 1;
        uint128 expected = (uint128)a * b / c;

        assert_true(scale_divide(a, b, c) ==
                    (expected > UINT64_MAX ? UINT64_MAX : (uint64_t)expected));
    }
}

static void test_divide_says_when_the_result_does_not_fit([[maybe_unused]] void **state)
{
    assert_true(scale_divide(1, 1, 0) == UINT64_MAX);
    assert_true(scale_divide(0, 0, 0) == UINT64_MAX);
    assert_true(scale_divide(UINT64_MAX, 2, 1) == UINT64_MAX);
}

/* To a billionth for every rate that a processor may have, for as long as its counter goes. */
static void test_counts_become_nanoseconds_for_a_century([[maybe_unused]] void **state)
{
    static const uint64_t rates[] = {1000000,    999999999,  1000000000, 1000000001,
                                     2399999999, 2893202000, 3579545000, 4000000000};

    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        uint64_t ratio = scale_ratio(SECOND, rates[i]);
        uint64_t counts = scale_divide(CENTURY, rates[i], SECOND);
        uint64_t ns = scale_apply(counts, ratio);

        assert_in_range(ns, CENTURY - CENTURY / SECOND - 1000, CENTURY);
        assert_int_equal(scale_apply(0, ratio), 0);
        for (uint64_t count = counts - 1000; count < counts; count++)
            assert_true(scale_apply(count, ratio) <= scale_apply(count + 1, ratio));
    }
}

static void test_one_gigahertz_is_exact([[maybe_unused]] void **state)
{
    uint64_t ratio = scale_ratio(SECOND, SECOND);

    assert_true(scale_apply(UINT64_MAX, ratio) == UINT64_MAX);
    assert_true(scale_apply(123456789, ratio) == 123456789);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_divide_is_exact_where_the_product_has_more_than_64_bits),
        cmocka_unit_test(test_divide_says_when_the_result_does_not_fit),
        cmocka_unit_test(test_counts_become_nanoseconds_for_a_century),
        cmocka_unit_test(test_one_gigahertz_is_exact),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
