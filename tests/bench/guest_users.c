#include "tests/bench/guest_users.h"

#include "abi/error.h"
#include "kernel/mem/frames.h"
#include "kernel/mem/mapping.h"
#include "kernel/mem/paging.h"
#include "kernel/panic.h"
#include "kernel/sched/thread.h"
#include "kernel/user/process.h"
#include "kernel/user/syscall.h"
#include "tests/bench/guest_pairs.h"

#include <string.h>

#define CODE_VADDR UINT64_C(0x400000)
#define SAMPLES_VADDR UINT64_C(0x500000)
#define MAP_VADDR UINT64_C(0x10000000)
#define QUOTA_PAGES 4096u
#define RESULT_OFFSET 4080u /* guest_programs.S */
static_assert(sizeof(struct samples) + 64 < RESULT_OFFSET);

/* Where a program begins, in the page that has all of them. */
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
DECLARE(log_long)
DECLARE(random_long)
DECLARE(map_long)
DECLARE(map_too_long)
DECLARE(fault)

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
    [USER_FAULT] = TEXT("fault", fault, 0),
};

static struct process processes[2];
static paddr_t code, data;

struct process *users_process(unsigned index)
{
    return &processes[index];
}

struct samples *users_samples(void)
{
    return direct_map_at(data);
}

static uint64_t result(void)
{
    uint64_t value;

    memcpy(&value, (const uint8_t *)direct_map_at(data) + RESULT_OFFSET, sizeof value);
    return value;
}

static size_t len_of(const uint8_t *start, const uint8_t *end)
{
    return (size_t)(end - start);
}

/* All programs lie in one page, as they do in guest_programs.S. */
static void processes_make(void)
{
    code = frames_allocate(0);
    data = frames_allocate(0);
    if (code == 0 || data == 0 || len_of(cost_first, cost_fault_end) > PAGE_LEN)
        panic("there is no room for programs that measure");
    memcpy(direct_map_at(code), cost_first, len_of(cost_first, cost_fault_end));
    for (size_t i = 0; i < 2; i++) {
        processes[i].rights = NONOS_RIGHT_ALL;
        processes[i].quota_pages = QUOTA_PAGES;
        processes[i].next_vaddr = MAP_VADDR;
        if (mapping_create(&processes[i].root) != NONOS_OK)
            panic("there is no memory for processes that measure");
        memcpy((uint8_t *)direct_map_at(processes[i].root) + PAGE_LEN / 2,
               (const uint8_t *)direct_map_at(paging_root()) + PAGE_LEN / 2, PAGE_LEN / 2);
        if (mapping_add(processes[i].root, CODE_VADDR, code, PAGE_LEN,
                        MAPPING_EXECUTE | MAPPING_USER) != NONOS_OK ||
            mapping_add(processes[i].root, SAMPLES_VADDR, data, PAGE_LEN,
                        MAPPING_WRITE | MAPPING_USER) != NONOS_OK)
            panic("there is no memory for processes that measure");
    }
}

static void enter(void *argument)
{
    const uint8_t *program = argument;

    user_enter(CODE_VADDR + len_of(cost_first, program), 0, SAMPLES_VADDR);
}

static struct thread_request request(const uint8_t *program, unsigned process)
{
    return (struct thread_request){.name = "program",
                                   .function = enter,
                                   .argument = (void *)(uintptr_t)program,
                                   .priority = PAIR_PRIORITY,
                                   .process = &processes[process]};
}

static uint64_t run(const uint8_t *program)
{
    struct thread_request one = request(program, 0);

    memset(direct_map_at(data), 0, PAGE_LEN);
    pairs_run(&one, 1);
    return result();
}

uint64_t users_run_first(void)
{
    processes_make();
    return run(cost_first);
}

uint64_t users_run(enum users_program program)
{
    return run(users_programs[program].code);
}

void users_run_yields(bool across)
{
    struct thread_request two[] = {request(cost_yielded_to, 0), request(cost_yields, across)};

    memset(direct_map_at(data), 0, PAGE_LEN);
    pairs_run(two, 2);
}
