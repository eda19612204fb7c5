#include "kernel/input.h"

#include "kernel/cpu/apic.h"
#include "kernel/cpu/interrupts.h"
#include "kernel/dev/clock.h"
#include "kernel/dev/io_apic.h"
#include "kernel/dev/serial.h"
#include "kernel/sched/event.h"
#include "kernel/sched/thread.h"
#include "tests/support/vectors.h"

/* What was done, a letter each: claim, Route, enable, release, wait for the event, Sleep, signal.
 */
static char calls[64];
static enum nonos_error claim_error, route_error;
static interrupts_handler *handler;
static uint64_t slept_until;

static void note(const char *letter)
{
    size_t len = strlen(calls);

    assert_true(len + 2 < sizeof calls);
    memcpy(calls + len, letter, 2);
}

enum nonos_error interrupts_claim(interrupts_handler *its_handler, [[maybe_unused]] void *context,
                                  unsigned *vector)
{
    note("c");
    handler = its_handler;
    *vector = claim_error == NONOS_OK ? 0x31 : 0;
    return claim_error;
}

void interrupts_release(unsigned vector)
{
    assert_int_equal(vector, 0x31);
    note("r");
}

uint32_t apic_id(void)
{
    return 5;
}

enum nonos_error io_apic_route(uint8_t irq, uint8_t vector, uint32_t apic_id)
{
    assert_int_equal(irq, 4);
    assert_int_equal(vector, 0x31);
    assert_int_equal(apic_id, 5);
    note("R");
    return route_error;
}

void serial_enable_interrupt(void)
{
    note("e");
}

void event_wait([[maybe_unused]] struct event *event)
{
    note("w");
}

void event_signal([[maybe_unused]] struct event *event)
{
    note("s");
}

uint64_t clock_now_ns(void)
{
    return 7000;
}

void thread_sleep_until(uint64_t deadline_ns)
{
    slept_until = deadline_ns;
    note("S");
}

static int setup([[maybe_unused]] void **state)
{
    calls[0] = '\0';
    claim_error = route_error = NONOS_OK;
    return 0;
}

/* The line is open before the port may use it. */
static void test_waits_for_the_interrupt_of_the_port([[maybe_unused]] void **state)
{
    input_init();
    assert_string_equal(calls, "cRe");
    input_wait();
    assert_string_equal(calls, "cRew");
    handler(nullptr);
    assert_string_equal(calls, "cRews");
}

static void test_looks_by_the_clock_where_no_interrupt_comes([[maybe_unused]] void **state)
{
    route_error = NONOS_E_NOT_FOUND;
    input_init();
    assert_string_equal(calls, "cRr");
    input_wait();
    assert_string_equal(calls, "cRrS");
    assert_int_equal(slept_until, 7000 + 10000000);
}

static void test_looks_by_the_clock_where_no_vector_is_left([[maybe_unused]] void **state)
{
    claim_error = NONOS_E_NO_MEMORY;
    input_init();
    input_wait();
    assert_string_equal(calls, "cS");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        /* Before it has worked once: a second input_init() is nobody's. */
        cmocka_unit_test_setup(test_looks_by_the_clock_where_no_vector_is_left, setup),
        cmocka_unit_test_setup(test_looks_by_the_clock_where_no_interrupt_comes, setup),
        cmocka_unit_test_setup(test_waits_for_the_interrupt_of_the_port, setup),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
