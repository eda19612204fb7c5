/* The locks of the debug build: it is not among the files that are compiled for the host. */
#include "kernel/debug/lock.c" // NOLINT(bugprone-suspicious-include)

#include "tests/support/machine.h"

static struct cpu cpus[2] = {{.index = 0, .queue.lock = LOCK_INIT(LOCK_RUN_QUEUE)},
                             {.index = 1, .queue.lock = LOCK_INIT(LOCK_RUN_QUEUE)}};
static struct cpu *running = &cpus[0];
static struct lock event;
static struct lock frames;

struct cpu *cpu_current(void)
{
    return running;
}

struct thread *thread_current(void)
{
    return nullptr;
}

static int setup([[maybe_unused]] void **state)
{
    memset(held, 0, sizeof held);
    event = LOCK_INIT(LOCK_EVENT);
    frames = LOCK_INIT(LOCK_FRAMES);
    cpus[0].queue.lock = cpus[1].queue.lock = LOCK_INIT(LOCK_RUN_QUEUE);
    running = &cpus[0];
    interrupts_enable();
    return 0;
}

static void test_in_order_all_is_well(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        assert_true(lock_take(&event));
        assert_false(lock_take(&cpus[0].queue.lock));
        assert_false(lock_take(&cpus[1].queue.lock));
        assert_false(lock_take(&frames));
        lock_release(&event, false);
        lock_release(&cpus[1].queue.lock, false);
        lock_release(&frames, false);
        assert_false(interrupts_are_on());
        lock_release(&cpus[0].queue.lock, true);
        assert_true(interrupts_are_on());
    }
}

static void test_a_lower_rank_after_a_higher_one_is_seen(void **state)
{
    (void)state;
    (void)lock_take(&frames);
    assert_panic((void)lock_take(&event), "lock: rank 30 is taken after rank 60");
}

static void test_it_is_seen_below_what_is_held_last(void **state)
{
    struct lock slab = LOCK_INIT(LOCK_SLAB);

    (void)state;
    (void)lock_take(&event);
    (void)lock_take(&frames);
    lock_release(&event, false);
    assert_panic((void)lock_take(&slab), "lock: rank 50 is taken after rank 60");
}

static void test_the_same_lock_twice_is_seen(void **state)
{
    (void)state;
    (void)lock_take(&event);
    assert_panic((void)lock_take(&event), "lock: rank 30 is taken after rank 30");
}

static void test_of_two_queues_the_lower_index_comes_first(void **state)
{
    (void)state;
    (void)lock_take(&cpus[1].queue.lock);
    assert_panic((void)lock_take(&cpus[0].queue.lock), "lock: rank 40 is taken after rank 40");
}

static void test_each_processor_has_its_own_order(void **state)
{
    (void)state;
    (void)lock_take(&frames);
    running = &cpus[1];
    (void)lock_take(&event);
    lock_release(&event, false);
    assert_panic(lock_release(&frames, false), "lock: rank 60 is released where it is not held");
}

static void test_interrupts_do_not_come_on_under_a_lock(void **state)
{
    bool were_on;

    (void)state;
    were_on = lock_take(&event);
    (void)lock_take(&frames);
    assert_panic(lock_release(&frames, were_on), "lock: interrupts come on while rank 30 is held");
    setup(nullptr);
    (void)lock_take(&event);
    interrupts_enable();
    assert_panic(lock_release(&event, false), "lock: rank 30 was held with interrupts on");
}

static void test_a_lock_without_a_rank_is_seen(void **state)
{
    struct lock lock = {0};

    (void)state;
    assert_panic((void)lock_take(&lock), "lock: one without a rank");
}

static void test_too_many_are_seen(void **state)
{
    struct lock locks[HELD_MAX + 1];

    (void)state;
    for (unsigned i = 0; i < HELD_MAX; i++) {
        locks[i] = LOCK_INIT(i + 1);
        (void)lock_take(&locks[i]);
    }
    locks[HELD_MAX] = LOCK_INIT(HELD_MAX + 1);
    assert_panic((void)lock_take(&locks[HELD_MAX]), "lock: one processor holds more than 8");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_in_order_all_is_well, setup),
        cmocka_unit_test_setup(test_a_lower_rank_after_a_higher_one_is_seen, setup),
        cmocka_unit_test_setup(test_it_is_seen_below_what_is_held_last, setup),
        cmocka_unit_test_setup(test_the_same_lock_twice_is_seen, setup),
        cmocka_unit_test_setup(test_of_two_queues_the_lower_index_comes_first, setup),
        cmocka_unit_test_setup(test_each_processor_has_its_own_order, setup),
        cmocka_unit_test_setup(test_interrupts_do_not_come_on_under_a_lock, setup),
        cmocka_unit_test_setup(test_a_lock_without_a_rank_is_seen, setup),
        cmocka_unit_test_setup(test_too_many_are_seen, setup),
    };

    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
