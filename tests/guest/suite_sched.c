/* What one processor's scheduler promises: priorities, turns, times, budgets, ends. */
#include "tests/guest/guest.h"

#include "kernel/cpu/cpu.h"
#include "kernel/cpu/interrupt_flag.h"
#include "kernel/dev/clock.h"
#include "kernel/mem/frames.h"
#include "kernel/sched/event.h"
#include "kernel/sched/thread.h"

#define MS UINT64_C(1000000)
#define THREADS 4u
#define LOW (THREAD_PRIORITY_NORMAL - 1)
#define HIGH (THREAD_PRIORITY_NORMAL + 1)

static struct event ended;
static struct event gate;
static volatile bool stop;
static volatile uint64_t counts[THREADS];
static volatile uint32_t order[2 * THREADS];
static volatile uint32_t order_len;

static struct thread *make(void (*function)(void *), uintptr_t argument, uint32_t priority)
{
    struct thread *thread;
    const struct thread_request request = {.name = "made",
                                           .function = function,
                                           .argument = (void *)argument,
                                           .priority = priority,
                                           .cpu = cpu_get(0),
                                           .ended = &ended};

    CHECK(thread_create(&request, &thread) == NONOS_OK);
    return thread;
}

static void begin(void)
{
    ended = EVENT_INIT;
    gate = EVENT_INIT;
    stop = false;
    order_len = 0;
    for (unsigned i = 0; i < THREADS; i++)
        counts[i] = 0;
}

static void wait_for_ends(unsigned count)
{
    while (count-- > 0)
        event_wait(&ended);
}

static void sleep_ns(uint64_t ns)
{
    thread_sleep_until(clock_now_ns() + ns);
}

static void note(void *argument)
{
    order[order_len] = (uint32_t)(uintptr_t)argument;
    order_len = order_len + 1;
}

static void test_the_more_urgent_runs_at_once_and_the_less_urgent_later(void)
{
    begin();
    (void)make(note, 1, HIGH);
    CHECK(order_len == 1);
    (void)make(note, 2, LOW);
    (void)make(note, 3, THREAD_PRIORITY_NORMAL);
    sched_yield();
    CHECK(order_len == 2 && order[1] == 3);
    wait_for_ends(3);
    CHECK(order_len == 3 && order[2] == 2);
}

static void test_what_cannot_be_is_refused(void)
{
    struct thread *thread;
    struct thread_request request = {.name = "none", .function = note};

    CHECK(thread_create(&request, &thread) == NONOS_E_SIZE && thread == nullptr);
    request.priority = THREAD_PRIORITIES;
    CHECK(thread_create(&request, &thread) == NONOS_E_SIZE && thread == nullptr);
    request.priority = THREAD_PRIORITY_NORMAL;
    request.budget_ns = 2;
    request.period_ns = 1;
    CHECK(thread_create(&request, &thread) == NONOS_E_SIZE && thread == nullptr);
}

/* Counts milliseconds in which it ran: what takes longer is somebody else's time. */
static void run_and_count(void *argument)
{
    volatile uint64_t *count = &counts[(uintptr_t)argument];
    uint64_t last = clock_now_ns();

    while (!stop) {
        uint64_t now = clock_now_ns();

        if (now - last < MS)
            *count += now - last;
        last = now;
    }
}

/* A turn begins where another one ran before; order_len counts them. */
static void run_and_count_turns(void *argument)
{
    while (!stop) {
        bool were_on = interrupts_disable();

        if (order[0] != (uintptr_t)argument) {
            order[0] = (uint32_t)(uintptr_t)argument;
            counts[order[0]] = counts[order[0]] + 1;
            order_len = order_len + 1;
        }
        interrupts_restore(were_on);
    }
}

/* Turns, not their length: a busy host gives the machine no time now and then. */
static void test_equals_run_in_turns(void)
{
    begin();
    order[0] = THREADS;
    for (uintptr_t i = 0; i < THREADS; i++)
        (void)make(run_and_count_turns, i, LOW);
    for (unsigned i = 0; i < 1000 && order_len < 8 * THREADS; i++)
        sleep_ns(10 * MS);
    stop = true;
    wait_for_ends(THREADS);
    CHECK(order_len >= 8 * THREADS);
    for (unsigned i = 0; i < THREADS; i++)
        CHECK(counts[i] + 2 >= order_len / THREADS && counts[i] <= order_len / THREADS + 2);
}

