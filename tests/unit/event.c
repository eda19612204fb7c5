#include "kernel/sched/event.h"

#include "kernel/cpu/cpu.h"
#include "kernel/sched/sched.h"
#include "tests/support/vectors.h"

#define COUNT 40u

static struct cpu cpu;
static struct thread threads[COUNT];
static struct event event;
static struct thread *woken;
static unsigned left_count;
static unsigned held_count;

struct cpu *cpu_current(void)
{
    return &cpu;
}

bool lock_take([[maybe_unused]] struct lock *lock)
{
    held_count++;
    return false;
}

void lock_release([[maybe_unused]] struct lock *lock, [[maybe_unused]] bool were_on)
{
    assert_true(held_count > 0);
    held_count--;
}

/* With the lock of the run queue, which whoever goes on releases. */
void sched_leave(void)
{
    assert_int_equal(cpu.thread->state, THREAD_BLOCKED);
    assert_int_equal(held_count, 1);
    held_count = 0;
    left_count++;
}

void sched_wake(struct thread *thread)
{
    assert_null(woken);
    assert_int_equal(held_count, 0);
    assert_int_equal(thread->state, THREAD_BLOCKED);
    woken = thread;
}

void sched_settle([[maybe_unused]] bool were_on)
{
}

static int setup([[maybe_unused]] void **state)
{
    event = EVENT_INIT;
    memset(threads, 0, sizeof threads);
    left_count = 0;
    return 0;
}

/* Returns whether the thread has to wait. */
static bool wait_as(struct thread *thread)
{
    unsigned before = left_count;

    thread->state = THREAD_RUNNING;
    cpu.thread = thread;
    event_wait(&event);
    assert_int_equal(held_count, 0);
    return left_count != before;
}

static struct thread *signal(void)
{
    woken = nullptr;
    event_signal(&event);
    assert_int_equal(held_count, 0);
    return woken;
}

static void test_it_counts_while_nobody_waits([[maybe_unused]] void **state)
{
    assert_null(signal());
    assert_null(signal());
    assert_false(wait_as(&threads[0]));
    assert_false(wait_as(&threads[1]));
    assert_true(wait_as(&threads[2]));
    assert_ptr_equal(signal(), &threads[2]);
    assert_null(signal());
    assert_false(wait_as(&threads[2]));
}

static void test_equals_go_on_in_the_order_in_which_they_came([[maybe_unused]] void **state)
{
    for (unsigned i = 0; i < COUNT; i++)
        assert_true(wait_as(&threads[i]));
    for (unsigned i = 0; i < COUNT; i++)
        assert_ptr_equal(signal(), &threads[i]);
    assert_null(signal());
}

static void test_the_more_urgent_goes_on_first_whenever_it_came([[maybe_unused]] void **state)
{
    static const uint32_t priorities[] = {16, 31, 1, 16, 30, 31, 2};
    static const unsigned order[] = {1, 5, 4, 0, 3, 6, 2};

    for (unsigned i = 0; i < sizeof priorities / sizeof priorities[0]; i++) {
        threads[i].priority = priorities[i];
        assert_true(wait_as(&threads[i]));
    }
    for (unsigned i = 0; i < sizeof order / sizeof order[0]; i++)
        assert_ptr_equal(signal(), &threads[order[i]]);
    assert_null(signal());
}

/* Who must go on: of the highest priority the one that has waited longest. */
static struct thread *first_of(struct thread *const *waiting, unsigned count)
{
    struct thread *first = nullptr;

    for (unsigned i = 0; i < count; i++) {
        if (first == nullptr || waiting[i]->priority > first->priority)
            first = waiting[i];
    }
    return first;
}

static void test_any_mixture_keeps_that_order([[maybe_unused]] void **state)
{
    struct thread *waiting[COUNT]; /* in the order in which they came */
    unsigned waiting_count = 0;
    uint64_t given_count = 0;

    for (unsigned step = 0; step < 20000; step++) {
        struct thread *thread = &threads[test_random_below(COUNT)];

        if (test_random_below(2) == 0) {
            struct thread *first = first_of(waiting, waiting_count);

            assert_ptr_equal(signal(), first);
            if (first == nullptr) {
                given_count++;
                continue;
            }
            first->state = THREAD_RUNNING;
            for (unsigned i = 0, kept = 0; i < waiting_count; i++) {
                waiting[kept] = waiting[i];
                kept += waiting[i] != first;
            }
            waiting_count--;
        } else if (thread->state != THREAD_BLOCKED) {
            thread->priority = (uint32_t)test_random_below(4) * 10 + 1;
            if (wait_as(thread))
                waiting[waiting_count++] = thread;
            else
                given_count--;
        }
        assert_int_equal(event.count, given_count);
        assert_true(waiting_count == 0 || given_count == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_it_counts_while_nobody_waits, setup),
        cmocka_unit_test_setup(test_equals_go_on_in_the_order_in_which_they_came, setup),
        cmocka_unit_test_setup(test_the_more_urgent_goes_on_first_whenever_it_came, setup),
        cmocka_unit_test_setup(test_any_mixture_keeps_that_order, setup),
    };

    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
