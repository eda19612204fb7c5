/*
 * starve.c - a kernel whose start finds no memory once: at the first allocation after the machine
 * is switched on, and after each reset at one that comes later.
 *
 * Which one is kept where a reset leaves it, in two spare bytes of the real-time clock's memory
 * (MC146818A). At the end of a start the prompt does not come: the self-tests are run once more,
 * and one line says which allocation failed (0: none) of how many.
 */
#include "kernel/console.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/interrupt_flag.h"
#include "kernel/cpu/io.h"
#include "kernel/mem/frames.h"
#include "kernel/mem/heap.h"
#include "kernel/mem/slab.h"
#include "kernel/prompt.h"
#include "kernel/sched/thread_stack.h"
#include "kernel/selftest.h"
#include "tests/guest/guest.h"

#define CLOCK_INDEX 0x70u
#define CLOCK_DATA 0x71u
#define SPARE 0x60u /* the lower byte; the higher one follows */

paddr_t __real_frames_allocate(unsigned order);
paddr_t __wrap_frames_allocate(unsigned order);
void *__real_heap_allocate(size_t len);
void *__wrap_heap_allocate(size_t len);
void *__real_slab_allocate(struct slab_cache *cache);
void *__wrap_slab_allocate(struct slab_cache *cache);
vaddr_t __real_thread_stack_allocate(void);
vaddr_t __wrap_thread_stack_allocate(void);
[[noreturn]] void __wrap_prompt_run(void);

static uint64_t count;  /* of allocations, on all processors */
static uint64_t wanted; /* the one that fails */

static uint8_t spare_read(uint8_t which)
{
    io_write_8(CLOCK_INDEX, which);
    return io_read_8(CLOCK_DATA);
}

static void spare_write(uint8_t which, uint8_t value)
{
    io_write_8(CLOCK_INDEX, which);
    io_write_8(CLOCK_DATA, value);
}

/* The next start takes one that is a step further. */
static uint64_t choose(void)
{
    uint64_t now = spare_read(SPARE) | (uint64_t)spare_read(SPARE + 1) << 8;
    uint64_t next;

    if (now == 0)
        now = guest_option("first", 1);
    next = now + guest_option("step", 1);
    spare_write(SPARE, (uint8_t)next);
    spare_write(SPARE + 1, (uint8_t)(next >> 8));
    return now;
}

static bool is_to_fail(void)
{
    uint64_t mine = __atomic_add_fetch(&count, 1, __ATOMIC_RELAXED);

    if (mine == 1)
        wanted = choose();
    return mine == wanted;
}

paddr_t __wrap_frames_allocate(unsigned order)
{
    return is_to_fail() ? 0 : __real_frames_allocate(order);
}

void *__wrap_heap_allocate(size_t len)
{
    return is_to_fail() ? nullptr : __real_heap_allocate(len);
}

void *__wrap_slab_allocate(struct slab_cache *cache)
{
    return is_to_fail() ? nullptr : __real_slab_allocate(cache);
}

vaddr_t __wrap_thread_stack_allocate(void)
{
    return is_to_fail() ? 0 : __real_thread_stack_allocate();
}

[[noreturn]] void __wrap_prompt_run(void)
{
    uint64_t made = count;
    uint64_t failed = wanted <= made ? wanted : 0;

    wanted = 0;
    selftest_run();
    console_printf("starve: %llu of %llu allocations, %u processors\n", (unsigned long long)failed,
                   (unsigned long long)made, cpu_count());
    interrupts_enable();
    for (;;)
        interrupts_wait();
}
