#include "kernel/cpu/control.h"
#include "kernel/dev/clock.h"
#include "tests/support/registers.h"

#include <pthread.h>

/* Two threads are two processors; what the counter of each shows besides the real one. */
static thread_local int64_t ahead;
static bool has_adjust;
/* Of the processor that joins, which looks once when it asks and once when it has its answer: the
 * shortest time between the two. */
static thread_local bool joins, has_asked;
static uint64_t shortest, asked_at;

static uint64_t read_tsc(void)
{
    uint64_t now = control_read_real_tsc_ordered();

    if (joins && has_asked && now - asked_at < shortest)
        shortest = now - asked_at;
    if (joins)
        asked_at = now;
    has_asked = !has_asked;
    return now + (uint64_t)ahead;
}

static struct cpuid read_cpuid(uint32_t leaf, [[maybe_unused]] uint32_t subleaf)
{
    return leaf == 0 ? (struct cpuid){.eax = 7} : (struct cpuid){.ebx = has_adjust ? 2 : 0};
}

/* What a change of the registers does to the counter of the processor that makes it. */
static void write_register(enum register_kind kind, uint64_t where, uint64_t value)
{
    assert_int_equal(kind, MSR);
    if (where == 0x3B)
        ahead += (int64_t)value - 5000;
    else
        ahead = (int64_t)(value - control_read_real_tsc());
}

static int setup([[maybe_unused]] void **state)
{
    registers_reset();
    register_put(MSR, 0x3B, 5000);
    register_write_hook = write_register;
    machine_read_tsc = read_tsc;
    machine_cpuid = read_cpuid;
    has_adjust = true;
    return 0;
}

static bool served;

static void *serve(void *counter_ahead)
{
    ahead = *(const int64_t *)counter_ahead;
    served = clock_serve();
    return nullptr;
}

/* Joins, as a processor whose counter is joining_ahead of the real one, one that is
 * serving_ahead; returns what the two are apart then. */
static int64_t meet(int64_t serving_ahead, int64_t joining_ahead)
{
    pthread_t other;
    bool joined;

    ahead = joining_ahead;
    joins = true;
    has_asked = false;
    shortest = UINT64_MAX;
    assert_int_equal(pthread_create(&other, nullptr, serve, &serving_ahead), 0);
    joined = clock_join();
    assert_int_equal(pthread_join(other, nullptr), 0);
    assert_true(joined);
    assert_true(served);
    return ahead - serving_ahead;
}

static void test_counters_that_agree_are_left_alone([[maybe_unused]] void **state)
{
    for (unsigned i = 0; i < 20; i++)
        assert_true(meet(0, 0) == 0);
    assert_no_accesses();
}

/* To half of what a question and its answer took. */
static void assert_near(int64_t apart)
{
    int64_t bound = (int64_t)(shortest / 2 + 1);

    assert_true(apart >= -bound && apart <= bound);
}

static void test_counter_that_is_off_is_set_right([[maybe_unused]] void **state)
{
    static const int64_t offsets[] = {INT64_C(1) << 50, -(INT64_C(1) << 50)};

    for (unsigned i = 0; i < 20; i++) {
        int64_t offset = offsets[i % 2];

        assert_near(meet(1000, offset));
        /* By the register that is made for it: read, and written once. */
        assert_int_equal(access_count, 2);
        assert_int_equal(accesses[1].where, 0x3B);
        assert_true(accesses[1].value - 5000 == (uint64_t)(ahead - offset));
        (void)setup(nullptr);
    }
}

static void
test_counter_itself_is_written_where_there_is_no_other_way([[maybe_unused]] void **state)
{
    int64_t apart;

    has_adjust = false;
    apart = meet(INT64_C(1) << 50, 0);
    /* Some time passes between reading the counter and writing it. */
    assert_true(apart > -(INT64_C(1) << 40) && apart < INT64_C(1) << 40);
    assert_int_equal(access_count, 1);
    assert_int_equal(accesses[0].where, 0x10);
}

static void test_one_that_is_left_alone_gives_up([[maybe_unused]] void **state)
{
    assert_false(clock_join());
    assert_false(clock_serve());
    assert_no_accesses();
    assert_true(meet(0, 0) == 0); /* and the next pair meets all the same */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_counters_that_agree_are_left_alone, setup),
        cmocka_unit_test_setup(test_counter_that_is_off_is_set_right, setup),
        cmocka_unit_test_setup(test_counter_itself_is_written_where_there_is_no_other_way, setup),
        cmocka_unit_test_setup(test_one_that_is_left_alone_gives_up, setup),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
