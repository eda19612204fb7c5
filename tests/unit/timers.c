#include "kernel/sched/timers.h"

#include "tests/support/vectors.h"

#define COUNT 300u

static struct timer timers[COUNT];
static bool is_in[COUNT];

/* Every parent, order and depth; returns how many timers there are. */
static unsigned check(const struct timer *timer, const struct timer *parent)
{
    uint32_t left = 0;
    uint32_t right = 0;
    unsigned count;

    if (timer == nullptr)
        return 0;
    assert_ptr_equal(timer->parent, parent);
    assert_true(parent == nullptr || parent->deadline_ns <= timer->deadline_ns);
    count = 1 + check(timer->left, timer) + check(timer->right, timer);
    if (timer->left != nullptr)
        left = timer->left->depth;
    if (timer->right != nullptr)
        right = timer->right->depth;
    assert_true(left >= right);
    assert_int_equal(timer->depth, right + 1);
    return count;
}

static uint64_t least(void)
{
    uint64_t deadline = TIMERS_NEVER;

    for (unsigned i = 0; i < COUNT; i++) {
        if (is_in[i] && timers[i].deadline_ns < deadline)
            deadline = timers[i].deadline_ns;
    }
    return deadline;
}

static void test_the_first_one_is_due_first_whatever_is_added_and_removed(void **state)
{
    struct timer *first = nullptr;
    unsigned count = 0;

    (void)state;
    for (unsigned step = 0; step < 5000; step++) {
        unsigned i = (unsigned)test_random_below(COUNT);

        if (is_in[i]) {
            timers_remove(&first, &timers[i]);
            count--;
        } else {
            /* Few values, so that many are equal. */
            timers_add(&first, &timers[i], test_random_below(100));
            count++;
        }
        is_in[i] = !is_in[i];
        assert_int_equal(check(first, nullptr), count);
        assert_int_equal(timers_deadline(first), least());
    }
    while (first != nullptr)
        timers_remove(&first, first);
}

static void test_they_come_out_in_their_order(void **state)
{
    struct timer *first = nullptr;
    uint64_t last = 0;

    (void)state;
    for (unsigned i = 0; i < COUNT; i++)
        timers_add(&first, &timers[i], (uint64_t)i * 7919 % COUNT);
    for (unsigned i = 0; i < COUNT; i++) {
        assert_true(timers_deadline(first) >= last);
        last = timers_deadline(first);
        timers_remove(&first, first);
    }
    assert_null(first);
    assert_int_equal(timers_deadline(first), TIMERS_NEVER);
}

/* Ascending deadlines are the worst case of a tree that does not look after itself. */
static void test_the_way_to_the_right_stays_short(void **state)
{
    struct timer *first = nullptr;

    (void)state;
    for (unsigned i = 0; i < COUNT; i++) {
        timers_add(&first, &timers[i], i);
        assert_true(1u << (first->depth - 1) <= i + 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_first_one_is_due_first_whatever_is_added_and_removed),
        cmocka_unit_test(test_they_come_out_in_their_order),
        cmocka_unit_test(test_the_way_to_the_right_stays_short),
    };

    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
