/* One of everything: a switch of threads, a tick of the timer, a call from user mode, a second
 * processor. */
#include "tests/guest/guest.h"

#include "kernel/cpu/cpu.h"
#include "kernel/sched/event.h"
#include "kernel/sched/thread.h"
#include "kernel/user/process.h"
#include "kernel/user/syscall.h"

#define CODE_VADDR UINT64_C(0x400000)

extern const uint8_t program_clock[], program_clock_end[];

static struct event done;
static struct cpu *ran_on;

static void run_once([[maybe_unused]] void *argument)
{
    ran_on = cpu_current();
    event_signal(&done);
}

static void thread_runs_and_ends(struct cpu *cpu)
{
    struct thread *thread;
    const struct thread_request request = {
        .name = "once", .function = run_once, .priority = THREAD_PRIORITY_NORMAL, .cpu = cpu};

    done = EVENT_INIT;
    CHECK(thread_create(&request, &thread) == NONOS_OK);
    event_wait(&done);
    CHECK(ran_on == cpu);
}

static void test_threads_are_switched(void)
{
    for (unsigned i = 0; i < 100; i++)
        thread_runs_and_ends(cpu_get(0));
}

static volatile bool stop;

static void run_for_ever([[maybe_unused]] void *argument)
{
    while (!stop)
        __builtin_ia32_pause();
    event_signal(&done);
}

/* Two threads of one priority that never give way: without ticks this one would not go on. */
static void test_a_tick_takes_the_processor_away(void)
{
    struct thread *thread;
    const struct thread_request request = {.name = "for ever",
                                           .function = run_for_ever,
                                           .priority = THREAD_PRIORITY_NORMAL,
                                           .cpu = cpu_get(0)};
    uint64_t switches = cpu_get(0)->queue.switches;

    stop = false;
    done = EVENT_INIT;
    CHECK(thread_create(&request, &thread) == NONOS_OK);
    while (*(volatile uint64_t *)&cpu_get(0)->queue.switches < switches + 10)
        __builtin_ia32_pause();
    stop = true;
    event_wait(&done);
}

static struct process process = {.rights = NONOS_RIGHT_ALL, .quota = {.limit_pages = 20}};

static void enter(void *argument)
{
    (void)argument;
    user_enter(CODE_VADDR, CODE_VADDR + 4096, 0);
}

static void test_a_program_calls_the_kernel(void)
{
    const struct thread_request request = {.name = "program",
                                           .function = enter,
                                           .priority = THREAD_PRIORITY_NORMAL,
                                           .process = &process,
                                           .cpu = cpu_get(0)};
    struct thread *thread;
    uint64_t switches = cpu_get(0)->queue.switches;

    CHECK(space_create(&process.quota, &process.space) == NONOS_OK);
    CHECK(space_map(process.space, CODE_VADDR, PAGE_LEN, MAPPING_EXECUTE) == NONOS_OK);
    CHECK(space_write(process.space, CODE_VADDR, program_clock,
                      (size_t)(program_clock_end - program_clock)) == NONOS_OK);
    CHECK(thread_create(&request, &thread) == NONOS_OK);
    while (*(volatile uint64_t *)&cpu_get(0)->queue.switches < switches + 200)
        sched_yield();
}

static void test_a_second_processor_runs_a_thread(void)
{
    CHECK(cpu_count() >= 2);
    for (unsigned i = 0; i < 100; i++)
        thread_runs_and_ends(cpu_get(1));
}

const struct guest_test guest_tests[] = {
    {"threads_are_switched", test_threads_are_switched},
    {"a_tick_takes_the_processor_away", test_a_tick_takes_the_processor_away},
    {"a_program_calls_the_kernel", test_a_program_calls_the_kernel},
    {"a_second_processor_runs_a_thread", test_a_second_processor_runs_a_thread},
};
const size_t guest_test_count = sizeof guest_tests / sizeof guest_tests[0];
