#include "tests/guest/threads.h"

#include "kernel/cpu/cpu.h"
#include "kernel/dev/clock.h"
#include "kernel/sched/event.h"
#include "kernel/sched/thread.h"
#include "tests/guest/guest.h"
#include "tests/guest/watch.h"

#define REST_NS UINT64_C(1000000)

static void wait_to_end(void *argument)
{
    event_wait(argument);
}

void guest_fill_pools(uint32_t count)
{
    static struct event end;
    uint64_t freed = watch_freed_threads();

    end = EVENT_INIT;
    for (uint32_t i = 0; i < count; i++) {
        struct thread *thread;
        const struct thread_request request = {.name = "pool",
                                               .function = wait_to_end,
                                               .argument = &end,
                                               .priority = THREAD_PRIORITY_NORMAL,
                                               .cpu = cpu_get(i % cpu_count())};

        CHECK(thread_create(&request, &thread) == NONOS_OK);
    }
    for (uint32_t i = 0; i < count; i++)
        event_signal(&end);
    /* Whatever priority this one has: the others have to come to their ends. */
    while (watch_freed_threads() < freed + count)
        thread_sleep_until(clock_now_ns() + REST_NS);
}
