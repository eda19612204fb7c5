/* A program that comes into the kernel in every way, again and again, while each instruction of
 * these ways is interrupted by what cannot be masked. A debugger looks on and does that
 * (tests/e2e/test_boundaries.py): it says where debug exceptions are to come, and sends NMIs and
 * machine checks until it sets boundary_over. */
#include "tests/guest/boundary.h"

#include "kernel/cpu/apic.h"
#include "kernel/cpu/control.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/interrupt_flag.h"
#include "kernel/cpu/msr.h"
#include "kernel/dev/clock.h"
#include "tests/guest/guest.h"
#include "tests/guest/process.h"
#include "tests/guest/watch.h"

#define PROGRAM_GS_BASE (GUEST_DATA_VADDR + 2 * PAGE_LEN) /* the program knows it */
#define ROUNDS 2u                                         /* of a program */
#define REST_NS UINT64_C(300000)                          /* a program is interrupted then */
#define DEBUG_RUNS 2u
#define FIRST_RUNS 8u
#define MSR_MCG_STATUS 0x17Au

#define FLAG_TF (UINT64_C(1) << 8)
#define FLAG_DF (UINT64_C(1) << 10)
#define FLAG_AC (UINT64_C(1) << 18)
#define DR7_EXECUTE_0_TO_3 UINT64_C(0x4AA) /* global, each at an instruction */
#define DR7_NONE UINT64_C(0x400)
#define DR6_NONE UINT64_C(0xFFFF0FF0)
#define INVALID_OPCODE 6u /* UD2's exception */
#define UD2_LEN 2u

GUEST_PROGRAM_DECLARE(steady);

struct boundary_request boundary_request;
struct boundary_log boundary_log;
volatile uint64_t boundary_over;
volatile uint64_t boundary_runs;

static struct guest_process guest;
static struct guest_run run;
static volatile unsigned wrong; /* of what an interruption found */

[[gnu::noinline]] void boundary_is_begun(void)
{
    __asm__ volatile("" : : : "memory");
}

[[gnu::noinline]] void boundary_is_ready(void)
{
    __asm__ volatile("" : : : "memory");
}

[[gnu::noinline]] void boundary_is_debugged(void)
{
    __asm__ volatile("" : : : "memory");
}

static uint64_t flags(void)
{
    uint64_t value;

    __asm__ volatile("pushfq; popq %0" : "=r"(value));
    return value;
}

/* What holds wherever the kernel has come to its handlers. */
static void examine(const struct trap_frame *frame)
{
    const struct cpu *first = cpu_get(0);
    uint64_t at = __atomic_fetch_add(&boundary_log.count, 1, __ATOMIC_RELAXED);

    wrong += msr_read(MSR_GS_BASE) != (uintptr_t)first || cpu_current() != first ||
             msr_read(MSR_KERNEL_GS_BASE) != PROGRAM_GS_BASE ||
             (flags() & (FLAG_DF | FLAG_AC | RFLAGS_IF)) != 0;
    if (at < BOUNDARY_LOG_MAX)
        boundary_log.entries[at] =
            (struct boundary_entry){.rip = frame->rip, .vector = frame->vector};
}

/* A debug exception that has come is off, or it would come again when the instruction does: what
 * the handler writes to frame is not what all of them return by. */
static void once(void)
{
    uint64_t which;
    uint64_t on;

    __asm__ volatile("movq %%dr6, %0" : "=r"(which));
    __asm__ volatile("movq %%dr7, %0" : "=r"(on));
    for (unsigned i = 0; i < 4; i++) {
        if ((which >> i & 1) != 0)
            on &= ~(UINT64_C(2) << (2 * i));
    }
    __asm__ volatile("movq %0, %%dr7" : : "r"(on));
    __asm__ volatile("movq %0, %%dr6" : : "r"(DR6_NONE));
}

static bool interrupted(struct trap_frame *frame)
{
    switch (frame->vector) {
    case VECTOR_NMI:
        examine(frame);
        return false;
    case VECTOR_MACHINE_CHECK:
        examine(frame);
        msr_write(MSR_MCG_STATUS, 0);
        return true;
    case VECTOR_DEBUG:
        if (trap_is_user(frame))
            return false;
        examine(frame);
        once();
        return true;
    default:
        return false;
    }
}

/* The program raises these and goes on behind them. */
static bool raised(struct trap_frame *frame)
{
    if (frame->vector == VECTOR_DEBUG)
        frame->rflags &= ~FLAG_TF;
    else if (frame->vector == INVALID_OPCODE)
        frame->rip += UD2_LEN;
    return frame->vector == VECTOR_DEBUG || frame->vector == INVALID_OPCODE;
}

static void run_program(void)
{
    CHECK(guest_run_start(&run, &guest, ROUNDS, THREAD_PRIORITY_NORMAL, cpu_get(0)) == NONOS_OK);
    while (__atomic_load_n(&run.how, __ATOMIC_RELAXED) == GUEST_RUNS)
        thread_sleep_until(clock_now_ns() + REST_NS);
    guest_run_wait(&run);
    CHECK(run.how == GUEST_EXITED && run.code == 0);
    boundary_runs++;
}

static void debug_at(const volatile uint64_t address[4])
{
    __asm__ volatile("movq %0, %%dr0" : : "r"(address[0]));
    __asm__ volatile("movq %0, %%dr1" : : "r"(address[1]));
    __asm__ volatile("movq %0, %%dr2" : : "r"(address[2]));
    __asm__ volatile("movq %0, %%dr3" : : "r"(address[3]));
    for (unsigned i = 0; i < DEBUG_RUNS; i++) {
        __asm__ volatile("movq %0, %%dr7" : : "r"(DR7_EXECUTE_0_TO_3));
        run_program();
    }
    __asm__ volatile("movq %0, %%dr7" : : "r"(DR7_NONE));
}

static void begin(void)
{
    watch.trap = interrupted;
    watch.fault = raised;
    watch_silence(true);
    CHECK(guest_process_make(&guest, &GUEST_PROGRAM(steady), 0) == NONOS_OK);
    msr_write(MSR_KERNEL_GS_BASE, PROGRAM_GS_BASE);
    boundary_is_begun();
    for (unsigned i = 0; i < FIRST_RUNS; i++)
        run_program();
}

static void test_a_debug_exception_may_come_at_any_instruction(void)
{
    begin();
    boundary_is_ready();
    for (uint64_t i = 0; i < boundary_request.count; i += 4)
        debug_at(&boundary_request.addresses[i]);
    CHECK(wrong == 0);
    boundary_is_debugged();
}

static void test_what_cannot_be_masked_may_come_at_any_instruction(void)
{
    while (boundary_over == 0)
        run_program();
    CHECK(wrong == 0);
    CHECK(boundary_log.count > 0);
    guest_process_free(&guest);
}

const struct guest_test guest_tests[] = {
    {"a_debug_exception_may_come_at_any_instruction",
     test_a_debug_exception_may_come_at_any_instruction},
    {"what_cannot_be_masked_may_come_at_any_instruction",
     test_what_cannot_be_masked_may_come_at_any_instruction},
};
const size_t guest_test_count = sizeof guest_tests / sizeof guest_tests[0];
