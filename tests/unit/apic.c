#include "kernel/cpu/apic.h"

#include "kernel/console.h"
#include "kernel/cpu/control.h"
#include "kernel/cpu/interrupt_flag.h"
#include "kernel/cpu/vectors.h"
#include "kernel/dev/clock.h"
#include "tests/support/registers.h"

#define BASE UINT64_C(0xFEE00000)
#define BASE_BOOT UINT64_C(0x100) /* this is the processor that boots */
#define BASE_ON UINT64_C(0x800)
#define BASE_X2 UINT64_C(0x400)
#define APIC_BIT (1u << 9)
#define X2APIC_BIT (1u << 21)
#define DEADLINE_BIT (1u << 24)

static struct cpuid leaf_1;
static uint64_t now_ns;
static uint64_t ns_per_look;
static unsigned messages;
static char message[128];

static struct cpuid read_cpuid(uint32_t leaf, [[maybe_unused]] uint32_t subleaf)
{
    assert_int_equal(leaf, 1);
    return leaf_1;
}

uint64_t clock_now_ns(void)
{
    return now_ns += ns_per_look;
}

uint64_t clock_tsc_at(uint64_t deadline_ns)
{
    return deadline_ns * 2;
}

void console_printf(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    messages++;
}

static void setup_with(uint32_t ecx)
{
    registers_reset();
    register_put(MSR, 0x1B, BASE | BASE_BOOT);
    leaf_1 = (struct cpuid){.ecx = ecx, .edx = APIC_BIT};
    machine_cpuid = read_cpuid;
    now_ns = 5000;
    ns_per_look = 0;
    messages = 0;
    assert_true(apic_init());
    access_count = 0;
}

/* By registers in memory, with a timer that counts. */
static int setup([[maybe_unused]] void **state)
{
    setup_with(0);
    return 0;
}

static int setup_x2apic([[maybe_unused]] void **state)
{
    setup_with(X2APIC_BIT);
    return 0;
}

static int setup_deadline([[maybe_unused]] void **state)
{
    setup_with(X2APIC_BIT | DEADLINE_BIT);
    return 0;
}

static void test_processor_without_one_is_refused([[maybe_unused]] void **state)
{
    leaf_1.edx = 0;
    assert_false(apic_init());
    assert_no_accesses();
    leaf_1.edx = APIC_BIT;
    register_unmappable = BASE;
    assert_false(apic_init());
    leaf_1.ecx = X2APIC_BIT; /* which needs no registers in memory */
    assert_true(apic_init());
}

static void test_init_switches_it_on_with_a_stopped_timer([[maybe_unused]] void **state)
{
    apic_init_processor();
    assert_accesses(
        {'r', MSR, 0x1B, BASE | BASE_BOOT}, {'w', MSR, 0x1B, BASE | BASE_BOOT | BASE_ON},
        {'w', MEMORY, BASE + 0xF0, 0x100 | VECTOR_SPURIOUS}, {'w', MEMORY, BASE + 0x80, 0},
        {'w', MEMORY, BASE + 0x350, 0x10000}, {'w', MEMORY, BASE + 0x360, 0x400},
        {'w', MEMORY, BASE + 0x280, 0}, {'w', MEMORY, BASE + 0x370, VECTOR_APIC_ERROR},
        {'w', MEMORY, BASE + 0x3E0, 0xB}, {'w', MEMORY, BASE + 0x380, 0},
        {'w', MEMORY, BASE + 0x320, VECTOR_TIMER});
}

/* In two steps, as from off there is no way in one; nothing in memory is touched. */
static void test_init_goes_to_x2apic_mode([[maybe_unused]] void **state)
{
    const uint64_t on = BASE | BASE_BOOT | BASE_ON;

    apic_init_processor();
    assert_accesses({'r', MSR, 0x1B, BASE | BASE_BOOT}, {'w', MSR, 0x1B, on},
                    {'w', MSR, 0x1B, on | BASE_X2}, {'w', MSR, 0x80F, 0x100 | VECTOR_SPURIOUS},
                    {'w', MSR, 0x808, 0}, {'w', MSR, 0x835, 0x10000}, {'w', MSR, 0x836, 0x400},
                    {'w', MSR, 0x828, 0}, {'w', MSR, 0x837, VECTOR_APIC_ERROR},
                    {'w', MSR, 0x83E, 0xB}, {'w', MSR, 0x838, 0}, {'w', MSR, 0x832, VECTOR_TIMER});
    /* Where firmware has left it in that mode it never leaves it. */
    register_put(MSR, 0x1B, on | BASE_X2);
    apic_init_processor();
    for (size_t i = 0; i < access_count; i++)
        assert_true(accesses[i].where != 0x1B || (accesses[i].value & BASE_X2) != 0);
}

