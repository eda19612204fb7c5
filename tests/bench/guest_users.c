#include "tests/bench/guest_users.h"

#include "abi/error.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/interrupt_flag.h"
#include "kernel/mem/mapping.h"
#include "kernel/mem/paging.h"
#include "kernel/panic.h"
#include "kernel/sched/event.h"
#include "kernel/sched/thread.h"
#include "kernel/user/syscall.h"
#include "tests/bench/guest_pairs.h"
#include "tests/guest/guest.h"

#include <string.h>

#define SAMPLES_VADDR GUEST_DATA_VADDR
#define QUOTA_PAGES 4096u
#define RESULT_OFFSET 4080u /* guest_programs.S */
static_assert(sizeof(struct samples) <= 4040 && GUEST_DATA_LEN >= 2 * PAGE_LEN);

#define TEXT(row, program, its_result)                                                             \
    {.name = (row), .code = cost_##program, .end = cost_##program##_end, .result = (its_result)}
#define DECLARE(program) extern const uint8_t cost_##program[], cost_##program##_end[];
DECLARE(first)
DECLARE(nothing)
DECLARE(clock)
DECLARE(yield)
DECLARE(random)
DECLARE(bad_pointer)
DECLARE(map_unmap)
DECLARE(map_touch_unmap)
DECLARE(yields)
DECLARE(yielded_to)
DECLARE(wakes)
DECLARE(woken)
DECLARE(exit)
DECLARE(fault)
DECLARE(log_long)
DECLARE(random_long)
DECLARE(map_long)
DECLARE(map_too_long)

const struct users_text users_programs[USERS_COUNT] = {
    [USER_NOTHING] = TEXT("nothing", nothing, 0),
    [USER_NULL_CALL] = TEXT("null-call", clock, NONOS_OK),
    [USER_CLOCK] = TEXT("clock", clock, NONOS_OK),
    [USER_YIELD] = TEXT("yield", yield, NONOS_OK),
    [USER_RANDOM] = TEXT("random-32", random, NONOS_OK),
    [USER_BAD_POINTER] = TEXT("bad-pointer", bad_pointer, NONOS_E_ADDRESS),
    [USER_MAP_UNMAP] = TEXT("map-unmap", map_unmap, NONOS_OK),
    [USER_MAP_TOUCH_UNMAP] = TEXT("map-touch-unmap", map_touch_unmap, NONOS_OK),
    [USER_LOG_LONG] = TEXT("log-long", log_long, NONOS_OK),
    [USER_RANDOM_LONG] = TEXT("random-long", random_long, NONOS_OK),
    [USER_MAP_LONG] = TEXT("map-long", map_long, NONOS_OK),
    [USER_MAP_TOO_LONG] = TEXT("map-too-long", map_too_long, NONOS_E_QUOTA),
};

static struct guest_process processes[2];

/* What a thread of a program begins with. */
struct start {
    const uint8_t *program;
    vaddr_t samples;
};

struct process *users_process(unsigned index)
{
    return &processes[index].process;
}

/* What a program has there, of which no page goes away. */
static void *page_at(struct guest_process *guest, vaddr_t vaddr)
{
    struct mapping_entry entry;

    if (!mapping_find(guest->process.space->translations.root, vaddr, &entry))
        panic("a program that measures has no page for what it measures");
    return direct_map_at(entry.paddr);
}

struct samples *users_samples(void)
{
    return page_at(&processes[0], SAMPLES_VADDR);
}

static uint64_t result(void)
{
    uint64_t value;

    memcpy(&value, (const uint8_t *)users_samples() + RESULT_OFFSET, sizeof value);
    return value;
}

static size_t len_of(const uint8_t *start, const uint8_t *end)
{
    return (size_t)(end - start);
}

/* There is no suite here that could go on. */
bool guest_check(bool condition, const char *text, const char *file, int line)
{
    if (!condition)
        panic("%s:%d: %s", file, line, text);
    return condition;
}

void users_make(struct guest_process *guest)
{
    /* All of them, as they lie in guest_programs.S. */
    const struct guest_program all = {
        .name = "bench", .code = cost_first, .len = len_of(cost_first, cost_map_too_long_end)};

    if (guest_process_make(guest, &all, QUOTA_PAGES) != NONOS_OK)
        panic("there is no memory for a process that measures");
}

static void enter(void *argument)
{
    const struct start *start = argument;

    (void)interrupts_disable();
    user_enter(GUEST_CODE_VADDR + len_of(cost_first, start->program), GUEST_STACK_TOP,
               start->samples);
}

static struct thread_request request(struct start *start, unsigned process)
{
    return (struct thread_request){.name = "program",
                                   .function = enter,
                                   .argument = start,
                                   .priority = PAIR_PRIORITY,
                                   .process = users_process(process)};
}

static uint64_t run(const uint8_t *program)
{
    struct start start = {program, SAMPLES_VADDR};
    struct thread_request one = request(&start, 0);

    memset(users_samples(), 0, PAGE_LEN);
    pairs_run(&one, 1);
    return result();
}

uint64_t users_run_first(void)
{
    for (size_t i = 0; i < 2; i++)
        users_make(&processes[i]);
    return run(cost_first);
}

uint64_t users_run(enum users_program program)
{
    return run(users_programs[program].code);
}

/* The counter before it in one, and after it in the other, whose priority may be higher. */
static void run_two(const uint8_t *before, const uint8_t *after, uint32_t after_priority,
                    bool across)
{
    struct start to = {after, SAMPLES_VADDR};
    struct start from = {before, SAMPLES_VADDR + PAGE_LEN};
    struct thread_request two[] = {request(&to, 0), request(&from, across)};
    const struct samples *begun = page_at(&processes[across], from.samples);
    struct samples *done = users_samples();

    memset(done, 0, PAGE_LEN);
    two[0].priority = after_priority;
    pairs_run(two, 2);
    if (begun->count != done->count)
        panic("two programs that hand over to each other did not do so equally often");
    for (size_t i = 0; i < done->count; i++)
        done->ticks[i] -= begun->ticks[i];
}

void users_run_yields(bool across)
{
    run_two(cost_yields, cost_yielded_to, PAIR_PRIORITY, across);
}

void users_run_wakes(bool across)
{
    users_forget_signals();
    run_two(cost_wakes, cost_woken, PAIR_PRIORITY + 1, across);
}

struct samples *users_run_ends(bool by_fault)
{
    static struct samples samples;
    struct event ended = EVENT_INIT;
    struct start start = {by_fault ? cost_fault : cost_exit, SAMPLES_VADDR};
    struct thread_request one = request(&start, 0);
    const volatile uint32_t *begun = &users_samples()->ticks[0];
    struct thread *thread;

    one.ended = &ended;
    one.cpu = cpu_current();
    samples.count = 0;
    for (size_t i = 0; i < SAMPLES_MAX; i++) {
        if (thread_create(&one, &thread) != NONOS_OK)
            panic("there is no memory for a thread that ends");
        event_wait(&ended);
        samples_add(&samples, samples_now() - *begun);
    }
    return &samples;
}
