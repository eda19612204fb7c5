/*
 * guest_stretch.c - for how long interrupts stay off: does what the kernel does after its start,
 * and prints the longest stretch of each place that turns them off. In the place of the prompt, as
 * guest_costs.c.
 */
#include "kernel/console.h"
#include "kernel/cpu/control.h"
#include "kernel/cpu/io.h"
#include "kernel/dev/clock.h"
#include "kernel/prompt.h"
#include "kernel/report.h"
#include "kernel/sched/sched.h"
#include "kernel/sched/thread.h"
#include "tests/bench/guest_pairs.h"
#include "tests/bench/guest_users.h"
#include "tests/bench/stretch/stretch.h"

#define EXIT_PORT 0x501u
#define EXIT_GOOD 0u
#define TICKS_LEN 30000000u /* several ticks of the timer */
#define THREADS 20u
#define PROCESSES 4u
#define SLEEPERS 100u
#define SLEEP_NS 20000000u

static uint64_t due_ns;

/* What so many operations did to the TLB; a few more times it was whoever started and ended them.
 */
static void tell_tlb(const char *name, unsigned operations)
{
    console_printf("bench: tlb %s %llu %llu %u\n", name, (unsigned long long)stretch_tlb.loads,
                   (unsigned long long)stretch_tlb.pages, operations);
    stretch_tlb = (struct stretch_tlb){0};
}

static void run_programs(void)
{
    (void)users_run_first();
    stretch_tlb = (struct stretch_tlb){0};
    for (enum users_program i = USER_NOTHING + 1; i < USERS_COUNT; i++) {
        if (users_run(i) != users_programs[i].result)
            console_printf("bench: failed: %s\n", users_programs[i].name);
        tell_tlb(users_programs[i].name, SAMPLES_MAX);
    }
    users_run_yields(false);
    tell_tlb("switch-threads", 2 * SAMPLES_MAX);
    users_run_yields(true);
    tell_tlb("switch-processes", 2 * SAMPLES_MAX);
    users_run_wakes(false);
    tell_tlb("wake-threads", 2 * SAMPLES_MAX);
    users_run_wakes(true);
    tell_tlb("wake-processes", 2 * SAMPLES_MAX);
    (void)users_run_ends(false);
    tell_tlb("end", SAMPLES_MAX);
    (void)users_run_ends(true);
    tell_tlb("end-by-fault", SAMPLES_MAX);
    (void)pairs_switch(nullptr, nullptr);
    tell_tlb("kernel-switch-same", 2 * SAMPLES_MAX);
    (void)pairs_switch(users_process(0), users_process(1));
    tell_tlb("kernel-switch-across", 2 * SAMPLES_MAX);
    (void)pairs_wake(nullptr, nullptr);
    tell_tlb("kernel-wake", 2 * SAMPLES_MAX);
    (void)pairs_wake(users_process(0), users_process(1));
    tell_tlb("kernel-wake-across", 2 * SAMPLES_MAX);
}

static void end_at_once([[maybe_unused]] void *argument)
{
}

static void run_threads(void)
{
    for (unsigned i = 0; i < THREADS; i++) {
        struct thread_request requests[2] = {
            {.name = "short", .function = end_at_once, .priority = PAIR_PRIORITY},
            {.name = "short", .function = end_at_once, .priority = PAIR_PRIORITY}};

        pairs_run(requests, 2);
    }
}

static void run_processes(void)
{
    for (unsigned i = 0; i < PROCESSES; i++) {
        struct guest_process guest;

        users_make(&guest);
        space_destroy(guest.process.space);
    }
}

/* All of them are due at once. */
static void sleep_until([[maybe_unused]] void *argument)
{
    thread_sleep_until(due_ns);
}

static void run_sleepers(void)
{
    struct thread_request requests[SLEEPERS];

    for (unsigned i = 0; i < SLEEPERS; i++)
        requests[i] = (struct thread_request){
            .name = "sleeper", .function = sleep_until, .priority = PAIR_PRIORITY + 1};
    due_ns = clock_now_ns() + SLEEP_NS;
    pairs_run(requests, SLEEPERS);
    while (clock_now_ns() < due_ns + SLEEP_NS)
        sched_yield();
}

static void wait_for_ticks(void)
{
    uint64_t end = control_read_tsc() + TICKS_LEN;

    while (control_read_tsc() < end)
        __builtin_ia32_pause();
}

void prompt_run(void)
{
    stretch_forget();
    run_programs();
    run_threads();
    run_processes();
    run_sleepers();
    wait_for_ticks();
    report_print();
    stretch_print();
    console_printf("bench: done\n");
    io_write_8(EXIT_PORT, EXIT_GOOD);
    control_halt();
}
