/* Attack: on every processor two programs out of random numbers, in pairs of one process each. A
 * run is one entry of such a program until its fault, its end or its time slice; after most of them
 * the program is given other code and registers and goes on, after some its thread ends, and after
 * some of those its process. Options: runs, seed. */
#include "tests/guest/attack.h"

#include "abi/syscalls.h"
#include "kernel/console.h"
#include "kernel/cpu/cpu.h"
#include "kernel/dev/clock.h"
#include "kernel/mem/frames.h"
#include "kernel/sched/sched.h"
#include "tests/guest/process.h"
#include "tests/guest/threads.h"
#include "tests/guest/watch.h"

#include <string.h>

#define PROCESSES 2u
#define ATTACKERS_PER_PROCESS 2u
#define ATTACKERS (PROCESSES * ATTACKERS_PER_PROCESS)
#define CODE_LEN 128u
#define RUNS_PER_THREAD 200u
#define THREADS_PER_PROCESS 40u
#define TICKS_PER_RUN 2u
#define TICK_NS UINT64_C(2000000)
#define QUOTA_PAGES 64u
#define TELL_SECONDS 5u

struct attacker {
    struct guest_run run;
    struct guest_random random;
    uint32_t index;       /* in its process */
    uint64_t runs;        /* all */
    uint64_t thread_runs; /* of the thread that it is now */
    unsigned ticks;       /* of the run that it is in */
    uint64_t faults[VECTOR_EXCEPTIONS];
    uint64_t calls[NONOS_SYSCALL_COUNT + 1]; /* the last: others */
    uint64_t slices;
};

/* The threads of a process in their turns, until there have been enough for it. */
struct target {
    struct guest_process guest;
    struct attacker attackers[ATTACKERS_PER_PROCESS];
};
static struct target targets[PROCESSES];

static uint64_t wanted;
static uint64_t threads;
static uint64_t processes;
static struct event target_over;

static const uint8_t nothing[ATTACKERS_PER_PROCESS * PAGE_LEN];

static uint64_t runs_so_far(void)
{
    uint64_t runs = 0;

    for (size_t i = 0; i < ATTACKERS; i++)
        runs += targets[i % PROCESSES].attackers[i / PROCESSES].runs;
    return runs;
}

static uint64_t code_vaddr(const struct attacker *attacker)
{
    return GUEST_CODE_VADDR + (uint64_t)attacker->index * PAGE_LEN;
}

/* Other code, at the end of a page or at its start, and other registers. False when the program has
 * given its page of code back. */
static bool begin_run(struct attacker *attacker, struct trap_frame *frame)
{
    uint64_t vaddr = code_vaddr(attacker);
    uint8_t code[CODE_LEN];

    if (guest_random_below(&attacker->random, 2) == 0)
        vaddr += PAGE_LEN - CODE_LEN;
    attack_make_code(&attacker->random, code, CODE_LEN);
    attack_make_registers(&attacker->random, frame, vaddr, CODE_LEN);
    attacker->ticks = 0;
    return guest_process_put(attacker->run.guest, vaddr, code, CODE_LEN);
}

static struct attacker *attacker_current(void)
{
    struct guest_run *run = guest_run_current();

    return run != nullptr ? run->context : nullptr;
}

static void end_run(struct attacker *attacker)
{
    attacker->runs++;
    attacker->thread_runs++;
}

static bool on_fault(struct trap_frame *frame)
{
    struct attacker *attacker = attacker_current();

    if (attacker == nullptr)
        return false;
    attacker->faults[frame->vector]++;
    end_run(attacker);
    return attacker->thread_runs < RUNS_PER_THREAD && begin_run(attacker, frame);
}

static void on_call(uint64_t number, [[maybe_unused]] uint64_t a, [[maybe_unused]] uint64_t b)
{
    struct attacker *attacker = attacker_current();

    if (attacker == nullptr)
        return;
    attacker->calls[number < NONOS_SYSCALL_COUNT ? number : NONOS_SYSCALL_COUNT]++;
    if (number == NONOS_SYSCALL_thread_exit)
        end_run(attacker);
}

static void on_tick(struct trap_frame *frame)
{
    struct attacker *attacker = attacker_current();

    if (attacker == nullptr || ++attacker->ticks < TICKS_PER_RUN)
        return;
    attacker->slices++;
    end_run(attacker);
    if (!begin_run(attacker, frame))
        frame->rip = 0;
}

/* One process after the other, each with threads on two processors; while the last ones run their
 * places stay taken, and memory that they have asked for goes with the process. */
static void run_target(void *argument)
{
    struct target *target = argument;

    while (runs_so_far() < wanted) {
        const struct guest_program program = {
            .name = "attack", .code = nothing, .len = sizeof nothing};

        if (!CHECK(guest_process_make(&target->guest, &program, QUOTA_PAGES) == NONOS_OK))
            break;
        __atomic_fetch_add(&processes, 1, __ATOMIC_RELAXED);
        for (size_t i = 0; i < THREADS_PER_PROCESS && runs_so_far() < wanted; i++) {
            uint32_t count = 0;

            for (; count < ATTACKERS_PER_PROCESS; count++) {
                struct attacker *attacker = &target->attackers[count];

                attacker->thread_runs = 0;
                attacker->run.context = attacker;
                if (!CHECK(guest_run_start(&attacker->run, &target->guest, 0,
                                           THREAD_PRIORITY_NORMAL,
                                           cpu_get(count % cpu_count())) == NONOS_OK))
                    break;
                __atomic_fetch_add(&threads, 1, __ATOMIC_RELAXED);
            }
            while (count-- > 0)
                guest_run_wait(&target->attackers[count].run);
        }
        guest_process_free(&target->guest);
    }
    event_signal(&target_over);
}

