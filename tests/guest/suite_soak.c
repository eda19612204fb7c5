/* Soak: workers on every processor do one thing after the other at random, all of them at once;
 * every few seconds they stand still and everything is counted. Options: time (seconds), seed. */
#include "tests/guest/soak.h"

#include "kernel/console.h"
#include "kernel/cpu/cpu.h"
#include "kernel/dev/clock.h"
#include "kernel/mem/frames.h"
#include "kernel/sched/thread.h"
#include "tests/guest/threads.h"
#include "tests/guest/watch.h"

#define WORKERS_PER_CPU 3u
#define WORKERS_MAX (WORKERS_PER_CPU * 8u)
#define ROUND_SECONDS 5u
#define REST_NS UINT64_C(20000000)
/* Longer than anything takes, on a machine that has other things to do: who has a low priority
 * waits until all others wait. */
#define STILL_SECONDS 600u

static const struct {
    const char *name;
    void (*run)(struct soak_worker *worker);
} actions[] = {
#define ACTION(name) {#name, soak_##name},
    SOAK_ACTIONS(ACTION)
#undef ACTION
};

static struct soak_worker workers[WORKERS_MAX];
static uint32_t worker_count;
static volatile bool pause_wanted;
static volatile bool end_wanted;
static struct event paused, go_on, gone, over;

static void worker_run(void *argument)
{
    struct soak_worker *worker = argument;

    while (!end_wanted) {
        if (pause_wanted) {
            event_signal(&paused);
            event_wait(&go_on);
            continue;
        }
        uint64_t action = guest_random_below(&worker->random, SOAK_ACTION_COUNT);

        worker->action = actions[action].name;
        actions[action].run(worker);
        worker->done[action]++;
        __atomic_fetch_add(&worker->beats, 1, __ATOMIC_RELAXED);
    }
    event_signal(&gone);
}

static void workers_start(uint64_t seed)
{
    struct guest_random random = {seed};

    for (uint32_t i = 0; i < worker_count; i++) {
        struct thread *thread;
        const struct thread_request request = {.name = "worker",
                                               .function = worker_run,
                                               .argument = &workers[i],
                                               .priority = THREAD_PRIORITY_NORMAL,
                                               .cpu = cpu_get(i % cpu_count())};

        workers[i] = (struct soak_worker){.random = {guest_random_next(&random)}};
        CHECK(thread_create(&request, &thread) == NONOS_OK);
    }
}

/* For whoever has to find out why somebody stands still. */
static void tell_state(void)
{
    for (uint32_t i = 0; i < worker_count; i++)
        console_printf("  worker %u: %llu steps, now %s\n", i, (unsigned long long)workers[i].beats,
                       workers[i].action);
    for (uint32_t i = 0; i < cpu_count(); i++) {
        const struct cpu *cpu = cpu_get(i);

        console_printf("  processor %u: '%s' with priority %u runs, %u are ready\n", i,
                       cpu->thread->name, cpu->thread->priority, cpu->queue.ready.count);
    }
    console_printf("  children: %llu made, %llu ended; threads taken back: %llu\n",
                   (unsigned long long)soak_children_made(),
                   (unsigned long long)soak_children_ended(),
                   (unsigned long long)watch_freed_threads());
}

static void rest(void)
{
    thread_sleep_until(clock_now_ns() + REST_NS);
}

/* Lets seconds pass; false when some worker did nothing in all of them: whoever it waits for has
 * not woken it. */
static bool watch_beats(uint64_t seconds)
{
    uint64_t end = guest_seconds() + seconds;
    uint64_t give_up = guest_seconds() + STILL_SECONDS;
    uint64_t before[WORKERS_MAX] = {0};

    for (uint32_t i = 0; i < worker_count; i++)
        before[i] = __atomic_load_n(&workers[i].beats, __ATOMIC_RELAXED);
    for (uint32_t i = 0; i < worker_count;) {
        rest();
        if (__atomic_load_n(&workers[i].beats, __ATOMIC_RELAXED) != before[i]) {
            i++;
        } else if (guest_seconds() > give_up) {
            tell_state();
            return CHECK(give_up == 0 && "a worker stands still");
        }
    }
    while (guest_seconds() < end)
        rest();
    return true;
}

