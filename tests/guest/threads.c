#include "tests/guest/threads.h"

#include "kernel/cpu/cpu.h"
#include "kernel/sched/event.h"
#include "kernel/sched/sched.h"
#include "kernel/sched/thread.h"
#include "tests/guest/guest.h"
#include "tests/guest/watch.h"

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
    while (watch_freed_threads() < freed + count)
        sched_yield();
}
