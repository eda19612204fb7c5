#include "kernel/sched/budget.h"

#include "tests/support/vectors.h"

static void test_a_period_starts_with_the_first_run(void **state)
{
    struct budget budget = {.limit_ns = 20, .period_ns = 100};

    (void)state;
    assert_int_equal(budget_begin(&budget, 1000), 1020);
    assert_int_equal(budget.end_ns, 1100);
    budget_charge(&budget, 1005);
    assert_false(budget_is_spent(&budget, 1005));
}

static void test_what_is_left_lasts_over_many_runs(void **state)
{
    struct budget budget = {.limit_ns = 20, .period_ns = 100};

    (void)state;
    assert_int_equal(budget_begin(&budget, 1000), 1020);
    budget_charge(&budget, 1005);
    assert_int_equal(budget_begin(&budget, 1050), 1065);
    budget_charge(&budget, 1064);
    assert_false(budget_is_spent(&budget, 1064));
    budget_charge(&budget, 1065);
    assert_true(budget_is_spent(&budget, 1065));
    assert_int_equal(budget_begin(&budget, 1070), 1070);
}

static void test_it_is_full_again_when_the_period_ends(void **state)
{
    struct budget budget = {.limit_ns = 20, .period_ns = 100};

    (void)state;
    (void)budget_begin(&budget, 1000);
    budget_charge(&budget, 1020);
    assert_true(budget_is_spent(&budget, 1099));
    assert_false(budget_is_spent(&budget, 1100));
    assert_int_equal(budget_begin(&budget, 1100), 1120);
    assert_int_equal(budget.end_ns, 1200);
}

/* However a thread runs and waits, no period gives it more than its limit. */
static void test_no_period_gives_more(void **state)
{
    struct budget budget = {.limit_ns = 20, .period_ns = 100};
    uint64_t now = 1;
    uint64_t used = 0;
    uint64_t end = 0;

    (void)state;
    for (unsigned i = 0; i < 100000; i++) {
        uint64_t until = budget_begin(&budget, now);
        uint64_t run = test_random_below(30);

        if (budget.end_ns != end) {
            assert_true(budget.end_ns >= end + budget.period_ns);
            end = budget.end_ns;
            used = 0;
        }
        if (run > until - now)
            run = until - now;
        used += run;
        now += run;
        budget_charge(&budget, now);
        assert_true(used <= budget.limit_ns);
        now = budget_is_spent(&budget, now) ? budget.end_ns : now + test_random_below(30);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_period_starts_with_the_first_run),
        cmocka_unit_test(test_what_is_left_lasts_over_many_runs),
        cmocka_unit_test(test_it_is_full_again_when_the_period_ends),
        cmocka_unit_test(test_no_period_gives_more),
    };

    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
