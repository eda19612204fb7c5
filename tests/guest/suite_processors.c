/* What all processors promise together: starting, waking each other, moving threads, one stack for
 * secrets. On as many as the machine has; option processors: how many that must be. */
#include "tests/guest/guest.h"

#include "crypto/workspace.h"
#include "kernel/boot_info.h"
#include "kernel/console.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/interrupt_flag.h"
#include "kernel/cpu/smp.h"
#include "kernel/dev/clock.h"
#include "kernel/mem/frames.h"
#include "kernel/sched/event.h"
#include "kernel/sched/thread.h"

#include <string.h>

#define MS UINT64_C(1000000)
#define MOVED 24u
#define STEPS 300u

static struct event ended;

static enum nonos_error make(void (*function)(void *), uintptr_t argument, struct cpu *cpu,
                             struct thread **thread)
{
    const struct thread_request request = {.name = "made",
                                           .function = function,
                                           .argument = (void *)argument,
                                           .priority = THREAD_PRIORITY_NORMAL,
                                           .cpu = cpu,
                                           .ended = &ended};

    return thread_create(&request, thread);
}

static void wait_for_ends(unsigned count)
{
    while (count-- > 0)
        event_wait(&ended);
}

static void test_every_processor_is_there(void)
{
    CHECK(cpu_count() == guest_option("processors", 1));
    for (uint32_t i = 0; i < cpu_count(); i++) {
        CHECK(cpu_get(i)->index == i && cpu_get(i)->online);
        for (uint32_t other = 0; other < i; other++)
            CHECK(cpu_get(other)->apic_id != cpu_get(i)->apic_id);
    }
}

/* smp_entry.S */
extern const uint8_t smp_trampoline[];

static void test_the_trampoline_is_wiped(void)
{
    const struct nonos_memory_region *map = boot_info()->memory_map;
    unsigned pages = 0;

    for (size_t i = 0; i < boot_info()->handoff.memory_map_count; i++) {
        for (uint64_t page = 0; page < map[i].page_count; page++) {
            paddr_t paddr = map[i].paddr + page * PAGE_LEN;

            if (map[i].type != NONOS_MEMORY_USABLE || paddr >= FRAMES_LOWEST_PADDR)
                continue;
            pages++;
            CHECK(memcmp(direct_map_at(paddr), smp_trampoline, 16) != 0);
        }
    }
    CHECK(pages > 0);
}

static void test_a_processor_that_is_not_there_costs_nothing(void)
{
    static const struct platform_processor nobody = {.apic_id = 200, .enabled = true};
    struct frames_statistics before;
    struct frames_statistics after;
    uint32_t count = cpu_count();

    for (unsigned round = 0; round < 2; round++) {
        bool were_on = interrupts_disable();

        /* The first round makes the stacks, which stay. */
        frames_get_statistics(&before);
        smp_start(&nobody, 1);
        frames_get_statistics(&after);
        interrupts_restore(were_on);
    }
    CHECK(cpu_count() == count);
    CHECK(before.free_pages == after.free_pages);
}

static uint64_t ran[CPU_MAX];

static void note_processor(void *argument)
{
    CHECK(cpu_current() == argument);
    ran[((struct cpu *)argument)->index]++;
}

static void test_every_processor_runs_what_it_is_given(void)
{
    struct thread *thread;

    ended = EVENT_INIT;
    memset(ran, 0, sizeof ran);
    for (unsigned round = 0; round < 10; round++) {
        for (uint32_t i = 0; i < cpu_count(); i++)
            CHECK(make(note_processor, (uintptr_t)cpu_get(i), cpu_get(i), &thread) == NONOS_OK);
    }
    wait_for_ends(10 * cpu_count());
    for (uint32_t i = 0; i < cpu_count(); i++)
        CHECK(ran[i] == 10);
}

static struct event ball[CPU_MAX];
static volatile uint32_t rounds;

/* Waits for the ball and gives it to the next one. */
static void pass(void *argument)
{
    uint32_t index = (uint32_t)(uintptr_t)argument;

    for (unsigned i = 0; i < STEPS; i++) {
        event_wait(&ball[index]);
        rounds = rounds + 1;
        event_signal(&ball[(index + 1) % cpu_count()]);
    }
}

