/* Each allocation in turn finds no memory: what asked for it says so, and nothing is left of it. */
#include "kernel/console.h"
#include "kernel/cpu/cpu.h"
#include "kernel/mem/frames.h"
#include "kernel/mem/heap.h"
#include "kernel/mem/space.h"
#include "kernel/sched/event.h"
#include "kernel/sched/sched.h"
#include "kernel/sched/thread.h"
#include "kernel/sched/thread_stack.h"
#include "tests/guest/guest.h"
#include "tests/guest/process.h"
#include "tests/guest/programs/misbehave.h"
#include "tests/guest/threads.h"
#include "tests/guest/watch.h"

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])
#define ALLOCATIONS_MAX 1000u
#define SITES_MAX 64u
#define PAGES UINT64_C(20)

GUEST_PROGRAM_DECLARE(misbehave);

static const void *sites[SITES_MAX];
static size_t site_count;

static void note_site(const void *site)
{
    for (size_t i = 0; i < site_count; i++) {
        if (sites[i] == site)
            return;
    }
    if (CHECK(site_count < SITES_MAX))
        sites[site_count++] = site;
}

static uint64_t free_frames(void)
{
    struct frames_statistics now;

    frames_get_statistics(&now);
    return now.free_pages;
}

/* Calls run until no allocation of it has failed. may_hide: what runs is a program, which is told
 * of the failure and ends well. At least least allocations are in it. */
static void fail_each(bool (*run)(void), bool may_hide, uint64_t least)
{
    uint64_t before;
    uint64_t count = 0;
    const void *site;

    CHECK(run());
    before = free_frames();
    do {
        bool good;

        watch_fail_allocation(++count);
        good = run();
        site = watch_fail_allocation(0);
        if (site != nullptr)
            note_site(site);
        CHECK(good == (site == nullptr) || (good && may_hide));
        CHECK(free_frames() == before);
    } while (site != nullptr && count < ALLOCATIONS_MAX);
    console_printf("  %llu allocations failed in turn\n", (unsigned long long)(count - 1));
    CHECK(site == nullptr && count > least);
}

static bool run_space(void)
{
    struct quota quota = {.limit_pages = 100};
    struct space *space;
    vaddr_t vaddr = 0;
    bool good;

    if (space_create(&quota, &space) != NONOS_OK) {
        CHECK(space == nullptr && quota.used_pages == 0);
        return false;
    }
    /* The last page of one table and the first of the next, on each level. */
    good = space_map(space, (UINT64_C(1) << 39) - PAGE_LEN, 2ul * PAGE_LEN, MAPPING_WRITE) ==
               NONOS_OK &&
           space_map_anywhere(space, PAGES * PAGE_LEN, MAPPING_WRITE, &vaddr) == NONOS_OK &&
           space_unmap(space, vaddr, PAGES * PAGE_LEN) == NONOS_OK;
    space_destroy(space);
    CHECK(quota.used_pages == 0);
    return good;
}

static void test_a_space_that_cannot_grow_is_as_it_was(void)
{
    fail_each(run_space, false, 30);
}

static void nothing([[maybe_unused]] void *argument)
{
}

static bool run_thread(void)
{
    struct event ended = EVENT_INIT;
    struct thread *thread;
    const struct thread_request request = {.name = "nothing",
                                           .function = nothing,
                                           .priority = THREAD_PRIORITY_NORMAL,
                                           .cpu = cpu_get(0),
                                           .ended = &ended};

    if (thread_create(&request, &thread) != NONOS_OK) {
        CHECK(thread == nullptr);
        return false;
    }
    event_wait(&ended);
    return true;
}

static void test_a_thread_that_cannot_be_made_leaves_nothing(void)
{
    uint64_t before;

    fail_each(run_thread, false, 2);
    /* An object of a slab is no frame, but many are: also where a new slab comes first. */
    before = free_frames();
    for (unsigned i = 0; i < 300; i++) {
        bool good;

        watch_fail_allocation(1 + i % 3);
        good = run_thread();
        CHECK(good == (watch_fail_allocation(0) == nullptr));
    }
    CHECK(free_frames() == before);
}

static bool run_program(enum misbehavior kind)
{
    const struct guest_program program = GUEST_PROGRAM(misbehave);
    struct guest_process guest;
    struct guest_run run = {0};
    bool good;

    if (guest_process_make(&guest, &program, 2 * PAGES) != NONOS_OK)
        return false;
    good = guest_run_start(&run, &guest, PAGES << 8 | kind, THREAD_PRIORITY_NORMAL, cpu_get(0)) ==
           NONOS_OK;
    if (good) {
        guest_run_wait(&run);
        good = run.how == GUEST_EXITED && run.code == 0;
    }
    guest_process_free(&guest);
    return good;
}

static bool run_program_that_maps(void)
{
    return run_program(MISBEHAVE_map);
}

