#include "kernel/panic.h"

#include "crypto/bytes.h"
#include "kernel/boot_info.h"
#include "kernel/console.h"
#include "kernel/cpu/apic.h"
#include "kernel/cpu/control.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/msr.h"
#include "kernel/format.h"
#include "kernel/generator.h"
#include "kernel/image.h"
#include "kernel/mem/stack.h"
#include "kernel/monitor.h"
#include "kernel/sched/thread_stack.h"
#include "kernel/symbols.h"

#include <stdarg.h>
#include <stdatomic.h>

#define BACKTRACE_MAX 256u /* frames followed */
#define REASON_MAX_LEN 160u

/* Made by scripts/symbols. */
extern const uint8_t symbols_table[], symbols_table_end[];

#define STOP_TURNS 10000000u /* of waiting for the other processors */

static unsigned panics;
static _Atomic(struct cpu *) reporting; /* the processor that panicked first */
static _Atomic uint32_t stopped_count;  /* of the others */
static _Atomic unsigned secrets;        /* all threads' depths together */
static unsigned early_depth;            /* before there are threads */
static char reason[REASON_MAX_LEN + 1]; /* for the screen */

/* A thread's own: it may be switched away from, and moved, in between. */
static unsigned *secret_depth(void)
{
    struct thread *thread = thread_current();

    return thread != nullptr ? &thread->secret_depth : &early_depth;
}

void panic_secret_enter(void)
{
    secrets++;
    ++*secret_depth();
}

void panic_secret_leave(void)
{
    --*secret_depth();
    secrets--;
}

/* Zeroes count words at base without a stack, and all registers. */
[[noreturn]] static void halt_clean(uint64_t base, uint64_t count)
{
    __asm__ volatile("rep stosq\n\t"
                     "xorl %%ebx, %%ebx\n\t"
                     "xorl %%edx, %%edx\n\t"
                     "xorl %%esi, %%esi\n\t"
                     "xorl %%ebp, %%ebp\n\t"
                     "xorl %%r8d, %%r8d\n\t"
                     "xorl %%r9d, %%r9d\n\t"
                     "xorl %%r10d, %%r10d\n\t"
                     "xorl %%r11d, %%r11d\n\t"
                     "xorl %%r12d, %%r12d\n\t"
                     "xorl %%r13d, %%r13d\n\t"
                     "xorl %%r14d, %%r14d\n\t"
                     "xorl %%r15d, %%r15d\n"
                     "1:\n\t"
                     "cli\n\t"
                     "hlt\n\t"
                     "jmp 1b"
                     :
                     : "D"(base), "c"(count), "a"(UINT64_C(0))
                     : "memory");
    __builtin_unreachable();
}

/* Where secret code was running every stack may hold what it worked on: its own in its frames, an
 * exception's in the saved registers. The one in use is wiped last of all. */
[[noreturn]] static void wipe_and_halt(void)
{
    const struct stack *own = stack_containing((uintptr_t)__builtin_frame_address(0));
    uint64_t base = own != nullptr ? own->base : 0;
    uint64_t count = own != nullptr ? own->len / sizeof(uint64_t) : 0;
    vaddr_t each;

    if (secrets == 0)
        halt_clean(0, 0);
    for (unsigned kind = 0; kind < STACK_COUNT; kind++) {
        const struct stack *stack = stack_get((enum stack_kind)kind);

        if (stack->base != base && stack->base != 0)
            bytes_wipe((void *)(uintptr_t)stack->base, stack->len);
    }
    for (size_t i = 0; (each = thread_stack_base(i)) != 0; i++) {
        if (each != base)
            bytes_wipe((void *)(uintptr_t)each, THREAD_STACK_LEN);
    }
    halt_clean(base, count);
}

/* What this processor leaves in memory the one that reports wipes. */
[[noreturn]] static void stop_here(void)
{
    stopped_count++;
    halt_clean(0, 0);
}

void panic_stop_if_told(void)
{
    struct cpu *reporter = reporting;

    if (reporter != nullptr && reporter != cpu_current())
        stop_here();
}

/* One that does not stop does not keep this one from saying why. */
static void stop_others(void)
{
    uint32_t others = cpu_count() - 1;

    if (others == 0)
        return;
    apic_send_nmi_others();
    for (unsigned i = 0; i < STOP_TURNS && stopped_count < others; i++)
        __builtin_ia32_pause();
}

/* Makes this processor the one that reports, unless another one is. */
static void claim_report(void)
{
    struct cpu *nobody = nullptr;

    __asm__ volatile("cli" : : : "memory");
    if (!atomic_compare_exchange_strong(&reporting, &nobody, cpu_current()))
        panic_stop_if_told();
}

static void stop_and_wipe(void)
{
    stop_others();
    generator_wipe();
    bytes_wipe(boot_info()->handoff.entropy, sizeof boot_info()->handoff.entropy);
}

void panic_stop_system(void)
{
    claim_report();
    stop_and_wipe();
}

/* The first panic goes on; a second one, out of the reporting of the first, says so and stops. */
static void panic_begin(void)
{
    claim_report();
    panics++;
    if (panics == 2) {
        static const char text[] = "\nNONOS: panic: another fault while this one was reported\n";

        console_write(text, sizeof text - 1);
        wipe_and_halt();
    }
    if (panics > 2)
        control_halt();
    stop_and_wipe();
}

