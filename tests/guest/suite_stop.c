/* Ends in a panic, on purpose; which one, the option panic says. tests/e2e/test_stop.py looks on.
 */
#include "tests/guest/guest.h"

#include "kernel/console.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/interrupt_flag.h"
#include "kernel/panic.h"
#include "kernel/sched/event.h"
#include "kernel/sched/thread.h"

#define WRITTEN 100u /* by the others, before one panics */

static volatile uint32_t there;

static void panic_together([[maybe_unused]] void *argument)
{
    (void)__atomic_add_fetch(&there, 1, __ATOMIC_SEQ_CST);
    while (there < cpu_count())
        __builtin_ia32_pause();
    panic("all at once");
}

/* With interrupts out, so that nothing but an NMI stops it. */
static void write_for_ever([[maybe_unused]] void *argument)
{
    (void)interrupts_disable();
    for (;;) {
        console_write("~", 1);
        (void)__atomic_add_fetch(&there, 1, __ATOMIC_SEQ_CST);
    }
}

static void on_others(void (*function)(void *))
{
    struct thread *thread;

    for (uint32_t i = 1; i < cpu_count(); i++) {
        const struct thread_request request = {.name = "other",
                                               .function = function,
                                               .priority = THREAD_PRIORITY_NORMAL,
                                               .cpu = cpu_get(i)};

        CHECK(thread_create(&request, &thread) == NONOS_OK);
    }
}

static void panic_while_others_write(void)
{
    on_others(write_for_ever);
    while (there < WRITTEN)
        __builtin_ia32_pause();
    panic("one alone");
}

static struct lock event_lock = LOCK_INIT(LOCK_EVENT);
static struct lock frames_lock = LOCK_INIT(LOCK_FRAMES);

static void take_out_of_order(void)
{
    (void)lock_take(&frames_lock);
    (void)lock_take(&event_lock);
}

static void take_queues_out_of_order(void)
{
    (void)lock_take(&cpu_get(1)->queue.lock);
    (void)lock_take(&cpu_get(0)->queue.lock);
}

static void test_stop(void)
{
    switch (guest_option("panic", 0)) {
    case 0:
        on_others(panic_together);
        panic_together(nullptr);
        break;
    case 1:
        panic_while_others_write();
        break;
    case 2:
        take_out_of_order();
        break;
    default:
        take_queues_out_of_order();
    }
    CHECK(false);
}

const struct guest_test guest_tests[] = {
    {"stop", test_stop},
};
const size_t guest_test_count = sizeof guest_tests / sizeof guest_tests[0];
