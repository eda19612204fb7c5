#include "kernel/dev/calibration.h"

#include "kernel/cpu/control.h"
#include "kernel/dev/scale.h"
#include "tests/support/vectors.h"

/* A machine in which everything takes time: so many picoseconds since it began. */
static uint64_t now_ps;
static uint64_t tsc_hz;
static uint64_t stall_ps; /* something comes in between, once in a while */
static unsigned looks;

static uint64_t read_tsc(void)
{
    now_ps += 9000;
    if (stall_ps != 0 && ++looks % 7 == 0)
        now_ps += stall_ps;
    return UINT64_C(0xFFFFFFFFFF000000) + scale_divide(now_ps, tsc_hz, UINT64_C(1000000000000));
}

static struct cpuid leaves[5]; /* 0, 1, 0x15, 0x16, 0x40000000 and 0x40000010 in the last's ebx */

static struct cpuid read_cpuid(uint32_t leaf, [[maybe_unused]] uint32_t subleaf)
{
    switch (leaf) {
    case 0:
        return leaves[0];
    case 1:
        return leaves[1];
    case 0x15:
        return leaves[2];
    case 0x16:
        return leaves[3];
    case 0x40000000:
        return (struct cpuid){.eax = leaves[4].eax};
    case 0x40000010:
        return (struct cpuid){.eax = leaves[4].ebx};
    default:
        fail_msg("CPUID leaf 0x%x", leaf);
        return (struct cpuid){0};
    }
}

/* Counters that show the time, one that runs a tenth too fast, one that stands still, one that
 * goes to and fro. */
static uint64_t counter_reads;

static uint32_t count_at(uint64_t period_fs, uint64_t cost_ps)
{
    counter_reads++;
    now_ps += cost_ps;
    return (uint32_t)(now_ps * 1000 / period_fs + 0xFFFFFFF0u);
}

static uint32_t read_hpet(void)
{
    return count_at(69841279, 300000);
}

static uint32_t read_pm_timer(void)
{
    return count_at(279365115, 900000) & 0xFFFFFF;
}

static uint32_t read_pit(void)
{
    return count_at(838095345, 4000000) & 0xFFFF;
}

static uint32_t read_quick_pit(void)
{
    return count_at(838095345, 20000) & 0xFFFF;
}

static uint32_t read_fast(void)
{
    return count_at(69841279 / 11 * 10, 300000);
}

static uint32_t read_dead(void)
{
    counter_reads++;
    return 0xFFFF;
}

static uint32_t read_to_and_fro(void)
{
    return (uint32_t)(counter_reads++ & 1);
}

static const struct counter hpet = {"HPET", read_hpet, UINT32_MAX, 69841279};
static const struct counter pm_timer = {"PM timer", read_pm_timer, 0xFFFFFF, 279365115};
static const struct counter pit = {"PIT", read_pit, 0xFFFF, 838095345};
static const struct counter quick_pit = {"PIT", read_quick_pit, 0xFFFF, 838095345};
static const struct counter fast = {"HPET", read_fast, UINT32_MAX, 69841279};
static const struct counter dead = {"HPET", read_dead, UINT32_MAX, 69841279};
static const struct counter to_and_fro = {"HPET", read_to_and_fro, UINT32_MAX, 69841279};

static int setup([[maybe_unused]] void **state)
{
    machine_read_tsc = read_tsc;
    machine_cpuid = read_cpuid;
    memset(leaves, 0, sizeof leaves);
    leaves[0].eax = 0xD;
    now_ps = 0;
    stall_ps = 0;
    looks = 0;
    tsc_hz = 2893202000;
    counter_reads = 0;
    return 0;
}

/* What becomes of these counters; parts: how many millionths off it may be. */
static struct calibration run(const struct counter *counters, size_t count, uint64_t parts)
{
    struct calibration result;
    uint64_t bound = tsc_hz / 1000000 * parts;

    memset(&result, 0xFF, sizeof result);
    calibration_run(counters, count, &result);
    if (parts != 0)
        assert_in_range(result.hz, tsc_hz - bound, tsc_hz + bound);
    return result;
}