static void print_sink(void *context, const char *text, size_t len)
{
    (void)context;
    console_write(text, len);
}

/* lookup: the address to name, which for a return address is inside the call before it. */
static void print_location(uint64_t address, uint64_t lookup)
{
    struct symbol symbol;
    uint64_t offset = lookup - (uintptr_t)kernel_text_start;

    console_printf("  0x%016llx", (unsigned long long)address);
    if (image_text_contains(lookup) &&
        symbols_find(symbols_table, (size_t)(symbols_table_end - symbols_table), offset, &symbol))
        console_printf(" %s+0x%llx", symbol.name,
                       (unsigned long long)(symbol.offset + (address - lookup)));
    console_printf("\n");
}

/* Whether a saved frame pointer and return address can be read at frame. */
static bool is_frame(uint64_t frame)
{
    const struct stack *stack = stack_containing(frame);

    return stack != nullptr && frame % sizeof(uint64_t) == 0 &&
           stack->len - (frame - stack->base) >= 2 * sizeof(uint64_t);
}

/* Frames go up a stack; a step to another stack is allowed, and the count ends any circle. A
 * function that calls itself takes one line, however deep it went. */
static void print_backtrace(uint64_t frame)
{
    uint64_t before = 0;
    unsigned repeated = 0;

    for (unsigned i = 0; i < BACKTRACE_MAX && is_frame(frame); i++) {
        const uint64_t *pair = (const uint64_t *)(uintptr_t)frame;

        if (repeated > 0 && pair[1] != before) {
            console_printf("  ... %u times more\n", repeated);
            repeated = 0;
        }
        if (pair[1] == 0)
            return;
        if (pair[1] == before)
            repeated++;
        else
            print_location(pair[1], pair[1] - 1);
        before = pair[1];
        if (pair[0] <= frame && stack_containing(pair[0]) == stack_containing(frame))
            break;
        frame = pair[0];
    }
    if (repeated > 0)
        console_printf("  ... %u times more\n", repeated);
}

static void print_control_registers(void)
{
    console_printf("cr0 %016llx  cr2 %016llx  cr3 %016llx\n",
                   (unsigned long long)control_read_cr0(), (unsigned long long)control_read_cr2(),
                   (unsigned long long)control_read_cr3());
    console_printf("cr4 %016llx  efer %016llx\n", (unsigned long long)control_read_cr4(),
                   (unsigned long long)msr_read(MSR_EFER));
}

static void print_registers(const struct trap_frame *f)
{
    const struct {
        const char *name;
        uint64_t value;
    } registers[] = {
        {"rax", f->rax}, {"rbx", f->rbx}, {"rcx", f->rcx}, {"rdx", f->rdx}, {"rsi", f->rsi},
        {"rdi", f->rdi}, {"rbp", f->rbp}, {"r8 ", f->r8},  {"r9 ", f->r9},  {"r10", f->r10},
        {"r11", f->r11}, {"r12", f->r12}, {"r13", f->r13}, {"r14", f->r14}, {"r15", f->r15},
    };

    for (size_t i = 0; i < sizeof registers / sizeof registers[0]; i++)
        console_printf("%s %016llx%s", registers[i].name, (unsigned long long)registers[i].value,
                       i % 3 == 2 ? "\n" : "  ");
}

[[gnu::format(printf, 1, 0)]] static void print_reason(const char *format, va_list arguments)
{
    va_list again;

    va_copy(again, arguments);
    console_printf("\nNONOS: panic: ");
    format_to_sink(print_sink, nullptr, format, arguments);
    console_printf("\n");
    (void)format_text_list(reason, sizeof reason, format, again);
    va_end(again);
}

/* The screen comes last but one: whatever goes wrong with it, all has been said by then. */
[[noreturn]] static void panic_end(void)
{
    monitor_show_panic(reason);
    console_printf("NONOS: stopped\n");
    wipe_and_halt();
}

void panic(const char *format, ...)
{
    uint64_t frame = (uintptr_t)__builtin_frame_address(0);
    va_list arguments;

    panic_begin();
    va_start(arguments, format);
    print_reason(format, arguments);
    va_end(arguments);
    print_control_registers();
    console_printf("backtrace:\n");
    print_backtrace(frame);
    panic_end();
}

void panic_no_memory(const char *what)
{
    panic_begin();
    (void)format_text(reason, sizeof reason, "there is no memory for %s (NO_MEMORY, code %d)", what,
                      NONOS_E_NO_MEMORY);
    console_printf("\nNONOS: %s\n", reason);
    panic_end();
}

void panic_exception(const struct trap_frame *frame, const char *format, ...)
{
    va_list arguments;

    panic_begin();
    va_start(arguments, format);
    print_reason(format, arguments);
    va_end(arguments);
    if (*secret_depth() == 0)
        print_registers(frame);
    else
        console_printf("registers are not shown: secret code was running\n");
    console_printf("rip %016llx  rsp %016llx  rflags %016llx\n", (unsigned long long)frame->rip,
                   (unsigned long long)frame->rsp, (unsigned long long)frame->rflags);
    print_control_registers();
    console_printf("backtrace:\n");
    print_location(frame->rip, frame->rip);
    print_backtrace(frame->rbp);
    panic_end();
}

void __stack_chk_fail(void)
{
    panic("a function's stack canary was overwritten");
}
