#include "kernel/provoke.h"

#include "crypto/workspace.h"
#include "image/text.h"
#include "kernel/boot_info.h"
#include "kernel/console.h"
#include "kernel/image.h"
#include "kernel/mem/address.h"
#include "kernel/mem/frames.h"
#include "kernel/mem/heap.h"
#include "kernel/mem/stack.h"
#include "kernel/panic.h"
#include "tests/provoke/provoke_touch.h"
#include "tests/provoke/provoke_user.h"

#include <string.h>

#define RETURN 0xC3 /* the instruction: who executes it anywhere comes back */

#define GUARD_BELOW "below-"
#define GUARD_ABOVE "above-"
#define GUARD_PREFIX_LEN (sizeof GUARD_BELOW - 1)
static_assert(sizeof GUARD_BELOW == sizeof GUARD_ABOVE);

static uint8_t data[] = {RETURN};
static const uint8_t constant[] = {RETURN};

void provoke_touch(enum provoke_access access, uintptr_t address)
{
    volatile uintptr_t at = address; /* volatile: the compiler must not know it */

    if (access == PROVOKE_READ)
        (void)*(volatile uint8_t *)at;
    else if (access == PROVOKE_WRITE)
        *(volatile uint8_t *)at = 0;
    else
        ((void (*)(void))at)();
}

static const struct {
    const char *name;
    const void *address;
    enum provoke_access access;
} touches[] = {
    {"null-read", (const void *)8, PROVOKE_READ},
    {"null-write", (const void *)8, PROVOKE_WRITE},
    {"null-execute", (const void *)8, PROVOKE_EXECUTE},
    {"non-canonical", (const void *)ADDRESS_USER_END, PROVOKE_READ},
    {"write-code", kernel_text_start, PROVOKE_WRITE},
    {"write-constant", constant, PROVOKE_WRITE},
    {"execute-constant", constant, PROVOKE_EXECUTE},
    {"execute-data", data, PROVOKE_EXECUTE},
};
#define TOUCH_COUNT (sizeof touches / sizeof touches[0])

static void execute_stack(void)
{
    uint8_t code[] = {RETURN};

    provoke_touch(PROVOKE_EXECUTE, (uintptr_t)code);
}

static void execute_direct_map(void)
{
    uint8_t *code = heap_allocate(1);

    if (code == nullptr)
        panic("provoke: no memory");
    *code = RETURN;
    provoke_touch(PROVOKE_EXECUTE, (uintptr_t)code);
}

/* The frames of the code have no second address. */
static void write_alias(void)
{
    paddr_t paddr =
        boot_info()->handoff.image_paddr + ((uintptr_t)kernel_text_start - image_start());

    provoke_touch(PROVOKE_WRITE, ADDRESS_DIRECT_MAP + paddr);
}

/* Less than a page each turn, so that the guard page cannot be stepped over. */
// NOLINTNEXTLINE(misc-no-recursion): that it never ends is the point
static unsigned overrun_stack(unsigned depth)
{
    volatile uint8_t page[PAGE_LEN / 2];

    page[depth % sizeof page] = 1;
    return depth == 0 ? page[0] : overrun_stack(depth + 1) + page[depth % sizeof page];
}

static void overrun_kernel_stack(void)
{
    (void)overrun_stack(1);
}

static void overrun([[maybe_unused]] void *argument)
{
    (void)overrun_stack(1);
}

static void overrun_crypto_stack(void)
{
    workspace_run(overrun, nullptr, WORKSPACE_LEN);
}

static void overwrite_canary(void)
{
    uint8_t bytes[16] = {0};

    for (uintptr_t i = 0; i < 2 * sizeof bytes; i++)
        provoke_touch(PROVOKE_WRITE, (uintptr_t)bytes + i);
}

/* The second keeps their slab alive. */
static void free_twice(void)
{
    void *volatile first = heap_allocate(1);
    void *volatile second = heap_allocate(1);

    heap_free(first);
    heap_free(first);
    heap_free(second);
}