static void test_a_program_is_told_that_there_is_no_memory(void)
{
    fail_each(run_program_that_maps, true, 40);
}

/* What a thread costs its process: a stack, and a page for its registers. */
#define THREAD_PAGES (THREAD_STACK_LEN / PAGE_LEN + 1)

static void test_a_process_pays_for_each_thread_and_gets_none_that_it_cannot_pay(void)
{
    const struct guest_program program = GUEST_PROGRAM(misbehave);
    struct guest_process guest;
    struct guest_run run = {0};
    struct quota *quota = &guest.process.quota;
    uint64_t before;
    uint64_t used;

    CHECK(run_program_that_maps()); /* there is a stack from now on */
    CHECK(guest_process_make(&guest, &program, 0) == NONOS_OK);
    used = quota->used_pages;
    before = free_frames();
    for (uint64_t spare = 0; spare < THREAD_PAGES; spare++) {
        quota->limit_pages = used + spare;
        CHECK(guest_run_start(&run, &guest, 0, THREAD_PRIORITY_NORMAL, cpu_get(0)) ==
              NONOS_E_QUOTA);
        CHECK(quota->used_pages == used && guest.process.thread_count == 0);
        CHECK(free_frames() == before);
    }
    quota->limit_pages = used + THREAD_PAGES;
    CHECK(guest_run_start(&run, &guest, MISBEHAVE_map, THREAD_PRIORITY_NORMAL, cpu_get(0)) ==
          NONOS_OK);
    CHECK(quota->used_pages == used + THREAD_PAGES && guest.process.thread_count == 1);
    guest_run_wait(&run);
    CHECK(quota->used_pages == used && guest.process.thread_count == 0);
    CHECK(free_frames() == before);
    guest_process_free(&guest);
}

static bool run_heap(void)
{
    static const size_t lens[] = {1, 100, 1500, 2017, 40000};
    void *blocks[COUNT_OF(lens)];
    bool good = true;

    for (size_t i = 0; i < COUNT_OF(lens); i++) {
        blocks[i] = heap_allocate(lens[i]);
        good = good && blocks[i] != nullptr;
    }
    for (size_t i = 0; i < COUNT_OF(lens); i++)
        heap_free(blocks[i]);
    return good;
}

static void test_the_heap_says_that_there_is_no_memory(void)
{
    fail_each(run_heap, false, 5);
}

static void wait_to_end(void *argument)
{
    event_wait(argument);
}

/* One thread more than there were ever. What of its stack has been made stays for the next one, so
 * all the failures together take what one success does. */
static void test_a_stack_that_cannot_be_made_is_made_later(void)
{
    static struct event end;
    uint64_t freed = watch_freed_threads();
    uint64_t before;
    uint64_t made = 0;
    uint64_t count = 0;
    const void *site;

    end = EVENT_INIT;
    before = free_frames();
    while (free_frames() + 4 > before && made < ALLOCATIONS_MAX) {
        struct thread *thread;
        const struct thread_request request = {.name = "pool",
                                               .function = wait_to_end,
                                               .argument = &end,
                                               .priority = THREAD_PRIORITY_NORMAL,
                                               .cpu = cpu_get(0)};
        do {
            watch_fail_allocation(++count);
            made += thread_create(&request, &thread) == NONOS_OK;
            site = watch_fail_allocation(0);
            if (site != nullptr)
                note_site(site);
        } while (site != nullptr && count < ALLOCATIONS_MAX);
        count = 0;
    }
    for (uint64_t i = 0; i < made; i++)
        event_signal(&end);
    while (watch_freed_threads() < freed + made)
        sched_yield();
    /* A stack, and at most a table for it. */
    CHECK(before - free_frames() >= 4 && before - free_frames() <= 5);
}

static void test_failures_were_in_many_places(void)
{
    for (size_t i = 0; i < site_count; i++)
        console_printf("  site 0x%llx\n", (unsigned long long)(uintptr_t)sites[i]);
    CHECK(site_count >= 10);
}

const struct guest_test guest_tests[] = {
    {"the_heap_says_that_there_is_no_memory", test_the_heap_says_that_there_is_no_memory},
    {"a_thread_that_cannot_be_made_leaves_nothing",
     test_a_thread_that_cannot_be_made_leaves_nothing},
    {"a_stack_that_cannot_be_made_is_made_later", test_a_stack_that_cannot_be_made_is_made_later},
    {"a_space_that_cannot_grow_is_as_it_was", test_a_space_that_cannot_grow_is_as_it_was},
    {"a_program_is_told_that_there_is_no_memory", test_a_program_is_told_that_there_is_no_memory},
    {"a_process_pays_for_each_thread_and_gets_none_that_it_cannot_pay",
     test_a_process_pays_for_each_thread_and_gets_none_that_it_cannot_pay},
    {"failures_were_in_many_places", test_failures_were_in_many_places},
};
const size_t guest_test_count = sizeof guest_tests / sizeof guest_tests[0];
