#include "kernel/sched/thread_stack.h"

#include "crypto/bytes.h"
#include "kernel/lock.h"
#include "kernel/mem/frames.h"
#include "kernel/mem/paging.h"

#define SLOT_LEN (THREAD_STACK_LEN + PAGE_LEN)

/* Stacks that nobody uses stay mapped; each has the next one's top in its highest word. */
static struct {
    struct lock lock;
    vaddr_t next_slot;
    vaddr_t free;
} pool = {.lock = LOCK_INIT(LOCK_SLAB), .next_slot = ADDRESS_THREAD_STACKS};

static vaddr_t *link_of(vaddr_t top)
{
    return (vaddr_t *)(uintptr_t)top - 1;
}

/* Frames first: a stack is there whole or not at all. */
static vaddr_t stack_make(void)
{
    paddr_t paddr = frames_allocate(frames_order_for(THREAD_STACK_LEN));
    vaddr_t base = pool.next_slot + PAGE_LEN;

    if (paddr == 0)
        return 0;
    for (size_t at = 0; at < THREAD_STACK_LEN; at += PAGE_LEN)
        paging_map_stack_page(base + at, paddr + at);
    pool.next_slot += SLOT_LEN;
    return base + THREAD_STACK_LEN;
}

vaddr_t thread_stack_allocate(void)
{
    bool were_on = lock_take(&pool.lock);
    vaddr_t top = pool.free;

    if (top != 0) {
        pool.free = *link_of(top);
        *link_of(top) = 0;
    } else {
        top = stack_make();
    }
    lock_release(&pool.lock, were_on);
    return top;
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
