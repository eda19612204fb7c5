#include "tests/bench/guest_pairs.h"

#include "kernel/cpu/cpu.h"
#include "kernel/panic.h"
#include "kernel/sched/event.h"
#include "kernel/sched/sched.h"
#include "kernel/sched/thread.h"

static struct samples samples;
static volatile uint32_t start; /* when the one who hands over began to */
static struct event ended, given;

static bool is_full(void)
{
    return *(volatile uint32_t *)&samples.count == SAMPLES_MAX;
}

static void signal_end([[maybe_unused]] void *argument)
{
    event_signal(&ended);
}

void pairs_run(struct thread_request *requests, size_t count)
{
    const struct thread_request last = {.name = "last",
                                        .function = signal_end,
                                        .priority = PAIR_PRIORITY - 1,
                                        .cpu = cpu_current()};
    struct thread *thread;

    ended = EVENT_INIT;
    for (size_t i = 0; i < count; i++) {
        requests[i].cpu = cpu_current();
        if (thread_create(&requests[i], &thread) != NONOS_OK)
            panic("there is no memory for a thread that measures");
    }
    if (thread_create(&last, &thread) != NONOS_OK)
        panic("there is no memory for a thread that waits");
    event_wait(&ended);
}

static void run_two(struct thread_request first, struct thread_request second)
{
    struct thread_request requests[] = {first, second};

    samples.count = 0;
    pairs_run(requests, 2);
}

static void yielded_to([[maybe_unused]] void *argument)
{
    while (!is_full()) {
        sched_yield();
        samples_add(&samples, samples_now() - start);
    }
}

static void yields([[maybe_unused]] void *argument)
{
    while (!is_full()) {
        start = samples_now();
        sched_yield();
    }
}

struct samples *pairs_switch(struct process *from, struct process *to)
{
    run_two(
        (struct thread_request){
            .name = "yielded to", .function = yielded_to, .priority = PAIR_PRIORITY, .process = to},
        (struct thread_request){
            .name = "yields", .function = yields, .priority = PAIR_PRIORITY, .process = from});
    return &samples;
}

static void woken([[maybe_unused]] void *argument)
{
    while (!is_full()) {
        event_wait(&given);
        samples_add(&samples, samples_now() - start);
    }
}

static void wakes([[maybe_unused]] void *argument)
{
    while (!is_full()) {
        start = samples_now();
        event_signal(&given);
    }
}

struct samples *pairs_wake(struct process *from, struct process *to)
{
    given = EVENT_INIT;
    run_two(
        (struct thread_request){
            .name = "woken", .function = woken, .priority = PAIR_PRIORITY + 1, .process = to},
        (struct thread_request){
            .name = "wakes", .function = wakes, .priority = PAIR_PRIORITY, .process = from});
    return &samples;
}
