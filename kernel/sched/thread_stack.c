#include "kernel/sched/thread_stack.h"

#include "crypto/bytes.h"
#include "kernel/lock.h"
#include "kernel/mem/frames.h"
#include "kernel/mem/mapping.h"
#include "kernel/mem/paging.h"

#define SLOT_LEN (THREAD_STACK_LEN + PAGE_LEN)

/* Stacks that nobody uses stay mapped; each has the next one's top in its highest word. */
static struct {
    struct lock lock;
    vaddr_t next_slot;
    size_t mapped_len; /* what memory sufficed for of the stack there: not lost, but for later */
    vaddr_t free;
} pool = {.lock = LOCK_INIT(LOCK_SLAB), .next_slot = ADDRESS_THREAD_STACKS};

static vaddr_t *link_of(vaddr_t top)
{
    return (vaddr_t *)(uintptr_t)top - 1;
}

/* Frame by frame: a larger block may not be asked for with a lock held. */
static vaddr_t stack_make(void)
{
    vaddr_t base = pool.next_slot + PAGE_LEN;

    while (pool.mapped_len < THREAD_STACK_LEN) {
        paddr_t paddr = frames_allocate(0);

        if (paddr == 0)
            return 0;
        if (mapping_add(paging_root(), base + pool.mapped_len, paddr, PAGE_LEN, MAPPING_WRITE) !=
            NONOS_OK) {
            frames_free(paddr);
            return 0;
        }
        pool.mapped_len += PAGE_LEN;
    }
    pool.mapped_len = 0;
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

/* These two are for panics and take no lock. */
vaddr_t thread_stack_base(size_t index)
{
    vaddr_t slot = ADDRESS_THREAD_STACKS + index * SLOT_LEN;

    return slot < pool.next_slot ? slot + PAGE_LEN : 0;
}

vaddr_t thread_stack_base_near(vaddr_t vaddr)
{
    return vaddr < ADDRESS_THREAD_STACKS
               ? 0
               : thread_stack_base((vaddr - ADDRESS_THREAD_STACKS) / SLOT_LEN);
}