static void test_number_has_eight_bits_or_all([[maybe_unused]] void **state)
{
    register_put(MEMORY, BASE + 0x20, 0x2A000000);
    assert_int_equal(apic_id(), 0x2A);
    setup_with(X2APIC_BIT);
    register_put(MSR, 0x802, 0x12345);
    assert_int_equal(apic_id(), 0x12345);
}

static void test_end_of_interrupt_is_one_write([[maybe_unused]] void **state)
{
    apic_end();
    assert_accesses({'w', MEMORY, BASE + 0xB0, 0});
    setup_with(X2APIC_BIT);
    apic_end();
    assert_accesses({'w', MSR, 0x80B, 0});
}

static unsigned pending_reads;

/* The interrupt before is on its way for some reads more. */
static bool read_pending(enum register_kind kind, uint64_t where, uint64_t *value)
{
    if (kind != MEMORY || where != BASE + 0x300 || pending_reads == 0)
        return false;
    if (pending_reads != UINT32_MAX)
        pending_reads--;
    *value = 1u << 12;
    return true;
}

static void test_commands_wait_for_the_one_before([[maybe_unused]] void **state)
{
    register_read_hook = read_pending;
    pending_reads = 2;
    interrupts_enable();
    apic_send(7, VECTOR_RESCHEDULE);
    assert_accesses({'r', MEMORY, BASE + 0x300, 1u << 12}, {'r', MEMORY, BASE + 0x300, 1u << 12},
                    {'r', MEMORY, BASE + 0x300, 0}, {'w', MEMORY, BASE + 0x310, 0x07000000},
                    {'w', MEMORY, BASE + 0x300, 0x4000 | VECTOR_RESCHEDULE});
    assert_true(interrupts_are_on());
    /* But not for ever. */
    pending_reads = UINT32_MAX;
    (void)interrupts_disable();
    apic_send(7, VECTOR_RESCHEDULE);
    assert_in_range(access_count, 1000, 1000000);
    assert_false(interrupts_are_on());
}

static void test_commands_of_every_kind([[maybe_unused]] void **state)
{
    apic_send_init(1);
    assert_accesses({'r', MEMORY, BASE + 0x300, 0}, {'w', MEMORY, BASE + 0x310, 0x01000000},
                    {'w', MEMORY, BASE + 0x300, 0x4500});
    apic_send_startup(1, 0x9F);
    assert_accesses({'r', MEMORY, BASE + 0x300, 0x4500}, {'w', MEMORY, BASE + 0x310, 0x01000000},
                    {'w', MEMORY, BASE + 0x300, 0x469F});
    apic_send_nmi_others();
    assert_accesses({'r', MEMORY, BASE + 0x300, 0x469F}, {'w', MEMORY, BASE + 0x310, 0},
                    {'w', MEMORY, BASE + 0x300, 0xC4400});
}

static void test_commands_in_x2apic_mode_are_one_write([[maybe_unused]] void **state)
{
    apic_send(0x12345, VECTOR_SHOOTDOWN);
    assert_accesses({'w', MSR, 0x830, UINT64_C(0x12345) << 32 | 0x4000 | VECTOR_SHOOTDOWN});
    apic_send_init(300);
    assert_accesses({'w', MSR, 0x830, UINT64_C(300) << 32 | 0x4500});
    apic_send_nmi_others();
    assert_accesses({'w', MSR, 0x830, 0xC4400});
}

/* The timer began with UINT32_MAX when it was set, and counts so often in a millisecond. */
static uint64_t counts_per_ms;
static uint64_t set_ns;

static bool read_current(enum register_kind kind, uint64_t where, uint64_t *value)
{
    if (kind != MEMORY || where != BASE + 0x390)
        return false;
    *value = UINT32_MAX - (now_ns - set_ns) * counts_per_ms / 1000000;
    return true;
}

static void note_set([[maybe_unused]] enum register_kind kind, uint64_t where, uint64_t value)
{
    if (where == BASE + 0x380 && value == UINT32_MAX)
        set_ns = now_ns;
}

static void calibrate(uint64_t per_ms)
{
    register_read_hook = read_current;
    register_write_hook = note_set;
    counts_per_ms = per_ms;
    ns_per_look = 70;
    apic_timer_calibrate();
    ns_per_look = 0;
    assert_in_range(now_ns - set_ns, 1000000, 1000100);
    assert_int_equal(access_count, 3);
    assert_int_equal(accesses[0].value, UINT32_MAX);
    assert_int_equal(accesses[1].where, BASE + 0x390);
    assert_int_equal(accesses[2].where, BASE + 0x380); /* stopped again */
    assert_int_equal(accesses[2].value, 0);
    access_count = 0;
}

