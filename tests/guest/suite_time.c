/* Time and interrupts on a machine: what registers that a test makes cannot show. */
#include "tests/guest/guest.h"

#include "kernel/cpu/apic.h"
#include "kernel/cpu/control.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/interrupts.h"
#include "kernel/cpu/vectors.h"
#include "kernel/dev/clock.h"
#include "kernel/dev/io_apic.h"
#include "kernel/dev/pit.h"
#include "kernel/sched/event.h"
#include "kernel/sched/thread.h"

#include <stdatomic.h>

#define READS 20000u
#define LATE_NS UINT64_C(20000) /* where an instruction takes a nanosecond */

static _Atomic uint64_t latest;
static _Atomic uint32_t backwards;
static _Atomic uint32_t reading; /* processors that are at it */
static struct event done;

/* What another processor has read is past when this one reads. */
static void read_clock([[maybe_unused]] void *argument)
{
    atomic_fetch_add(&reading, 1);
    while (atomic_load(&reading) < 2)
        control_pause();
    for (unsigned i = 0; i < READS; i++) {
        uint64_t before = atomic_load(&latest);
        uint64_t now = clock_now_ns();

        if (now < before)
            atomic_fetch_add(&backwards, 1);
        atomic_store(&latest, now);
    }
    event_signal(&done);
}

static void test_clock_never_goes_back_between_processors(void)
{
    struct thread_request request = {
        .name = "clock", .function = read_clock, .priority = THREAD_PRIORITY_NORMAL};
    struct thread *thread;

    done = EVENT_INIT;
    CHECK(cpu_count() >= 2);
    for (uint32_t i = 0; i < 2; i++) {
        request.cpu = cpu_get(i);
        CHECK(thread_create(&request, &thread) == NONOS_OK);
    }
    event_wait(&done);
    event_wait(&done);
    CHECK(atomic_load(&latest) != 0);
    CHECK(atomic_load(&backwards) == 0);
}

/* "exact": the machine counts instructions, so it can be told how late is too late. */
static void test_sleep_ends_when_its_time_has_come(void)
{
    static const uint64_t sleeps_ns[] = {0, 1, 1000, 50000, 3000000, 25000000};
    bool is_exact = guest_option("exact", 0) != 0;

    for (size_t i = 0; i < sizeof sleeps_ns / sizeof sleeps_ns[0]; i++) {
        uint64_t deadline = clock_now_ns() + sleeps_ns[i];

        thread_sleep_until(deadline);
        CHECK(clock_now_ns() >= deadline);
        CHECK(!is_exact || clock_now_ns() <= deadline + LATE_NS);
    }
}

static void test_spurious_interrupts_are_survived(void)
{
    uint64_t deadline;

    for (unsigned i = 0; i < 100; i++) {
        __asm__ volatile("int %0" : : "i"(VECTOR_PIC) : "memory");
        __asm__ volatile("int %0" : : "i"(VECTOR_PIC + 7) : "memory");
        __asm__ volatile("int %0" : : "i"(VECTOR_PIC + 15) : "memory");
        __asm__ volatile("int %0" : : "i"(VECTOR_SPURIOUS) : "memory");
    }
    /* One that had been acknowledged would have been the timer's or another's. */
    deadline = clock_now_ns() + 1000000;
    thread_sleep_until(deadline);
    CHECK(clock_now_ns() >= deadline);
}

static _Atomic uint32_t interrupts;

static void count(void *context)
{
    atomic_fetch_add((_Atomic uint32_t *)context, 1);
}

static bool comes_to(uint32_t wanted)
{
    uint64_t end_ns = clock_now_ns() + UINT64_C(5000000000);

    while (atomic_load(&interrupts) < wanted && clock_now_ns() < end_ns)
        control_pause();
    return atomic_load(&interrupts) == wanted;
}

static void test_interrupt_reaches_its_handler_on_every_processor(void)
{
    unsigned vector;

    atomic_store(&interrupts, 0);
    CHECK(interrupts_claim(count, &interrupts, &vector) == NONOS_OK);
    for (uint32_t i = 0; i < 100; i++) {
        apic_send(cpu_get(i % cpu_count())->apic_id, vector);
        CHECK(comes_to(i + 1));
    }
    interrupts_release(vector);
    for (uint32_t i = 0; i < cpu_count(); i++)
        apic_send(cpu_get(i)->apic_id, vector);
    thread_sleep_until(clock_now_ns() + 10000000);
    CHECK(atomic_load(&interrupts) == 100);
}

/* QEMU has the timer on line 2, also where its tables do not say so. */
static bool route_timer(unsigned vector)
{
    const struct platform *platform = platform_get();

    for (uint32_t i = 0; i < platform->override_count; i++) {
        if (platform->overrides[i].irq == 0)
            return io_apic_route(0, (uint8_t)vector, apic_id()) == NONOS_OK;
    }
    return io_apic_route(2, (uint8_t)vector, apic_id()) == NONOS_OK;
}

/* It has been used to calibrate, and would interrupt 55 ms after its start; and does, started. */
static void test_legacy_timer_is_off(void)
{
    struct counter counter;
    unsigned vector;

    atomic_store(&interrupts, 0);
    CHECK(interrupts_claim(count, &interrupts, &vector) == NONOS_OK);
    CHECK(route_timer(vector));
    thread_sleep_until(clock_now_ns() + 120000000);
    CHECK(atomic_load(&interrupts) == 0);
    pit_start(&counter);
    CHECK(comes_to(1));
    pit_stop();
    io_apic_mask(0);
    io_apic_mask(2);
    interrupts_release(vector);
}

const struct guest_test guest_tests[] = {
    {"clock_never_goes_back_between_processors", test_clock_never_goes_back_between_processors},
    {"sleep_ends_when_its_time_has_come", test_sleep_ends_when_its_time_has_come},
    {"spurious_interrupts_are_survived", test_spurious_interrupts_are_survived},
    {"interrupt_reaches_its_handler_on_every_processor",
     test_interrupt_reaches_its_handler_on_every_processor},
    {"legacy_timer_is_off", test_legacy_timer_is_off},
};
const size_t guest_test_count = sizeof guest_tests / sizeof guest_tests[0];
