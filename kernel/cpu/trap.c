#include "kernel/cpu/trap.h"

#include "image/text.h"
#include "kernel/cpu/control.h"
#include "kernel/cpu/interrupts.h"
#include "kernel/cpu/machine_check.h"
#include "kernel/cpu/nmi.h"
#include "kernel/format.h"
#include "kernel/mem/stack.h"
#include "kernel/panic.h"
#include "kernel/sched/thread.h"
#include "kernel/user/copy.h"
#include "kernel/user/process.h"

#define WHAT_MAX_LEN 128u

/* Page-fault error code, SDM vol. 3 §4.7. */
#define FAULT_PRESENT (1u << 0)
#define FAULT_WRITE (1u << 1)
#define FAULT_USER (1u << 2)
#define FAULT_RESERVED (1u << 3)
#define FAULT_FETCH (1u << 4)

/* By vector (text_word); none for the reserved ones. */
static const char names[] = "divide error\0"
                            "debug exception\0"
                            "non-maskable interrupt\0"
                            "breakpoint\0"
                            "overflow\0"
                            "bound range exceeded\0"
                            "invalid opcode\0"
                            "floating-point instruction\0"
                            "double fault\0\0"
                            "invalid task state segment\0"
                            "segment not present\0"
                            "stack segment fault\0"
                            "general protection fault\0"
                            "page fault\0\0"
                            "floating-point error\0"
                            "alignment check\0"
                            "machine check\0"
                            "SIMD floating-point error\0"
                            "virtualization exception\0"
                            "control protection exception\0\0\0\0\0\0\0"
                            "hypervisor injection exception\0"
                            "VMM communication exception\0"
                            "security exception\0\0";

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

/* What happened, in words. A stack that has run into its guard page cannot take the page fault's
 * frame: the processor goes on to a double fault, with the page fault's address still in CR2. */
static void describe(const struct trap_frame *frame, char text[WHAT_MAX_LEN])
{
    uint64_t address = control_read_cr2();
    bool is_page_fault = frame->vector == VECTOR_PAGE_FAULT;
    bool is_double_fault = frame->vector == VECTOR_DOUBLE_FAULT;
    const char *name = text_word(names, frame->vector);
    const char *how;
    const struct stack *stack =
        is_page_fault || is_double_fault ? stack_left(frame, address, &how) : nullptr;

    if (*name == '\0')
        name = "reserved exception";
    if (stack != nullptr)
        (void)format_text(text, WHAT_MAX_LEN, "%s: the %s stack has %s (0x%016llx)", name,
                          stack->name, how, (unsigned long long)address);
    else if (is_page_fault)
        (void)format_text(text, WHAT_MAX_LEN, "%s: %s 0x%016llx%s: %s", name,
                          access_of(frame->error_code), (unsigned long long)address, mode_of(frame),
                          reason_of(frame->error_code, address));
    else if (is_double_fault)
        (void)format_text(text, WHAT_MAX_LEN, "%s%s", name, mode_of(frame));
    else
        (void)format_text(text, WHAT_MAX_LEN, "%s%s (exception %u, error code 0x%llx)", name,
                          mode_of(frame), (unsigned)frame->vector,
                          (unsigned long long)frame->error_code);
}

/* Whether it is the running program's doing, which then ends; else the kernel's, which does. */
static bool is_by_program(const struct trap_frame *frame)
{
    return trap_is_user(frame) && frame->vector != VECTOR_NMI &&
           frame->vector != VECTOR_DOUBLE_FAULT && frame->vector != VECTOR_MACHINE_CHECK &&
           thread_current()->process != nullptr;
}

static void handle_exception(struct trap_frame *frame)
{
    char what[WHAT_MAX_LEN];

    if (frame->vector == VECTOR_NMI) {
        panic_stop_if_told();
        if (nmi_handle())
            return;
    }
    if (copy_survives(frame, control_read_cr2()))
        return;
    describe(frame, what);
    if (is_by_program(frame))
        process_fault(frame, what);
    if (frame->vector == VECTOR_MACHINE_CHECK)
        machine_check_report();
    panic_exception(frame, "%s", what);
}

void trap_handle(struct trap_frame *frame)
{
    if (frame->vector < VECTOR_EXCEPTIONS) {
        handle_exception(frame);
        return;
    }
    nmi_report();
    interrupts_handle((unsigned)frame->vector);
}
