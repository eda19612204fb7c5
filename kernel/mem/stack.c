#include "kernel/mem/stack.h"

#include "crypto/workspace.h"
#include "kernel/mem/frames.h"
#include "kernel/mem/paging.h"
#include "kernel/panic.h"
#include "kernel/sched/thread_stack.h"

#define KERNEL_STACK_LEN (64u * 1024)
#define EXCEPTION_STACK_LEN (8u * 1024)

static struct stack stacks[STACK_COUNT] = {
    [STACK_KERNEL] = {.name = "kernel", .len = KERNEL_STACK_LEN},
    [STACK_DOUBLE_FAULT] = {.name = "double-fault", .len = EXCEPTION_STACK_LEN},
    [STACK_NMI] = {.name = "NMI", .len = EXCEPTION_STACK_LEN},
    [STACK_MACHINE_CHECK] = {.name = "machine-check", .len = EXCEPTION_STACK_LEN},
    [STACK_WORKSPACE] = {.name = "crypto", .len = WORKSPACE_LEN},
};
static struct stack boot_stack = {.name = "boot"};
static struct stack thread_stack = {.name = "thread", .len = THREAD_STACK_LEN};
static_assert(WORKSPACE_LEN % PAGE_LEN == 0);

void stack_init(void)
{
    vaddr_t next = ADDRESS_STACKS;

    for (unsigned kind = 0; kind < STACK_COUNT; kind++) {
        struct stack *stack = &stacks[kind];
        vaddr_t end = next + PAGE_LEN + stack->len;

        stack->base = next + PAGE_LEN;
        next = end + PAGE_LEN;
        for (vaddr_t vaddr = stack->base; vaddr < end; vaddr += PAGE_LEN) {
            paddr_t paddr = frames_allocate(0);

            if (paddr == 0)
                panic_no_memory("the stacks");
            paging_map_stack_page(vaddr, paddr);
        }
    }
}

const struct stack *stack_get(enum stack_kind kind)
{
    return &stacks[kind];
}

void *stack_top(enum stack_kind kind)
{
    return (void *)(uintptr_t)(stacks[kind].base + stacks[kind].len);
}

static bool is_in(const struct stack *stack, vaddr_t vaddr)
{
    return stack->base != 0 && vaddr - stack->base < stack->len;
}

/* The page under or the page above it. */
static bool is_beside(const struct stack *stack, vaddr_t vaddr)
{
    return stack->base != 0 &&
           (stack->base - 1 - vaddr < PAGE_LEN || vaddr - (stack->base + stack->len) < PAGE_LEN);
}

void stack_note_boot(vaddr_t base, size_t len)
{
    boot_stack.base = base;
    boot_stack.len = len;
}

const struct stack *stack_containing(vaddr_t vaddr)
{
    if (is_in(&boot_stack, vaddr))
        return &boot_stack;
    for (unsigned kind = 0; kind < STACK_COUNT; kind++) {
        if (is_in(&stacks[kind], vaddr))
            return &stacks[kind];
    }
    thread_stack.base = thread_stack_base_near(vaddr);
    return is_in(&thread_stack, vaddr) ? &thread_stack : nullptr;
}

const struct stack *stack_guarded_by(vaddr_t vaddr)
{
    for (unsigned kind = 0; kind < STACK_COUNT; kind++) {
        if (is_beside(&stacks[kind], vaddr))
            return &stacks[kind];
    }
    thread_stack.base = thread_stack_base_near(vaddr);
    return is_beside(&thread_stack, vaddr) ? &thread_stack : nullptr;
}
