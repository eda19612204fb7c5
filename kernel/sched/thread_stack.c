#include "kernel/sched/thread_stack.h"

#include "crypto/bytes.h"
#include "kernel/lock.h"
#include "kernel/mem/frames.h"
#include "kernel/mem/paging.h"

static_assert(THREAD_STACK_LEN == PAGING_THREAD_STACK_PAGES * PAGE_LEN);

/* Stacks that nobody uses stay mapped; each has the next one's top in its highest word. */
static struct {
    struct lock lock;
    vaddr_t free;
} pool = {.lock = LOCK_INIT(LOCK_SLAB)};

static vaddr_t *link_of(vaddr_t top)
{
    return (vaddr_t *)(uintptr_t)top - 1;
}

/* Frames first, one by one: a stack is there whole or not at all. */
static vaddr_t stack_make(void)
{
    paddr_t frames[PAGING_THREAD_STACK_PAGES];
    size_t count = 0;
    vaddr_t base = 0;

    while (count < PAGING_THREAD_STACK_PAGES && (frames[count] = frames_allocate(0)) != 0)
        count++;
    if (count == PAGING_THREAD_STACK_PAGES)
        base = paging_map_thread_stack(frames);
    if (base != 0)
        return base + THREAD_STACK_LEN;
    while (count > 0)
        frames_free(frames[--count]);
    return 0;
}

vaddr_t thread_stack_allocate(void)
{
    bool were_on = lock_take(&pool.lock);
    vaddr_t top = pool.free;

    if (top != 0) {
        pool.free = *link_of(top);
        *link_of(top) = 0;
    }
    lock_release(&pool.lock, were_on);
    return top != 0 ? top : stack_make();
}

void thread_stack_free(vaddr_t top)
{
    bool were_on;

    bytes_wipe((void *)(uintptr_t)(top - THREAD_STACK_LEN), THREAD_STACK_LEN);
    were_on = lock_take(&pool.lock);
    *link_of(top) = pool.free;
    pool.free = top;
    lock_release(&pool.lock, were_on);
}

/* These two are for panics and take no lock. */
vaddr_t thread_stack_base(size_t index)
{
    return index < paging_thread_stack_count()
               ? ADDRESS_THREAD_STACKS + index * PAGING_THREAD_STACK_STEP + PAGE_LEN
               : 0;
}

vaddr_t thread_stack_base_near(vaddr_t vaddr)
{
    return vaddr < ADDRESS_THREAD_STACKS
               ? 0
               : thread_stack_base((vaddr - ADDRESS_THREAD_STACKS) / PAGING_THREAD_STACK_STEP);
}