/* However often somebody more urgent takes the processor away, turns end. */
static void test_turns_end_under_somebody_more_urgent(void)
{
    begin();
    (void)make(run_and_count, 0, LOW);
    (void)make(run_and_count, 1, LOW);
    for (unsigned i = 0; i < 300; i++)
        sleep_ns(MS);
    stop = true;
    wait_for_ends(2);
    CHECK(counts[0] > counts[1] / 4 && counts[1] > counts[0] / 4);
}

static void test_nobody_waits_and_no_tick_comes(void)
{
    struct run_queue *queue = &cpu_get(0)->queue;
    uint64_t switches;

    sleep_ns(20 * MS); /* a tick that was still to come */
    switches = queue->switches;
    CHECK(queue->tick_ns == TIMERS_NEVER);
    sleep_ns(100 * MS);
    /* To the idle thread and back. */
    CHECK(queue->switches == switches + 2);
    CHECK(queue->tick_ns == TIMERS_NEVER);
}

static uint64_t wake_at[2 * THREADS];

static void sleep_and_note(void *argument)
{
    uint64_t deadline = wake_at[(uintptr_t)argument];

    thread_sleep_until(deadline);
    CHECK(clock_now_ns() >= deadline);
    note(argument);
}

static void test_sleepers_wake_in_their_order_and_not_before(void)
{
    static const uint8_t places[2 * THREADS] = {5, 2, 7, 0, 3, 6, 1, 4};
    uint64_t base = clock_now_ns() + 50 * MS;

    begin();
    for (uintptr_t i = 0; i < 2 * THREADS; i++) {
        wake_at[i] = base + places[i] * 3 * MS;
        (void)make(sleep_and_note, i, THREAD_PRIORITY_NORMAL);
    }
    wait_for_ends(2 * THREADS);
    for (unsigned i = 0; i < 2 * THREADS; i++)
        CHECK(places[order[i]] == i);
}

static void test_sleeping_until_a_time_that_has_passed_comes_back(void)
{
    uint64_t before = clock_now_ns();

    thread_sleep_until(0);
    thread_sleep_until(before);
    CHECK(clock_now_ns() - before < 1000 * MS);
}

/* Counts the gaps in its time, each of which is the rest of a period. */
static void run_on_a_budget([[maybe_unused]] void *argument)
{
    uint64_t last = clock_now_ns();

    while (!stop) {
        uint64_t now = clock_now_ns();

        if (now - last > 4 * MS)
            counts[0] = counts[0] + 1;
        else
            counts[1] = counts[1] + (now - last);
        last = now;
    }
}

static struct thread *make_on_a_budget(void (*function)(void *), uintptr_t argument)
{
    struct thread *thread;
    const struct thread_request request = {.name = "budget",
                                           .function = function,
                                           .argument = (void *)argument,
                                           .priority = HIGH,
                                           .cpu = cpu_get(0),
                                           .ended = &ended,
                                           .budget_ns = 2 * MS,
                                           .period_ns = 10 * MS};

    CHECK(thread_create(&request, &thread) == NONOS_OK);
    return thread;
}

static void test_a_budget_is_kept(void)
{
    uint64_t start = clock_now_ns();
    uint64_t took;

    begin();
    (void)make_on_a_budget(run_on_a_budget, 0);
    /* More urgent than this one, which sees it only because of its budget. */
    while (counts[0] < 20)
        __builtin_ia32_pause();
    took = clock_now_ns() - start;
    CHECK(took >= 19 * 8 * MS);
    /* A fifth, and what the machine took away while it was being charged. */
    CHECK(counts[1] <= took / 3);
    stop = true;
    wait_for_ends(1);
}

/* Interrupts stay out until long work says so; then who became ready meanwhile runs first. */
static void test_long_work_is_interrupted_where_it_allows(void)
{
    uint64_t due = clock_now_ns() + 5 * MS;

    begin();
    wake_at[0] = due;
    (void)make(sleep_and_note, 0, HIGH);
    (void)interrupts_disable();
    while (clock_now_ns() < due + 5 * MS)
        __builtin_ia32_pause();
    CHECK(order_len == 0);
    /* Once, unless the machine itself is late. */
    while (order_len == 0 && clock_now_ns() < due + 1000 * MS)
        preempt_point();
    CHECK(order_len == 1);
    CHECK(!interrupts_are_on());
    interrupts_enable();
    wait_for_ends(1);
    preempt_point();
    CHECK(interrupts_are_on());
}

static void wait_and_note(void *argument)
{
    event_wait(&gate);
    note(argument);
}

static void test_a_signal_switches_to_the_more_urgent_at_once(void)
{
    begin();
    (void)make(wait_and_note, 7, HIGH);
    CHECK(order_len == 0);
    event_signal(&gate);
    CHECK(order_len == 1);
    wait_for_ends(1);
}