static void test_processors_wake_each_other(void)
{
    struct thread *thread;

    ended = EVENT_INIT;
    rounds = 0;
    for (uint32_t i = 0; i < cpu_count(); i++)
        ball[i] = EVENT_INIT;
    for (uint32_t i = 0; i < cpu_count(); i++)
        CHECK(make(pass, i, cpu_get(i), &thread) == NONOS_OK);
    event_signal(&ball[0]);
    wait_for_ends(cpu_count());
    CHECK(rounds == STEPS * cpu_count());
}

static volatile bool stop;
static volatile uint32_t running_on[CPU_MAX];

static void forget_who_ran(void)
{
    for (uint32_t i = 0; i < CPU_MAX; i++)
        running_on[i] = 0;
}

static void stay(void *argument)
{
    running_on[cpu_current()->index]++;
    while (!stop)
        __builtin_ia32_pause();
    (void)argument;
}

/* As many as there are processors, none told where: each gets one of its own, as this thread sleeps
 * as soon as it has made them. */
static void test_a_new_thread_goes_where_there_is_least_to_do(void)
{
    struct thread *thread;

    ended = EVENT_INIT;
    stop = false;
    forget_who_ran();
    for (uint32_t i = 1; i < cpu_count(); i++)
        CHECK(make(stay, 0, nullptr, &thread) == NONOS_OK);
    thread_sleep_until(clock_now_ns() + 50 * MS);
    for (uint32_t i = 0; i < cpu_count(); i++)
        CHECK(running_on[i] <= 1);
    stop = true;
    wait_for_ends(cpu_count() - 1);
}

static struct thread *moved[MOVED];
static uint64_t steps[MOVED];
static struct event start;

/* Does all that a thread can wait for, and is moved meanwhile. */
static void step(void *argument)
{
    uintptr_t index = (uintptr_t)argument;
    struct guest_random random = {index};

    event_wait(&start);
    for (unsigned i = 0; i < STEPS; i++) {
        steps[index]++;
        switch (guest_random_below(&random, 4)) {
        case 0:
            thread_sleep_until(clock_now_ns() + guest_random_below(&random, MS));
            break;
        case 1:
            sched_yield();
            break;
        case 2:
            preempt_point();
            break;
        default:
            for (unsigned turn = 0; turn < 2000; turn++)
                __builtin_ia32_pause();
        }
        CHECK(thread_current()->state == THREAD_RUNNING);
    }
    /* Until nobody moves it any more. */
    event_signal(&ball[0]);
    event_wait(&ball[1]);
}

static uint64_t move_at_random(uint64_t seed)
{
    struct guest_random random = {seed};
    uint64_t times = 0;
    uint32_t there = 0;

    while (there < MOVED) {
        struct thread *thread = moved[guest_random_below(&random, MOVED)];

        times +=
            thread_migrate(thread, cpu_get((uint32_t)guest_random_below(&random, cpu_count())));
        if (ball[0].count > 0) {
            event_wait(&ball[0]);
            there++;
        }
        if (guest_random_below(&random, 8) == 0)
            thread_sleep_until(clock_now_ns() + MS / 10);
    }
    return times;
}

static void test_threads_are_moved_under_load(void)
{
    uint64_t times;

    ended = EVENT_INIT;
    start = EVENT_INIT;
    ball[0] = EVENT_INIT;
    ball[1] = EVENT_INIT;
    memset(steps, 0, sizeof steps);
    for (uintptr_t i = 0; i < MOVED; i++)
        CHECK(make(step, i, nullptr, &moved[i]) == NONOS_OK);
    for (unsigned i = 0; i < MOVED; i++)
        event_signal(&start);
    times = move_at_random(guest_option("seed", 1));
    for (unsigned i = 0; i < MOVED; i++)
        event_signal(&ball[1]);
    wait_for_ends(MOVED);
    CHECK(cpu_count() == 1 || times > MOVED);
    for (unsigned i = 0; i < MOVED; i++)
        CHECK(steps[i] == STEPS);
}

static void test_what_runs_is_not_moved(void)
{
    struct thread *thread;

    CHECK(thread_migrate(thread_current(), cpu_current()));
    if (cpu_count() == 1)
        return;
    ended = EVENT_INIT;
    stop = false;
    forget_who_ran();
    CHECK(make(stay, 0, cpu_get(1), &thread) == NONOS_OK);
    while (running_on[1] == 0)
        __builtin_ia32_pause();
    CHECK(!thread_migrate(thread, cpu_get(0)));
    CHECK(!thread_migrate(thread_current(), cpu_get(1 - (cpu_current()->index != 0))));
    CHECK(!thread_migrate(cpu_get(1)->queue.idle, cpu_get(0)));
    stop = true;
    wait_for_ends(1);
}

