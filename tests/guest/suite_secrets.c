/* Secrets in programs and in the kernel, then everything that had them ends or is given back. A
 * debugger stops at secrets_are_there and at secrets_are_gone and looks for them in all of memory
 * (tests/e2e/test_leftovers.py). Option: fault, 1 when the program is to end by one. */
#include "tests/guest/secrets.h"

#include "abi/syscalls.h"
#include "kernel/cpu/cpu.h"
#include "kernel/dev/clock.h"
#include "kernel/mem/frames.h"
#include "kernel/mem/heap.h"
#include "tests/guest/guest.h"
#include "tests/guest/process.h"
#include "tests/guest/watch.h"

#define QUOTA_PAGES 16u
#define REST_NS UINT64_C(2000000)
#define RESTS 3u /* with the program interrupted in each */

GUEST_PROGRAM_DECLARE(secret);

void secrets_are_there(void);
void secrets_are_gone(void);

static struct event planted, go_on, gone;
static volatile bool program_holds;

[[gnu::noinline]] void secrets_are_there(void)
{
    __asm__ volatile("" : : : "memory");
}

[[gnu::noinline]] void secrets_are_gone(void)
{
    __asm__ volatile("" : : : "memory");
}

static void fill(volatile uint64_t *words, uint64_t place)
{
    struct secret_words from = {SECRET_SEED + place};

    for (size_t i = 0; i < SECRET_WORDS; i++)
        words[i] = secret_next(&from);
}

static void plant(void *argument)
{
    volatile uint64_t on_stack[SECRET_WORDS];
    uint64_t *on_heap = heap_allocate(SECRET_WORDS * sizeof *on_heap);
    paddr_t frames = frames_allocate(1);

    (void)argument;
    if (CHECK(on_heap != nullptr && frames != 0)) {
        fill(on_stack, SECRET_STACK);
        fill(on_heap, SECRET_HEAP);
        fill(direct_map_at(frames), SECRET_FRAMES);
    }
    event_signal(&planted);
    event_wait(&go_on);
    heap_free(on_heap);
    frames_free(frames);
}

static void on_call(uint64_t number, [[maybe_unused]] uint64_t a, [[maybe_unused]] uint64_t b)
{
    if (number == NONOS_SYSCALL_clock_read)
        program_holds = true;
}

static void rest(void)
{
    thread_sleep_until(clock_now_ns() + REST_NS);
}

/* With a priority by which it interrupts the program. */
static void look_on([[maybe_unused]] void *argument)
{
    const struct guest_program program = GUEST_PROGRAM(secret);
    struct guest_process guest;
    struct guest_run run = {0};
    struct event ended = EVENT_INIT;
    struct thread *thread;
    const struct thread_request request = {.name = "planter",
                                           .function = plant,
                                           .priority = THREAD_PRIORITY_HIGHEST,
                                           .cpu = cpu_get(0),
                                           .ended = &ended};
    bool faults = guest_option("fault", 0) != 0;

    /* A neighbor that stays: else the slab goes back to the frames, which are wiped too. */
    CHECK(heap_allocate(SECRET_WORDS * sizeof(uint64_t)) != nullptr);
    CHECK(thread_create(&request, &thread) == NONOS_OK);
    event_wait(&planted);
    CHECK(guest_process_make(&guest, &program, QUOTA_PAGES) == NONOS_OK);
    CHECK(guest_run_start(&run, &guest, SECRET_SEED | (faults ? SECRET_FAULTS : 0),
                          THREAD_PRIORITY_NORMAL + 1, cpu_get(0)) == NONOS_OK);
    while (!program_holds && run.how == GUEST_RUNS)
        rest();
    for (unsigned i = 0; i < RESTS; i++)
        rest();
    CHECK(run.how == GUEST_RUNS);
    secrets_are_there();
    event_signal(&go_on);
    guest_run_wait(&run);
    CHECK(run.how == (faults ? GUEST_FAULTED : GUEST_EXITED));
    CHECK(run.code == 0 && run.vector == (faults ? 6 : 0));
    guest_process_free(&guest);
    event_wait(&ended);
    event_signal(&gone);
}

static void test_secrets_end_with_what_had_them(void)
{
    struct event ended = EVENT_INIT;
    struct thread *thread;
    const struct thread_request request = {.name = "on-looker",
                                           .function = look_on,
                                           .priority = THREAD_PRIORITY_HIGHEST,
                                           .cpu = cpu_get(0),
                                           .ended = &ended};

    planted = go_on = gone = EVENT_INIT;
    watch = (struct watch){.call = on_call};
    CHECK(thread_create(&request, &thread) == NONOS_OK);
    event_wait(&gone);
    event_wait(&ended);
    secrets_are_gone();
}

const struct guest_test guest_tests[] = {
    {"secrets_end_with_what_had_them", test_secrets_end_with_what_had_them},
};
const size_t guest_test_count = sizeof guest_tests / sizeof guest_tests[0];
