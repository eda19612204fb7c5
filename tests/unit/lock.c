#include "kernel/lock.h"

#include "kernel/cpu/interrupt_flag.h"
#include "kernel/mem/shootdown.h"
#include "tests/support/vectors.h"

#include <pthread.h>
#include <sched.h>

static struct lock lock;
static unsigned waits;
static void (*others)(void);

/* What a processor does while it waits: in a test the others get on, too. */
void shootdown_wait(void)
{
    (void)__atomic_add_fetch(&waits, 1, __ATOMIC_RELAXED);
    others();
}

static int setup([[maybe_unused]] void **state)
{
    lock = LOCK_INIT(LOCK_FRAMES);
    waits = 0;
    others = nullptr;
    interrupts_enable();
    return 0;
}

static void test_a_free_lock_is_had_at_once([[maybe_unused]] void **state)
{
    for (unsigned i = 0; i < 3; i++) {
        assert_true(lock_take(&lock));
        assert_false(interrupts_are_on());
        lock_release(&lock, true);
        assert_true(interrupts_are_on());
    }
    assert_int_equal(waits, 0);
}

static void test_interrupts_stay_off_for_who_had_them_off([[maybe_unused]] void **state)
{
    struct lock inner = LOCK_INIT(LOCK_INTERRUPTS);
    bool were_on = lock_take(&lock);
    bool inner_were_on = lock_take(&inner);

    assert_true(were_on);
    assert_false(inner_were_on);
    lock_release(&inner, inner_were_on);
    assert_false(interrupts_are_on());
    lock_release(&lock, were_on);
    assert_true(interrupts_are_on());
}

/* Somebody has it; while we wait another one comes, and then it is let go. */
static void come_and_release(void)
{
    assert_false(interrupts_are_on());
    if (waits == 1)
        lock.next++;
    if (waits == 3)
        lock.serving++;
}

static void test_who_waits_answers_and_comes_before_who_came_later([[maybe_unused]] void **state)
{
    lock.next = 1;
    others = come_and_release;
    assert_true(lock_take(&lock));
    assert_int_equal(waits, 3);
    assert_int_equal(lock.serving, 1);
    lock_release(&lock, true);
    assert_int_equal(lock.serving, 2);
    assert_int_equal(lock.next, 3);
    assert_true(interrupts_are_on());
}

static void one_releases(void)
{
    lock.serving++;
}

/* Its turn is neither the next release nor one in another 4 billion. */
static void test_who_comes_third_waits_for_two([[maybe_unused]] void **state)
{
    lock.serving = UINT32_MAX - 1;
    lock.next = 0;
    others = one_releases;
    assert_true(lock_take(&lock));
    assert_int_equal(waits, 2);
    assert_int_equal(lock.serving, 0);
    lock_release(&lock, false);
    assert_int_equal(lock.serving, lock.next);
    assert_false(interrupts_are_on());
}

#define THREADS 4u
#define TURNS 5000u

static unsigned counted; /* under the lock alone */
static unsigned inside;

static void yield(void)
{
    (void)sched_yield();
}

static void *count(void *wrong)
{
    for (unsigned i = 0; i < TURNS; i++) {
        bool were_on = lock_take(&lock);

        if (__atomic_fetch_add(&inside, 1, __ATOMIC_RELAXED) != 0)
            *(bool *)wrong = true;
        counted++;
        if (i % 16 == 0)
            yield();
        (void)__atomic_fetch_sub(&inside, 1, __ATOMIC_RELAXED);
        lock_release(&lock, were_on);
    }
    return nullptr;
}

static void test_one_at_a_time_of_several_processors([[maybe_unused]] void **state)
{
    pthread_t threads[THREADS];
    bool wrong[THREADS] = {0};

    others = yield;
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], nullptr, count, &wrong[i]), 0);
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], nullptr), 0);
        assert_false(wrong[i]);
    }
    assert_int_equal(counted, THREADS * TURNS);
    assert_int_equal(lock.serving, lock.next);
    assert_in_range(waits, 1, UINT32_MAX); /* else nobody ever met another */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_a_free_lock_is_had_at_once, setup),
        cmocka_unit_test_setup(test_interrupts_stay_off_for_who_had_them_off, setup),
        cmocka_unit_test_setup(test_who_waits_answers_and_comes_before_who_came_later, setup),
        cmocka_unit_test_setup(test_who_comes_third_waits_for_two, setup),
        cmocka_unit_test_setup(test_one_at_a_time_of_several_processors, setup),
    };

    return cmocka_run_group_tests_name("lock", tests, nullptr, nullptr);
}
