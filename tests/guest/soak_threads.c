/* Threads that are made, do something short at a priority and on a processor by chance, and end. */
#include "tests/guest/soak.h"

#include "kernel/cpu/cpu.h"
#include "kernel/dev/clock.h"
#include "kernel/sched/sched.h"
#include "kernel/sched/thread.h"

#define ROUNDS_MAX 20u
#define SPINS_MAX 20000u
#define DEPTH_MAX 8u
#define SLEEP_MAX_NS UINT64_C(4000000)

struct child {
    uint32_t users; /* 0: nobody's */
    bool echoes;
    struct guest_random random;
    struct event asked;
    struct event answered;
    struct thread *thread; /* of one that echoes, which cannot end before it is answered */
    uint64_t rounds;
};
static struct child children[SOAK_CHILD_MAX];
static uint64_t made;
static uint64_t ended;
static uint64_t migrated;

uint64_t soak_children_made(void)
{
    return __atomic_load_n(&made, __ATOMIC_ACQUIRE);
}

uint64_t soak_children_ended(void)
{
    return __atomic_load_n(&ended, __ATOMIC_ACQUIRE);
}

/* Uses some of its stack, and finds there what it has put there. */
static void go_deep(struct guest_random *random, unsigned depth)
{
    uint64_t words[32];
    uint64_t sum = 0;

    for (size_t i = 0; i < 32; i++)
        sum += words[i] = guest_random_next(random);
    if (depth > 0)
        go_deep(random, depth - 1);
    else
        sched_yield();
    for (size_t i = 0; i < 32; i++)
        sum -= *(volatile uint64_t *)&words[i];
    CHECK(sum == 0);
}

static void spin(uint64_t count)
{
    while (count-- > 0)
        __builtin_ia32_pause();
}

/* Who is woken by an event may be faster than who signals it: neither alone gives it back. */
static void child_leave(struct child *child)
{
    __atomic_fetch_sub(&child->users, 1, __ATOMIC_RELEASE);
}

static void sleep_some(struct guest_random *random)
{
    uint64_t until = clock_now_ns() + guest_random_below(random, SLEEP_MAX_NS);

    thread_sleep_until(until);
    CHECK(clock_now_ns() >= until);
}

static void child_run(void *argument)
{
    struct child *child = argument;

    for (uint64_t i = 0; i < child->rounds; i++) {
        if (child->echoes)
            event_wait(&child->asked);
        switch (guest_random_below(&child->random, 4)) {
        case 0:
            spin(guest_random_below(&child->random, SPINS_MAX));
            break;
        case 1:
            sched_yield();
            break;
        case 2:
            sleep_some(&child->random);
            break;
        default:
            go_deep(&child->random, (unsigned)guest_random_below(&child->random, DEPTH_MAX));
            break;
        }
        if (child->echoes)
            event_signal(&child->answered);
    }
    child_leave(child);
    __atomic_fetch_add(&ended, 1, __ATOMIC_RELEASE);
}

/* Null when as many are alive as may be, or there is no memory. */
static struct child *child_make(struct guest_random *random, bool echoes)
{
    struct child *child = nullptr;
    struct thread_request request = {
        .name = echoes ? "echo" : "child",
        .function = child_run,
        .priority = 1 + (uint32_t)guest_random_below(random, THREAD_PRIORITY_HIGHEST),
        .cpu = cpu_get((uint32_t)guest_random_below(random, cpu_count()))};

    for (size_t i = 0; i < SOAK_CHILD_MAX && child == nullptr; i++) {
        uint32_t users = 0;

        if (__atomic_compare_exchange_n(&children[i].users, &users, echoes ? 2 : 1, false,
                                        __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            child = &children[i];
    }
    if (child == nullptr)
        return nullptr;
    *child = (struct child){.users = echoes ? 2 : 1,
                            .echoes = echoes,
                            .random = {guest_random_next(random)},
                            .asked = EVENT_INIT,
                            .answered = EVENT_INIT,
                            .rounds = 1 + guest_random_below(random, ROUNDS_MAX)};
    request.argument = child;
    __atomic_fetch_add(&made, 1, __ATOMIC_RELEASE);
    if (thread_create(&request, &child->thread) == NONOS_OK)
        return child;
    __atomic_fetch_sub(&made, 1, __ATOMIC_RELEASE);
    __atomic_store_n(&child->users, 0, __ATOMIC_RELEASE);
    return nullptr;
}

void soak_spawn(struct soak_worker *worker)
{
    (void)child_make(&worker->random, false);
}

/* There and back between two processors: a wake-up that is lost would hold this worker up for ever.
 */
void soak_echo(struct soak_worker *worker)
{
    struct child *child = child_make(&worker->random, true);

    if (child == nullptr)
        return;
    for (uint64_t left = child->rounds; left > 0; left--) {
        event_signal(&child->asked);
        event_wait(&child->answered);
    }
    CHECK(child->asked.count == 0 && child->answered.count == 0);
    CHECK(child->asked.waiting.count == 0 && child->answered.waiting.count == 0);
    child_leave(child);
}

void soak_sleep(struct soak_worker *worker)
{
    sleep_some(&worker->random);
}

/* One that waits to be asked is moved about, and still answers. */
void soak_migrate(struct soak_worker *worker)
{
    struct child *child = child_make(&worker->random, true);

    if (child == nullptr)
        return;
    for (uint64_t left = child->rounds; left > 0; left--) {
        uint32_t to = (uint32_t)guest_random_below(&worker->random, cpu_count());

        if (thread_migrate(child->thread, cpu_get(to)))
            __atomic_fetch_add(&migrated, 1, __ATOMIC_RELAXED);
        event_signal(&child->asked);
        /* While it does what it was asked to: running, ready or asleep. */
        if (left > 1 && thread_migrate(child->thread, cpu_get(0)))
            __atomic_fetch_add(&migrated, 1, __ATOMIC_RELAXED);
        event_wait(&child->answered);
    }
    child_leave(child);
}

uint64_t soak_times_migrated(void)
{
    return __atomic_load_n(&migrated, __ATOMIC_RELAXED);
}