/* The timer interrupts a program that is alone on its processor only when it has to. */
static void run_metronome(void *argument)
{
    const volatile bool *stop = argument;

    while (!*stop)
        thread_sleep_until(clock_now_ns() + TICK_NS);
    event_signal(&target_over);
}

static void metronomes_start(const volatile bool *stop)
{
    for (uint32_t i = 0; i < cpu_count(); i++) {
        struct thread *thread;
        const struct thread_request request = {.name = "metronome",
                                               .function = run_metronome,
                                               .argument = (void *)(uintptr_t)stop,
                                               .priority = THREAD_PRIORITY_HIGHEST,
                                               .cpu = cpu_get(i)};

        CHECK(thread_create(&request, &thread) == NONOS_OK);
    }
}

static uint64_t free_frames(void)
{
    struct frames_statistics now;

    frames_get_statistics(&now);
    return now.free_pages;
}

static void targets_start(uint64_t seed)
{
    struct guest_random random = {seed};

    for (size_t i = 0; i < PROCESSES; i++) {
        struct thread *thread;
        const struct thread_request request = {.name = "target",
                                               .function = run_target,
                                               .argument = &targets[i],
                                               .priority = THREAD_PRIORITY_NORMAL + 1,
                                               .cpu = cpu_get((uint32_t)i % cpu_count())};

        for (uint32_t j = 0; j < ATTACKERS_PER_PROCESS; j++)
            targets[i].attackers[j] =
                (struct attacker){.random = {guest_random_next(&random)}, .index = j};
        CHECK(thread_create(&request, &thread) == NONOS_OK);
    }
}

static void tell(uint64_t seed, uint64_t seconds)
{
    uint64_t runs = runs_so_far();

    console_printf(
        "attack: %llu runs of %llu in %llu s, %llu a second, seed %llu\n", (unsigned long long)runs,
        (unsigned long long)wanted, (unsigned long long)seconds,
        (unsigned long long)(runs / (seconds != 0 ? seconds : 1)), (unsigned long long)seed);
}

static void tell_sums(void)
{
    struct attacker sum = {0};

    for (size_t i = 0; i < ATTACKERS; i++) {
        const struct attacker *attacker = &targets[i % PROCESSES].attackers[i / PROCESSES];

        for (size_t j = 0; j < VECTOR_EXCEPTIONS; j++)
            sum.faults[j] += attacker->faults[j];
        for (size_t j = 0; j <= NONOS_SYSCALL_COUNT; j++)
            sum.calls[j] += attacker->calls[j];
        sum.slices += attacker->slices;
    }
    for (size_t i = 0; i < VECTOR_EXCEPTIONS; i++) {
        if (sum.faults[i] != 0)
            console_printf("  exception %zu: %llu\n", i, (unsigned long long)sum.faults[i]);
    }
    for (size_t i = 0; i <= NONOS_SYSCALL_COUNT; i++) {
        console_printf("  call %zu: %llu\n", i, (unsigned long long)sum.calls[i]);
        CHECK(sum.calls[i] > 0);
    }
    console_printf("  time slices: %llu; threads: %llu; processes: %llu\n",
                   (unsigned long long)sum.slices, (unsigned long long)threads,
                   (unsigned long long)processes);
    CHECK(sum.faults[VECTOR_PAGE_FAULT] > 0 && sum.slices > 0);
}

/* As many runs as there are to be; how many frames are missing afterwards. */
static int64_t attack(uint64_t seed, uint64_t runs)
{
    uint64_t start = guest_seconds();
    uint64_t told = start;
    uint64_t freed = watch_freed_threads();
    uint64_t free_before = free_frames();
    volatile bool stop = false;

    wanted = runs;
    threads = processes = 0;
    target_over = EVENT_INIT;
    metronomes_start(&stop);
    targets_start(seed);
    while (runs_so_far() < wanted) {
        thread_sleep_until(clock_now_ns() + 50 * TICK_NS);
        if (guest_seconds() >= told + TELL_SECONDS) {
            told = guest_seconds();
            tell(seed, told - start);
        }
    }
    for (size_t i = 0; i < PROCESSES; i++)
        event_wait(&target_over);
    stop = true;
    for (uint32_t i = 0; i < cpu_count(); i++)
        event_wait(&target_over);
    while (watch_freed_threads() < freed + threads + PROCESSES + cpu_count())
        sched_yield();
    tell(seed, guest_seconds() - start);
    return (int64_t)(free_before - free_frames());
}

static void test_random_programs_leave_the_kernel_standing(void)
{
    uint64_t seed = guest_option("seed", 1);
    uint64_t runs = guest_option("runs", 10000);
    int64_t lost;

    watch = (struct watch){.fault = on_fault, .call = on_call, .tick = on_tick};
    watch_silence(true);
    console_printf("attack: %u processors, %llu runs, seed %llu\n", cpu_count(),
                   (unsigned long long)runs, (unsigned long long)seed);
    guest_fill_pools(2 * (ATTACKERS + PROCESSES + cpu_count()));
    lost = attack(seed, runs);
    tell_sums();
    CHECK(lost == 0);
    console_printf("attack: %llu runs, %lld frames lost\n", (unsigned long long)runs_so_far(),
                   (long long)lost);
}

const struct guest_test guest_tests[] = {
    {"random_programs_leave_the_kernel_standing", test_random_programs_leave_the_kernel_standing},
};
const size_t guest_test_count = sizeof guest_tests / sizeof guest_tests[0];