static void say_crystal(uint32_t denominator, uint32_t numerator, uint32_t hz)
{
    leaves[0].eax = 0x16;
    leaves[2] = (struct cpuid){.eax = denominator, .ebx = numerator, .ecx = hz};
}

static void say_hypervisor(uint32_t khz)
{
    leaves[1].ecx = UINT32_C(1) << 31;
    leaves[4] = (struct cpuid){.eax = 0x40000010, .ebx = khz};
}

static void test_each_counter_alone_gives_the_rate([[maybe_unused]] void **state)
{
    struct calibration result = run(&hpet, 1, 300);

    assert_string_equal(result.source, "HPET");
    assert_null(result.witness);
    assert_string_equal(run(&pm_timer, 1, 800).source, "PM timer");
    assert_string_equal(run(&pit, 1, 3000).source, "PIT");
}

/* Where a read takes far less than a step of the counter, as in an emulator that counts
 * instructions, the steps cost no precision. */
static void test_coarse_steps_that_are_read_quickly_are_no_error([[maybe_unused]] void **state)
{
    tsc_hz = 1000000000;
    (void)run(&quick_pit, 1, 50);
}

static void test_wrapping_of_counter_and_time_stamp_is_no_error([[maybe_unused]] void **state)
{
    /* Both begin just below their end (count_at, read_tsc); the PIT goes around in 55 ms. */
    for (unsigned i = 0; i < 40; i++) {
        now_ps += UINT64_C(1370000000) * i;
        (void)run(&pit, 1, 3000);
        (void)run(&pm_timer, 1, 800);
    }
}

/* 150 us, an SMI, at every seventh look at the clock; whichever it begins with. */
static void test_what_comes_in_between_is_no_error([[maybe_unused]] void **state)
{
    stall_ps = 150000000;
    for (unsigned first = 0; first < 7; first++) {
        looks = first;
        (void)run(&hpet, 1, 300);
        looks = first;
        (void)run(&pm_timer, 1, 800);
    }
}

static void test_a_second_counter_is_asked_and_confirms_the_first([[maybe_unused]] void **state)
{
    const struct counter all[] = {hpet, pm_timer, pit};
    struct calibration result = run(all, 3, 300);

    assert_string_equal(result.source, "HPET");
    assert_string_equal(result.witness, "PM timer");
    assert_int_equal(result.opinion_count, 2); /* the PIT was not needed */
}

static void test_processor_is_believed_when_one_counter_confirms_it([[maybe_unused]] void **state)
{
    const struct counter all[] = {hpet, pm_timer};
    struct calibration result;

    tsc_hz = 2400000000;
    say_crystal(2, 200, 24000000);
    result = run(all, 2, 300);
    assert_true(result.hz == 2400000000);
    assert_string_equal(result.source, "CPUID");
    assert_string_equal(result.witness, "HPET");
}

static void test_processor_without_crystal_runs_at_its_base_frequency([[maybe_unused]] void **state)
{
    struct calibration result;

    tsc_hz = 2592000000;
    say_crystal(2, 216, 0);
    leaves[3].eax = 2592;
    result = run(&hpet, 1, 300);
    assert_true(result.hz == 2592000000);
    assert_string_equal(result.source, "CPUID");
    leaves[0].eax = 0x15; /* it does not say that either */
    assert_string_equal(run(&hpet, 1, 300).source, "HPET");
    leaves[0].eax = 0x14; /* nor the ratio */
    assert_string_equal(run(&hpet, 1, 300).source, "HPET");
}

static void test_hypervisor_is_asked_only_where_there_is_one([[maybe_unused]] void **state)
{
    struct calibration result;

    say_hypervisor(2893202);
    result = run(&hpet, 1, 300);
    assert_true(result.hz == 2893202000);
    assert_string_equal(result.source, "hypervisor");
    assert_string_equal(result.witness, "HPET");
    leaves[1].ecx = 0;
    assert_string_equal(run(&hpet, 1, 300).source, "HPET");
    say_hypervisor(2893202);
    leaves[4].eax = 0x4000000F;
    assert_string_equal(run(&hpet, 1, 300).source, "HPET");
    leaves[4].eax = 0x40000100; /* not a hypervisor's */
    assert_string_equal(run(&hpet, 1, 300).source, "HPET");
}