/* Until every child has ended and been taken back. */
static bool wait_for_children(uint64_t freed_before)
{
    uint64_t give_up = guest_seconds() + STILL_SECONDS;

    while (soak_children_ended() != soak_children_made() ||
           watch_freed_threads() - freed_before < soak_children_made() + soak_programs_made()) {
        rest();
        if (guest_seconds() > give_up) {
            tell_state();
            return CHECK(give_up == 0 && "a thread has not ended");
        }
    }
    return true;
}

static void tell(uint64_t start, uint64_t seed)
{
    uint64_t beats = 0;

    for (uint32_t i = 0; i < worker_count; i++)
        beats += workers[i].beats;
    console_printf(
        "soak: %llu s, seed %llu, %llu steps, %llu threads, %llu moved, %llu of programs, "
        "memory used up %llu times, %u failures\n",
        (unsigned long long)(guest_seconds() - start), (unsigned long long)seed,
        (unsigned long long)beats, (unsigned long long)soak_children_made(),
        (unsigned long long)soak_times_migrated(), (unsigned long long)soak_programs_made(),
        (unsigned long long)soak_times_exhausted(), guest_failures());
}

/* Everybody stands still, everything is counted, everybody goes on. */
static bool count_everything(uint64_t freed_before, uint64_t free_before)
{
    bool good;

    pause_wanted = true;
    for (uint32_t i = 0; i < worker_count; i++)
        event_wait(&paused);
    good = wait_for_children(freed_before);
    good = CHECK(soak_check_queues()) && good;
    good = CHECK(soak_check_frames(free_before)) && good;
    pause_wanted = false;
    for (uint32_t i = 0; i < worker_count; i++)
        event_signal(&go_on);
    return good;
}

static uint64_t free_frames(void)
{
    struct frames_statistics now;

    frames_get_statistics(&now);
    return now.free_pages;
}

static void soak(void)
{
    uint64_t seconds = guest_option("time", 15);
    uint64_t seed = guest_option("seed", 1);
    uint64_t start = guest_seconds();
    uint64_t freed_before;
    uint64_t free_before;
    uint64_t free_with_workers;

    console_printf("soak: %u processors, %llu s, seed %llu\n", cpu_count(),
                   (unsigned long long)seconds, (unsigned long long)seed);
    worker_count = cpu_count() * WORKERS_PER_CPU;
    if (worker_count > WORKERS_MAX)
        worker_count = WORKERS_MAX;
    /* Programs of each worker, and as many that have ended and are still being taken back. */
    guest_fill_pools(2 * (SOAK_CHILD_MAX + 4 * worker_count));
    freed_before = watch_freed_threads();
    free_before = free_frames();
    pause_wanted = true;
    workers_start(seed);
    free_with_workers = free_frames();
    if (!count_everything(freed_before, free_with_workers))
        return;
    while (guest_seconds() < start + seconds) {
        if (!watch_beats(ROUND_SECONDS) || !count_everything(freed_before, free_with_workers))
            return;
        tell(start, seed);
    }
    end_wanted = true;
    for (uint32_t i = 0; i < worker_count; i++)
        event_wait(&gone);
    while (watch_freed_threads() - freed_before <
           soak_children_made() + soak_programs_made() + worker_count)
        rest();
    CHECK(soak_check_frames(free_before));
    console_printf("soak: %llu threads made and ended, %u failures, %lld frames lost\n",
                   (unsigned long long)(soak_children_made() + soak_programs_made() + worker_count),
                   guest_failures(), (long long)(free_before - free_frames()));
}

static void run_soak([[maybe_unused]] void *argument)
{
    soak();
    event_signal(&over);
}

/* Whoever looks on sleeps nearly always, and sees at once what is to be seen. */
static void test_soak(void)
{
    struct thread *thread;
    const struct thread_request request = {.name = "soak",
                                           .function = run_soak,
                                           .priority = THREAD_PRIORITY_HIGHEST,
                                           .cpu = cpu_get(0)};

    watch_silence(true);
    paused = go_on = gone = over = EVENT_INIT;
    CHECK(thread_create(&request, &thread) == NONOS_OK);
    event_wait(&over);
}

const struct guest_test guest_tests[] = {{"soak", test_soak}};
const size_t guest_test_count = sizeof guest_tests / sizeof guest_tests[0];