/* Nothing but the move can tell a processor that sleeps. */
static void test_a_thread_that_is_moved_runs_where_nobody_did(void)
{
    struct thread *thread;
    struct cpu *other;
    uint64_t end_ns;
    bool were_on;

    if (cpu_count() == 1)
        return;
    ended = EVENT_INIT;
    stop = true;
    forget_who_ran();
    thread_sleep_until(clock_now_ns() + 50 * MS); /* for a tick that is still to come */
    were_on = interrupts_disable();
    other = cpu_get(cpu_current()->index == 0);
    CHECK(make(stay, 0, cpu_current(), &thread) == NONOS_OK);
    CHECK(thread_migrate(thread, other));
    end_ns = clock_now_ns() + 2000 * MS;
    while (running_on[other->index] == 0 && clock_now_ns() < end_ns)
        __builtin_ia32_pause();
    CHECK(running_on[other->index] == 1);
    interrupts_restore(were_on);
    wait_for_ends(1);
}

static volatile uint32_t inside;

static void be_alone([[maybe_unused]] void *argument)
{
    CHECK(__atomic_add_fetch(&inside, 1, __ATOMIC_SEQ_CST) == 1);
    for (unsigned i = 0; i < 3000; i++)
        __builtin_ia32_pause();
    CHECK(__atomic_sub_fetch(&inside, 1, __ATOMIC_SEQ_CST) == 0);
}

static void use_workspace([[maybe_unused]] void *argument)
{
    for (unsigned i = 0; i < 10; i++)
        workspace_run(be_alone, nullptr, WORKSPACE_MLKEM768_LEN);
    CHECK(thread_current()->secret_depth == 0);
}

static void test_the_stack_for_secrets_is_used_by_one_at_a_time(void)
{
    struct thread *thread;

    ended = EVENT_INIT;
    for (unsigned i = 0; i < 2 * cpu_count(); i++)
        CHECK(make(use_workspace, 0, cpu_get(i % cpu_count()), &thread) == NONOS_OK);
    wait_for_ends(2 * cpu_count());
}

/* Twice on each processor: by who runs, and by one that takes the processor away now and then.
 * tests/e2e/test_guests.py looks whether each line is whole. */
#define LINES 40u
#define TEXT "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

static void write_lines(void *argument)
{
    for (unsigned i = 0; i < LINES; i++) {
        console_printf("line %s %u %s\n", TEXT, (unsigned)(uintptr_t)argument, TEXT);
        if ((uintptr_t)argument % 2 != 0)
            thread_sleep_until(clock_now_ns() + MS / 10);
    }
}

static void test_lines_of_all_processors_are_written(void)
{
    struct thread *thread;

    ended = EVENT_INIT;
    for (uintptr_t i = 0; i < 2 * (uintptr_t)cpu_count(); i++)
        CHECK(make(write_lines, i, cpu_get((uint32_t)i / 2), &thread) == NONOS_OK);
    wait_for_ends(2 * cpu_count());
}

const struct guest_test guest_tests[] = {
    {"every_processor_is_there", test_every_processor_is_there},
    {"the_trampoline_is_wiped", test_the_trampoline_is_wiped},
    {"a_processor_that_is_not_there_costs_nothing",
     test_a_processor_that_is_not_there_costs_nothing},
    {"every_processor_runs_what_it_is_given", test_every_processor_runs_what_it_is_given},
    {"processors_wake_each_other", test_processors_wake_each_other},
    {"a_new_thread_goes_where_there_is_least_to_do",
     test_a_new_thread_goes_where_there_is_least_to_do},
    {"threads_are_moved_under_load", test_threads_are_moved_under_load},
    {"what_runs_is_not_moved", test_what_runs_is_not_moved},
    {"a_thread_that_is_moved_runs_where_nobody_did",
     test_a_thread_that_is_moved_runs_where_nobody_did},
    {"the_stack_for_secrets_is_used_by_one_at_a_time",
     test_the_stack_for_secrets_is_used_by_one_at_a_time},
    {"lines_of_all_processors_are_written", test_lines_of_all_processors_are_written},
};
const size_t guest_test_count = sizeof guest_tests / sizeof guest_tests[0];
