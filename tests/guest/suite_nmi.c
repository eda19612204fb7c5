/* NMIs from one processor to another one that runs programs: calls, exceptions, faults in the
 * kernel, memory that goes, and ticks. Each is waited for. Option: nmis, how many.
 *
 * An emulator that has a thread for each processor needs both of them for each NMI: where its host
 * is busy, that is some 50 a second, and an interrupt that waits in a local APIC for tens of
 * milliseconds though its processor has interrupts on. With one thread for all they take turns. */
#include "tests/guest/guest.h"

#include "kernel/console.h"
#include "kernel/cpu/apic.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/msr.h"
#include "kernel/cpu/nmi.h"
#include "kernel/dev/clock.h"
#include "tests/guest/process.h"
#include "tests/guest/watch.h"

#define NMIS 3000u
#define AGAIN_NS UINT64_C(1000000000) /* then it is sent again */
#define NS_IN_MS 1000000u
#define PROGRAMS 2u /* they take turns */
#define ROUNDS 50u  /* of each run of a program */
#define DATA_PAGES 2u
#define PROGRAM_GS_BASE (GUEST_DATA_VADDR + 2 * PAGE_LEN) /* the program knows it */
#define INVALID_OPCODE 6u
#define UD2_LEN 2u
#define FLAG_TF (UINT64_C(1) << 8)

GUEST_PROGRAM_DECLARE(steady);

static struct guest_process guests[PROGRAMS];
static struct guest_run runs[PROGRAMS];
static unsigned run_count;
static struct guest_random random = {1};
static struct event is_set = EVENT_INIT;

static bool raised(struct trap_frame *frame)
{
    if (frame->vector == VECTOR_DEBUG)
        frame->rflags &= ~FLAG_TF;
    else if (frame->vector == INVALID_OPCODE)
        frame->rip += UD2_LEN;
    return frame->vector == VECTOR_DEBUG || frame->vector == INVALID_OPCODE;
}

static void set_gs_base([[maybe_unused]] void *argument)
{
    msr_write(MSR_KERNEL_GS_BASE, PROGRAM_GS_BASE);
    event_signal(&is_set);
}

/* On the processor that runs programs. */
static void prepare(void)
{
    struct thread *thread;
    const struct thread_request request = {.name = "prepare",
                                           .function = set_gs_base,
                                           .priority = THREAD_PRIORITY_NORMAL,
                                           .cpu = cpu_get(1)};

    watch.fault = raised;
    watch_silence(true);
    CHECK(thread_create(&request, &thread) == NONOS_OK);
    event_wait(&is_set);
}

static void start(unsigned i)
{
    CHECK(guest_run_start(&runs[i], &guests[i], ROUNDS, THREAD_PRIORITY_NORMAL, cpu_get(1)) ==
          NONOS_OK);
}

static void wait(unsigned i)
{
    guest_run_wait(&runs[i]);
    CHECK(runs[i].how == GUEST_EXITED && runs[i].code == 0);
    run_count++;
}

/* A program that has ended starts anew; the other one's memory comes and goes, of which its
 * processor is told by an interrupt. */
static void keep_busy(void)
{
    unsigned i = (unsigned)guest_random_below(&random, PROGRAMS);
    struct space *space = guests[i].process.space;
    vaddr_t vaddr = SPACE_ANYWHERE;

    if (__atomic_load_n(&runs[i].how, __ATOMIC_ACQUIRE) != GUEST_RUNS) {
        wait(i);
        start(i);
    }
    CHECK(space_map(space, vaddr, PAGE_LEN, MAPPING_WRITE) == NONOS_OK);
    CHECK(space_unmap(space, vaddr, PAGE_LEN) == NONOS_OK);
}

/* Sends one and waits until it has been counted; returns how often it had to be sent. */
static unsigned send_one(void)
{
    uint32_t before = nmi_count();
    unsigned sent = 0;

    while (nmi_count() == before) {
        uint64_t again_ns = clock_now_ns() + AGAIN_NS;

        apic_send_nmi_others();
        sent++;
        while (nmi_count() == before && clock_now_ns() < again_ns)
            __builtin_ia32_pause();
    }
    return sent;
}

static void test_each_nmi_is_taken_once_and_programs_go_on(void)
{
    uint64_t count = guest_option("nmis", NMIS);
    uint32_t before = nmi_count();
    uint64_t sent = 0;
    uint64_t start_ns = clock_now_ns();

    CHECK(cpu_count() == 2);
    prepare();
    for (unsigned i = 0; i < PROGRAMS; i++) {
        CHECK(guest_process_make(&guests[i], &GUEST_PROGRAM(steady), DATA_PAGES) == NONOS_OK);
        start(i);
    }
    for (uint64_t i = 0; i < count; i++) {
        if (guest_random_below(&random, 4) == 0)
            keep_busy();
        for (uint64_t wait = guest_random_below(&random, 64) * 64; wait > 0; wait--)
            __asm__ volatile("");
        sent += send_one();
    }
    for (unsigned i = 0; i < PROGRAMS; i++) {
        wait(i);
        guest_process_free(&guests[i]);
    }
    console_printf("  %llu NMIs, %llu sent again, %u programs, %llu ms\n",
                   (unsigned long long)count, (unsigned long long)(sent - count), run_count,
                   (unsigned long long)((clock_now_ns() - start_ns) / NS_IN_MS));
    /* None is lost, or sent again where the machine stood still that long; which may come twice. */
    CHECK(nmi_count() - before >= count && nmi_count() - before <= sent);
    CHECK(run_count > PROGRAMS);
}

const struct guest_test guest_tests[] = {
    {"each_nmi_is_taken_once_and_programs_go_on", test_each_nmi_is_taken_once_and_programs_go_on},
};
const size_t guest_test_count = sizeof guest_tests / sizeof guest_tests[0];