/* However long a machine that has other things to do takes for it. */
static void wait_until(const volatile uint32_t *count, uint32_t least)
{
    while (*count < least)
        sleep_ns(MS);
}

static void test_of_those_who_wait_the_more_urgent_goes_on_first(void)
{
    static const uint32_t priorities[] = {LOW, HIGH, LOW, THREAD_PRIORITY_NORMAL, HIGH};
    static const uint32_t expected[] = {1, 4, 3, 0, 2};
    const uint32_t count = sizeof priorities / sizeof priorities[0];

    begin();
    for (uintptr_t i = 0; i < count; i++) {
        (void)make(wait_and_note, i, priorities[i]);
        wait_until(&gate.waiting.count, (uint32_t)i + 1);
    }
    for (uint32_t i = 0; i < count; i++) {
        event_signal(&gate);
        wait_until(&order_len, i + 1);
        CHECK(order[i] == expected[i]);
    }
    wait_for_ends(count);
}

static void spend_wait_and_note(void *argument)
{
    uint64_t start = clock_now_ns();

    while (clock_now_ns() - start < 3 * MS)
        __builtin_ia32_pause();
    wait_and_note(argument);
}

/* Its place among those who wait is its priority's alone, whatever else has befallen it. */
static void test_a_spent_budget_and_another_processor_keep_their_place_among_those_who_wait(void)
{
    struct thread *thread;

    begin();
    (void)make(wait_and_note, 2, THREAD_PRIORITY_NORMAL);
    thread = make_on_a_budget(spend_wait_and_note, 1);
    wait_until(&gate.waiting.count, 2); /* it has been throttled, and has run again */
    CHECK(thread_migrate(thread, cpu_get(cpu_count() - 1)));
    event_signal(&gate);
    wait_until(&order_len, 1);
    event_signal(&gate);
    wait_for_ends(2);
    CHECK(order_len == 2 && order[0] == 1 && order[1] == 2);
}

/* With the end of the last thread all that it had is back. */
static void test_ended_threads_leave_nothing(void)
{
    struct frames_statistics before;
    struct frames_statistics after;

    for (unsigned round = 0; round < 2; round++) {
        begin();
        /* The first round makes the stacks, which stay. */
        frames_get_statistics(&before);
        for (uintptr_t i = 0; i < 100; i++) {
            (void)make(note, i, HIGH);
            order_len = 0;
        }
        wait_for_ends(100);
        frames_get_statistics(&after);
    }
    CHECK(after.free_pages == before.free_pages);
}

/* Who waits for an end and is more urgent than what runs next goes on at once. */
static void end_soon([[maybe_unused]] void *argument)
{
    sleep_ns(5 * MS);
}

static void test_the_end_of_a_thread_wakes_at_once(void)
{
    begin();
    (void)make(end_soon, 0, HIGH);
    (void)make(run_and_count, 0, LOW);
    wait_for_ends(1);
    CHECK(!stop);
    stop = true;
    wait_for_ends(1);
}

const struct guest_test guest_tests[] = {
    {"the_more_urgent_runs_at_once_and_the_less_urgent_later",
     test_the_more_urgent_runs_at_once_and_the_less_urgent_later},
    {"what_cannot_be_is_refused", test_what_cannot_be_is_refused},
    {"equals_run_in_turns", test_equals_run_in_turns},
    {"turns_end_under_somebody_more_urgent", test_turns_end_under_somebody_more_urgent},
    {"nobody_waits_and_no_tick_comes", test_nobody_waits_and_no_tick_comes},
    {"sleepers_wake_in_their_order_and_not_before",
     test_sleepers_wake_in_their_order_and_not_before},
    {"sleeping_until_a_time_that_has_passed_comes_back",
     test_sleeping_until_a_time_that_has_passed_comes_back},
    {"a_budget_is_kept", test_a_budget_is_kept},
    {"long_work_is_interrupted_where_it_allows", test_long_work_is_interrupted_where_it_allows},
    {"a_signal_switches_to_the_more_urgent_at_once",
     test_a_signal_switches_to_the_more_urgent_at_once},
    {"of_those_who_wait_the_more_urgent_goes_on_first",
     test_of_those_who_wait_the_more_urgent_goes_on_first},
    {"a_spent_budget_and_another_processor_keep_their_place_among_those_who_wait",
     test_a_spent_budget_and_another_processor_keep_their_place_among_those_who_wait},
    {"ended_threads_leave_nothing", test_ended_threads_leave_nothing},
    {"the_end_of_a_thread_wakes_at_once", test_the_end_of_a_thread_wakes_at_once},
};
const size_t guest_test_count = sizeof guest_tests / sizeof guest_tests[0];