static void test_processor_and_hypervisor_that_agree_need_no_counter([[maybe_unused]] void **state)
{
    struct calibration result;

    tsc_hz = 2400000000;
    say_crystal(2, 200, 24000000);
    say_hypervisor(2400000);
    result = run(&hpet, 1, 1);
    assert_string_equal(result.source, "CPUID");
    assert_string_equal(result.witness, "hypervisor");
    assert_int_equal(counter_reads, 0);
}

static void test_wrong_claim_is_overruled_by_what_was_measured([[maybe_unused]] void **state)
{
    const struct counter both[] = {hpet, pm_timer};
    struct calibration result;

    say_crystal(2, 200, 24000000);
    result = run(both, 2, 300);
    assert_string_equal(result.source, "HPET");
    assert_string_equal(result.witness, "PM timer");
    assert_int_equal(result.opinion_count, 3);
    result = run(&hpet, 1, 300);
    assert_string_equal(result.source, "HPET");
    assert_null(result.witness);
}

static void test_claim_that_nothing_can_check_is_taken([[maybe_unused]] void **state)
{
    struct calibration result;

    tsc_hz = 2400000000;
    say_crystal(2, 200, 24000000);
    result = run(&dead, 1, 1);
    assert_string_equal(result.source, "CPUID");
    assert_null(result.witness);
}

static void test_wrong_counter_is_outvoted([[maybe_unused]] void **state)
{
    const struct counter all[] = {fast, pm_timer, pit};
    struct calibration result = run(all, 3, 800);

    assert_string_equal(result.source, "PM timer");
    assert_string_equal(result.witness, "PIT");
}

static void test_dead_counters_are_given_up([[maybe_unused]] void **state)
{
    struct calibration result = run(&dead, 1, 0);

    assert_true(result.hz == 0);
    assert_null(result.source);
    assert_in_range(counter_reads, 2, 2000);
    result = run(&to_and_fro, 1, 0);
    assert_true(result.hz == 0);
    result = run(nullptr, 0, 0);
    assert_true(result.hz == 0);
    assert_int_equal(result.opinion_count, 0);
}

static void test_rates_that_no_processor_has_are_nobodys([[maybe_unused]] void **state)
{
    say_hypervisor(999); /* below 1 MHz */
    assert_string_equal(run(&hpet, 1, 300).source, "HPET");
    assert_int_equal(run(&hpet, 1, 300).opinion_count, 1);
    say_hypervisor(16000001);
    assert_int_equal(run(&hpet, 1, 300).opinion_count, 1);
    say_crystal(1, UINT32_MAX, UINT32_MAX);
    assert_int_equal(run(&hpet, 1, 300).opinion_count, 1);
    tsc_hz = 900000; /* a counter in a dream */
    assert_true(run(&hpet, 1, 0).hz == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_each_counter_alone_gives_the_rate, setup),
        cmocka_unit_test_setup(test_coarse_steps_that_are_read_quickly_are_no_error, setup),
        cmocka_unit_test_setup(test_wrapping_of_counter_and_time_stamp_is_no_error, setup),
        cmocka_unit_test_setup(test_what_comes_in_between_is_no_error, setup),
        cmocka_unit_test_setup(test_a_second_counter_is_asked_and_confirms_the_first, setup),
        cmocka_unit_test_setup(test_processor_is_believed_when_one_counter_confirms_it, setup),
        cmocka_unit_test_setup(test_processor_without_crystal_runs_at_its_base_frequency, setup),
        cmocka_unit_test_setup(test_hypervisor_is_asked_only_where_there_is_one, setup),
        cmocka_unit_test_setup(test_processor_and_hypervisor_that_agree_need_no_counter, setup),
        cmocka_unit_test_setup(test_wrong_claim_is_overruled_by_what_was_measured, setup),
        cmocka_unit_test_setup(test_claim_that_nothing_can_check_is_taken, setup),
        cmocka_unit_test_setup(test_wrong_counter_is_outvoted, setup),
        cmocka_unit_test_setup(test_dead_counters_are_given_up, setup),
        cmocka_unit_test_setup(test_rates_that_no_processor_has_are_nobodys, setup),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
