#include "kernel/cpu/trap.h"

#include "kernel/cpu/control.h"
#include "kernel/cpu/interrupts.h"
#include "kernel/mem/stack.h"
#include "kernel/panic.h"

/* Page-fault error code, SDM vol. 3 §4.7. */
#define FAULT_PRESENT (1u << 0)
#define FAULT_WRITE (1u << 1)
#define FAULT_USER (1u << 2)
#define FAULT_RESERVED (1u << 3)
#define FAULT_FETCH (1u << 4)

static const char *const names[VECTOR_EXCEPTIONS] = {
    [0] = "divide error",
    [1] = "debug exception",
    [2] = "non-maskable interrupt",
    [3] = "breakpoint",
    [4] = "overflow",
    [5] = "bound range exceeded",
    [6] = "invalid opcode",
    [7] = "floating-point instruction",
    [8] = "double fault",
    [10] = "invalid task state segment",
    [11] = "segment not present",
    [12] = "stack segment fault",
    [13] = "general protection fault",
    [14] = "page fault",
    [16] = "x87 floating-point error",
    [17] = "alignment check",
    [18] = "machine check",
    [19] = "SIMD floating-point error",
    [20] = "virtualization exception",
    [21] = "control protection exception",
    [28] = "hypervisor injection exception",
    [29] = "VMM communication exception",
    [30] = "security exception",
};

static const char *access_of(uint64_t error)
{
    if ((error & FAULT_FETCH) != 0)
        return "execution of";
    return (error & FAULT_WRITE) != 0 ? "write to" : "read of";
}

static const char *reason_of(uint64_t error, uint64_t address)
{
    if ((error & FAULT_RESERVED) != 0)
        return "a page table has a reserved bit set";
    if ((error & FAULT_PRESENT) == 0)
        return "nothing is mapped there";
    /* What is mapped down there is for programs alone: SMEP or SMAP, whatever its rights. */
    if ((error & FAULT_USER) == 0 && address < ADDRESS_USER_END)
        return "the page is a program's";
    return "its page does not allow that";
}

static const char *mode_of(const struct trap_frame *frame)
{
    return trap_is_user(frame) ? " in user mode" : "";
}

/* Whether the kernel left one of its stacks, and at which end. A program that tries such an address
 * has not overflowed anything. */
static const struct stack *stack_left(const struct trap_frame *frame, uint64_t address,
                                      const char **how)
{
    const struct stack *stack = stack_guarded_by(address);

    if (stack == nullptr || trap_is_user(frame))
        return nullptr;
    *how = address < stack->base ? "overflowed" : "underflowed";
    return stack;
}

[[noreturn]] static void handle_page_fault(const struct trap_frame *frame)
{
    uint64_t address = control_read_cr2();
    const char *how;
    const struct stack *stack = stack_left(frame, address, &how);

    if (stack != nullptr)
        panic_exception(frame, "page fault: the %s stack has %s (0x%016llx)", stack->name, how,
                        (unsigned long long)address);
    panic_exception(frame, "page fault: %s 0x%016llx%s: %s", access_of(frame->error_code),
                    (unsigned long long)address, mode_of(frame),
                    reason_of(frame->error_code, address));
}

/* A stack that has run into its guard page cannot take the page fault's frame: the processor goes
 * on to a double fault, with the page fault's address still in CR2. */
[[noreturn]] static void handle_double_fault(const struct trap_frame *frame)
{
    uint64_t address = control_read_cr2();
    const char *how;
    const struct stack *stack = stack_left(frame, address, &how);

    if (stack != nullptr)
        panic_exception(frame, "double fault: the %s stack has %s (0x%016llx)", stack->name, how,
                        (unsigned long long)address);
    panic_exception(frame, "double fault%s", mode_of(frame));
}

[[noreturn]] static void handle_exception(const struct trap_frame *frame)
{
    const char *name = names[frame->vector];

    if (frame->vector == VECTOR_PAGE_FAULT)
        handle_page_fault(frame);
    if (frame->vector == VECTOR_DOUBLE_FAULT)
        handle_double_fault(frame);
    panic_exception(frame, "%s%s (exception %u, error code 0x%llx)",
                    name != nullptr ? name : "reserved exception", mode_of(frame),
                    (unsigned)frame->vector, (unsigned long long)frame->error_code);
}

void trap_handle(struct trap_frame *frame)
{
    if (frame->vector < VECTOR_EXCEPTIONS)
        handle_exception(frame);
    interrupts_handle((unsigned)frame->vector);
}