static void test_timer_counts_at_the_rate_that_was_measured([[maybe_unused]] void **state)
{
    static const uint64_t rates[] = {1000000, 24000, 400000, 3000000};

    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        calibrate(rates[i]);
        apic_timer_set(now_ns + 1000000);
        assert_int_equal(access_count, 1);
        assert_int_equal(accesses[0].where, BASE + 0x380);
        assert_in_range(accesses[0].value, rates[i] - rates[i] / 10000 - 1,
                        rates[i] + rates[i] / 10000 + 1);
        access_count = 0;
    }
}

static void test_timer_interrupts_at_once_for_what_has_passed([[maybe_unused]] void **state)
{
    calibrate(1000000);
    apic_timer_set(now_ns);
    apic_timer_set(now_ns - 1);
    apic_timer_set(0);
    assert_accesses({'w', MEMORY, BASE + 0x380, 1}, {'w', MEMORY, BASE + 0x380, 1},
                    {'w', MEMORY, BASE + 0x380, 1});
}

static void
test_timer_comes_early_for_what_is_far_and_never_for_never([[maybe_unused]] void **state)
{
    calibrate(1000000);
    apic_timer_set(now_ns + UINT64_C(10000000000));
    apic_timer_set(APIC_TIMER_NEVER - 1);
    apic_timer_set(APIC_TIMER_NEVER);
    assert_accesses({'w', MEMORY, BASE + 0x380, UINT32_MAX},
                    {'w', MEMORY, BASE + 0x380, UINT32_MAX}, {'w', MEMORY, BASE + 0x380, 0});
}

static void
test_timer_is_the_deadline_of_the_time_stamp_where_there_is_one([[maybe_unused]] void **state)
{
    apic_init_processor();
    assert_int_equal(accesses[access_count - 1].where, 0x832);
    assert_int_equal(accesses[access_count - 1].value, 0x40000 | VECTOR_TIMER);
    access_count = 0;
    apic_timer_calibrate();
    assert_no_accesses();
    apic_timer_set(7000);
    apic_timer_set(APIC_TIMER_NEVER);
    assert_accesses({'w', MSR, 0x6E0, 14000}, {'w', MSR, 0x6E0, 0});
    assert_string_equal(apic_mode_name(), "x2APIC");
    setup_with(0);
    assert_string_equal(apic_mode_name(), "APIC");
}

static uint64_t errors;

static bool read_errors(enum register_kind kind, uint64_t where, uint64_t *value)
{
    *value = errors;
    return kind == MEMORY && where == BASE + 0x280;
}

static void test_each_kind_of_error_is_said_once([[maybe_unused]] void **state)
{
    register_read_hook = read_errors;
    errors = 0x40;
    apic_handle_error();
    /* The write makes the register show what came since. */
    assert_accesses({'w', MEMORY, BASE + 0x280, 0}, {'r', MEMORY, BASE + 0x280, 0x40});
    assert_string_equal(message, "NONOS: local APIC: error 0x40\n");
    apic_handle_error();
    assert_int_equal(messages, 1);
    errors = 0x60;
    apic_handle_error();
    apic_handle_error();
    assert_int_equal(messages, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_processor_without_one_is_refused, setup),
        cmocka_unit_test_setup(test_init_switches_it_on_with_a_stopped_timer, setup),
        cmocka_unit_test_setup(test_init_goes_to_x2apic_mode, setup_x2apic),
        cmocka_unit_test_setup(test_number_has_eight_bits_or_all, setup),
        cmocka_unit_test_setup(test_end_of_interrupt_is_one_write, setup),
        cmocka_unit_test_setup(test_commands_wait_for_the_one_before, setup),
        cmocka_unit_test_setup(test_commands_of_every_kind, setup),
        cmocka_unit_test_setup(test_commands_in_x2apic_mode_are_one_write, setup_x2apic),
        cmocka_unit_test_setup(test_timer_counts_at_the_rate_that_was_measured, setup),
        cmocka_unit_test_setup(test_timer_interrupts_at_once_for_what_has_passed, setup),
        cmocka_unit_test_setup(test_timer_comes_early_for_what_is_far_and_never_for_never, setup),
        cmocka_unit_test_setup(test_timer_is_the_deadline_of_the_time_stamp_where_there_is_one,
                               setup_deadline),
        cmocka_unit_test_setup(test_each_kind_of_error_is_said_once, setup),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
