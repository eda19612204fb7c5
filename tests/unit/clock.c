#include "kernel/dev/clock.h"

#include "kernel/cpu/control.h"
#include "kernel/dev/hpet.h"
#include "kernel/dev/pit.h"
#include "kernel/dev/pm_timer.h"
#include "tests/support/vectors.h"

#define SECOND UINT64_C(1000000000)
#define YEAR (UINT64_C(365) * 24 * 3600 * SECOND)

/* What calibration_run was asked, and what it says. */
static uint64_t rate;
static char asked[64];
static char order[64];
static uint64_t tsc;
static bool has_hpet, has_pm_timer;

static void append(char text[64], const char *more)
{
    size_t len = strlen(text);

    assert_true(len + strlen(more) < 64);
    memcpy(text + len, more, strlen(more) + 1);
}

static void note(const char *what)
{
    append(order, what);
}

void calibration_run(const struct counter *counters, size_t count, struct calibration *result)
{
    asked[0] = '\0';
    assert_true(count <= CALIBRATION_COUNTER_MAX);
    for (size_t i = 0; i < count; i++) {
        append(asked, counters[i].name);
        append(asked, " ");
    }
    *result = (struct calibration){.hz = rate, .source = rate != 0 ? "HPET" : nullptr};
    note("measure ");
}

bool hpet_start(paddr_t paddr, struct counter *counter)
{
    assert_int_equal(paddr, 0xFED00000);
    *counter = (struct counter){.name = "HPET"};
    note("hpet ");
    return has_hpet;
}

void hpet_stop(void)
{
    note("-hpet ");
}

bool pm_timer_find(const struct acpi_register *where, struct counter *counter)
{
    assert_int_equal(where->address, 0x608);
    *counter = (struct counter){.name = "PM"};
    return has_pm_timer;
}

void pit_start(struct counter *counter)
{
    *counter = (struct counter){.name = "PIT"};
    note("pit ");
}

void pit_stop(void)
{
    note("-pit ");
}

static uint64_t read_tsc(void)
{
    return tsc;
}

static const struct platform platform = {.hpet_paddr = 0xFED00000, .pm_timer = {.address = 0x608}};

static void init(uint64_t hz, int64_t wall_clock)
{
    const struct boot_info info = {.handoff = {.wall_clock = wall_clock}, .entry_tsc = 1000000};

    machine_read_tsc = read_tsc;
    rate = hz;
    order[0] = '\0';
    tsc = 1000000;
    clock_init(&platform, &info);
}

static int setup([[maybe_unused]] void **state)
{
    has_hpet = has_pm_timer = true;
    init(2 * SECOND, 1800000000);
    return 0;
}

static void test_counters_are_off_again_after_calibration([[maybe_unused]] void **state)
{
    assert_string_equal(asked, "HPET PM PIT ");
    assert_string_equal(order, "hpet pit measure -hpet -pit ");
    has_hpet = false;
    init(SECOND, 0);
    assert_string_equal(asked, "PM PIT ");
    has_pm_timer = false;
    init(SECOND, 0);
    assert_string_equal(asked, "PIT ");
    assert_string_equal(order, "hpet pit measure -hpet -pit ");
}

static void test_time_begins_when_the_kernel_was_entered([[maybe_unused]] void **state)
{
    assert_int_equal(clock_now_ns(), 0);
    tsc += 2;
    assert_int_equal(clock_now_ns(), 1);
    tsc += 2 * SECOND;
    assert_int_equal(clock_now_ns(), SECOND + 1);
    assert_int_equal(clock_tsc_hz(), 2 * SECOND);
    assert_string_equal(clock_calibration()->source, "HPET");
}

static void test_time_goes_on_for_a_century([[maybe_unused]] void **state)
{
    uint64_t last = 0;

    tsc += 2 * 100 * YEAR;
    assert_true(clock_now_ns() == 100 * YEAR);
    init(UINT64_C(2893202000), 0);
    for (unsigned year = 0; year < 100; year++) {
        tsc += UINT64_C(2893202000) * 365 * 24 * 3600;
        assert_in_range(clock_now_ns() - last, YEAR - YEAR / SECOND - 1, YEAR);
        last = clock_now_ns();
    }
}

static void test_nobody_knowing_the_rate_means_1_ghz([[maybe_unused]] void **state)
{
    init(0, 0);
    assert_int_equal(clock_tsc_hz(), SECOND);
    tsc += 12345;
    assert_int_equal(clock_now_ns(), 12345);
}

static void test_wall_clock_is_firmwares_plus_what_has_passed([[maybe_unused]] void **state)
{
    assert_true(clock_wall_ns() == 1800000000 * SECOND);
    tsc += 2 * 5 * SECOND;
    assert_true(clock_wall_ns() == 1800000005 * SECOND);
}

static void test_wall_clock_that_is_none_is_zero([[maybe_unused]] void **state)
{
    static const int64_t bad[] = {0, -1, INT64_MIN, 16300000001, 253402300799, INT64_MAX};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        init(SECOND, bad[i]);
        tsc += 100 * SECOND;
        assert_true(clock_wall_ns() == 0);
    }
    init(SECOND, 16300000000);
    tsc += 60 * YEAR;
    assert_true(clock_wall_ns() == 16300000000 * SECOND + 60 * YEAR);
}

/* The first time stamp at which the time has come, or the one after it. */
static void test_deadline_is_reached_at_its_time_stamp([[maybe_unused]] void **state)
{
    static const uint64_t rates[] = {1000000, 24000000, SECOND, 2893202000, 3999999999};

    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        init(rates[i], 0);
        for (unsigned j = 0; j < 2000; j++) {
            uint64_t deadline, at;

            tsc = 1000000 + test_random_below(rates[i] * 1000000);
            deadline = clock_now_ns() + 1 + (test_random_below(SECOND) >> test_random_below(30));
            at = clock_tsc_at(deadline);
            assert_true(at > tsc);
            /* A billionth of the way, and the rounding of both ways. */
            tsc = at + 1;
            assert_true(clock_now_ns() + 3 >= deadline);
            tsc = at - 3;
            assert_true(clock_now_ns() <= deadline + 1);
        }
    }
}

static void test_deadline_that_has_passed_is_now_and_never_is_far([[maybe_unused]] void **state)
{
    tsc += 2 * SECOND;
    assert_true(clock_tsc_at(0) == tsc);
    assert_true(clock_tsc_at(SECOND) == tsc);
    init(16 * SECOND, 0);
    assert_in_range(clock_tsc_at(UINT64_MAX) - tsc, UINT64_C(1) << 58, UINT64_C(1) << 63);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_counters_are_off_again_after_calibration, setup),
        cmocka_unit_test_setup(test_time_begins_when_the_kernel_was_entered, setup),
        cmocka_unit_test_setup(test_time_goes_on_for_a_century, setup),
        cmocka_unit_test_setup(test_nobody_knowing_the_rate_means_1_ghz, setup),
        cmocka_unit_test_setup(test_wall_clock_is_firmwares_plus_what_has_passed, setup),
        cmocka_unit_test_setup(test_wall_clock_that_is_none_is_zero, setup),
        cmocka_unit_test_setup(test_deadline_is_reached_at_its_time_stamp, setup),
        cmocka_unit_test_setup(test_deadline_that_has_passed_is_now_and_never_is_far, setup),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