static void free_frame_twice(void)
{
    paddr_t frame = frames_allocate(0);

    frames_free(frame);
    frames_free(frame);
}

static void divide_by_zero(void)
{
    __asm__ volatile("divl %0" : : "r"(0) : "eax", "edx");
}

static void execute_undefined(void)
{
    __asm__ volatile("ud2");
}

/* Past the end of the interrupt descriptor table. */
static void raise_interrupt(void)
{
    __asm__ volatile("int $0x80");
}

/* The build lets no instruction with such registers into the kernel: these two are the constants of
 * others, entered in the middle. */
static void execute_sse(void)
{
    __asm__ volatile("leaq 1f+1(%%rip), %%rax\n\t"
                     "jmpq *%%rax\n"
                     "1:\n\t"
                     "movl $0x90C0570F, %%eax" /* xorps %xmm0, %xmm0; nop */
                     :
                     :
                     : "rax");
}

static void execute_x87(void)
{
    __asm__ volatile("leaq 1f+1(%%rip), %%rax\n\t"
                     "jmpq *%%rax\n"
                     "1:\n\t"
                     "movl $0x9090E8D9, %%eax" /* fld1; nop; nop */
                     :
                     :
                     : "rax");
}

static const struct {
    const char *name;
    void (*run)(void);
} faults[] = {
    {"execute-stack", execute_stack},
    {"execute-direct-map", execute_direct_map},
    {"write-alias", write_alias},
    {"stack", overrun_kernel_stack},
    {"crypto-stack", overrun_crypto_stack},
    {"canary", overwrite_canary},
    {"free-twice", free_twice},
    {"free-frame-twice", free_frame_twice},
    {"divide", divide_by_zero},
    {"invalid-opcode", execute_undefined},
    {"interrupt", raise_interrupt},
    {"sse", execute_sse},
    {"x87", execute_x87},
};
#define FAULT_COUNT (sizeof faults / sizeof faults[0])

[[noreturn]] static void report_unstopped(const char *name)
{
    panic("nothing stopped '%s': a protection is missing", name);
}

/* Both guard pages of every stack: "below-NMI", "above-NMI". */
static void touch_guard(const char *name)
{
    bool below = text_starts(name, strlen(name), GUARD_BELOW);
    bool above = text_starts(name, strlen(name), GUARD_ABOVE);

    for (unsigned kind = 0; kind < STACK_COUNT && (below || above); kind++) {
        const struct stack *stack = stack_get((enum stack_kind)kind);

        if (!text_is(name + GUARD_PREFIX_LEN, strlen(name) - GUARD_PREFIX_LEN, stack->name))
            continue;
        provoke_touch(PROVOKE_WRITE, below ? stack->base - 1 : stack->base + stack->len);
        report_unstopped(name);
    }
}

bool provoke_fault(const char *name)
{
    touch_guard(name);
    for (size_t i = 0; i < TOUCH_COUNT; i++) {
        if (!text_is(name, strlen(name), touches[i].name))
            continue;
        provoke_touch(touches[i].access, (uintptr_t)touches[i].address);
        report_unstopped(name);
    }
    for (size_t i = 0; i < FAULT_COUNT; i++) {
        if (!text_is(name, strlen(name), faults[i].name))
            continue;
        faults[i].run();
        report_unstopped(name);
    }
    return provoke_user_fault(name);
}

void provoke_list(void)
{
    for (size_t i = 0; i < TOUCH_COUNT; i++)
        console_printf("  %s\n", touches[i].name);
    for (size_t i = 0; i < FAULT_COUNT; i++)
        console_printf("  %s\n", faults[i].name);
    for (unsigned kind = 0; kind < STACK_COUNT; kind++) {
        const char *name = stack_get((enum stack_kind)kind)->name;

        console_printf("  " GUARD_BELOW "%s\n  " GUARD_ABOVE "%s\n", name, name);
    }
    provoke_user_list();
}
