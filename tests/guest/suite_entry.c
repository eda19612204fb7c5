/* Ways into the kernel: exceptions, calls and what is passed to them, copies, flags, extended
 * registers, interrupts that cannot be masked. */
#include "tests/guest/guest.h"

#include "kernel/console.h"
#include "kernel/cpu/apic.h"
#include "kernel/cpu/control.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/nmi.h"
#include "kernel/mem/mapping.h"
#include "kernel/panic.h"
#include "tests/guest/process.h"

#include <string.h>

#define ANYWHERE 255u
#define NOT_HERE 255u /* for a vector */
#define NO_CALL UINT64_MAX
#define NMIS 20u
#define NMI_TURNS 100000u
#define UNMAPPINGS 300u
#define YIELDS 200u

GUEST_PROGRAM_DECLARE(calls);
GUEST_PROGRAM_DECLARE(vectors);
GUEST_PROGRAM_DECLARE(busy);
GUEST_PROGRAM_DECLARE(fill);

struct exception_row {
    char name[16];
    uint8_t vector;
    uint8_t offset;
    uint8_t code[46];
};
static_assert(sizeof(struct exception_row) == 64);
extern const struct exception_row exception_rows[], exception_rows_end[];

static struct guest_process guest, other;
static struct guest_run run, other_run;

/* The first page of a program's data, as the kernel sees it. */
static void *data_page(struct guest_process *process)
{
    struct mapping_entry entry;

    if (!CHECK(mapping_find(process->process.space->translations.root, GUEST_DATA_VADDR, &entry)))
        panic("a program has no data");
    return direct_map_at(entry.paddr);
}

static volatile uint64_t *data_of(struct guest_process *process)
{
    return data_page(process);
}

static void start(struct guest_run *its_run, struct guest_process *process, uint64_t argument,
                  uint32_t cpu)
{
    CHECK(guest_run_start(its_run, process, argument, THREAD_PRIORITY_NORMAL, cpu_get(cpu)) ==
          NONOS_OK);
}

/* An option with the name of a row is the vector of a machine that does it in another way. */
static void test_each_exception_ends_its_thread_alone(void)
{
    for (const struct exception_row *row = exception_rows; row < exception_rows_end; row++) {
        const struct guest_program program = {
            .name = row->name, .code = row->code, .len = sizeof row->code};
        unsigned before = guest_failures();
        uint64_t vector = guest_option(row->name, row->vector);

        if (vector == NOT_HERE)
            continue;
        CHECK(guest_process_make(&guest, &program, 0) == NONOS_OK);
        start(&run, &guest, 0, 0);
        guest_run_wait(&run);
        CHECK(run.how == GUEST_FAULTED);
        CHECK(run.vector == vector);
        CHECK(row->offset == ANYWHERE || run.rip == GUEST_CODE_VADDR + row->offset);
        CHECK(guest.process.thread_count == 0);
        if (guest_failures() != before)
            console_printf("  %s: vector %u at 0x%llx\n", row->name, (unsigned)run.vector,
                           (unsigned long long)run.rip);
        guest_process_free(&guest);
    }
}

/* As the program "calls" reads and writes it. */
struct call {
    uint64_t number, a, b;
    uint64_t error, value, scratch, saved;
    uint64_t expected;
};
static_assert(sizeof(struct call) == 64);

#define TEXT (GUEST_DATA_VADDR + 3 * PAGE_LEN)
#define END (GUEST_DATA_VADDR + GUEST_DATA_LEN)
#define KERNEL UINT64_C(0xFFFFFFFF80100000)

static const struct call calls[] = {
    {7, 0, 0, .expected = NONOS_E_CALL},
    {0xFFFF, 0, 0, .expected = NONOS_E_CALL},
    {UINT64_MAX - 1, 0, 0, .expected = NONOS_E_CALL},
    {UINT64_C(1) << 32 | 1, 0, 0, .expected = NONOS_E_CALL},
    {NONOS_SYSCALL_yield, 1, 2, .expected = NONOS_OK},
    {NONOS_SYSCALL_clock_read, KERNEL, KERNEL, .expected = NONOS_OK},
    {NONOS_SYSCALL_log_write, TEXT, 11, .expected = NONOS_OK},
    {NONOS_SYSCALL_log_write, TEXT, 0, .expected = NONOS_OK},
    {NONOS_SYSCALL_log_write, TEXT, NONOS_LOG_MAX_LEN, .expected = NONOS_OK},
    {NONOS_SYSCALL_log_write, TEXT, NONOS_LOG_MAX_LEN + 1, .expected = NONOS_E_SIZE},
    {NONOS_SYSCALL_log_write, TEXT, UINT64_MAX, .expected = NONOS_E_SIZE},
    {NONOS_SYSCALL_log_write, 0, 1, .expected = NONOS_E_ADDRESS},
    {NONOS_SYSCALL_log_write, END - 8, 16, .expected = NONOS_E_ADDRESS},
    {NONOS_SYSCALL_log_write, KERNEL, 8, .expected = NONOS_E_ADDRESS},
    {NONOS_SYSCALL_log_write, ADDRESS_DIRECT_MAP, 8, .expected = NONOS_E_ADDRESS},
    {NONOS_SYSCALL_log_write, ADDRESS_USER_END - 8, 8, .expected = NONOS_E_ADDRESS},
    {NONOS_SYSCALL_log_write, ADDRESS_USER_END - 8, 16, .expected = NONOS_E_ADDRESS},
    {NONOS_SYSCALL_log_write, ADDRESS_USER_END, 8, .expected = NONOS_E_ADDRESS},
    {NONOS_SYSCALL_log_write, UINT64_MAX, 8, .expected = NONOS_E_ADDRESS},
    {NONOS_SYSCALL_random_bytes, TEXT, 64, .expected = NONOS_OK},
    {NONOS_SYSCALL_random_bytes, 0, 0, .expected = NONOS_OK},
    {NONOS_SYSCALL_random_bytes, GUEST_CODE_VADDR, 8, .expected = NONOS_E_ADDRESS},
    {NONOS_SYSCALL_random_bytes, KERNEL, 8, .expected = NONOS_E_ADDRESS},
    {NONOS_SYSCALL_random_bytes, TEXT, UINT64_MAX, .expected = NONOS_E_ADDRESS},
    {NONOS_SYSCALL_random_bytes, END - 300, 301, .expected = NONOS_E_ADDRESS},
    {NONOS_SYSCALL_memory_map, PAGE_LEN, NONOS_MAP_WRITE, .expected = NONOS_OK},
    {NONOS_SYSCALL_memory_map, PAGE_LEN, NONOS_MAP_EXECUTE, .expected = NONOS_OK},
    {NONOS_SYSCALL_memory_map, 0, 0, .expected = NONOS_E_SIZE},
    {NONOS_SYSCALL_memory_map, 1, 0, .expected = NONOS_E_SIZE},
    {NONOS_SYSCALL_memory_map, PAGE_LEN, NONOS_MAP_ALL, .expected = NONOS_E_SIZE},
    {NONOS_SYSCALL_memory_map, PAGE_LEN, NONOS_MAP_ALL + 1, .expected = NONOS_E_SIZE},
    {NONOS_SYSCALL_memory_map, PAGE_LEN, UINT64_C(1) << 32, .expected = NONOS_E_SIZE},
    {NONOS_SYSCALL_memory_map, 0 - (uint64_t)PAGE_LEN, 0, .expected = NONOS_E_SIZE},
    {NONOS_SYSCALL_memory_map, 1000 * PAGE_LEN, 0, .expected = NONOS_E_QUOTA},
    {NONOS_SYSCALL_memory_unmap, 0, PAGE_LEN, .expected = NONOS_E_SIZE},
    {NONOS_SYSCALL_memory_unmap, KERNEL, PAGE_LEN, .expected = NONOS_E_SIZE},
    {NONOS_SYSCALL_memory_unmap, END, 1, .expected = NONOS_E_SIZE},
    {NONOS_SYSCALL_memory_unmap, ADDRESS_USER_END - PAGE_LEN, PAGE_LEN, .expected = NONOS_E_SIZE},
    {NONOS_SYSCALL_memory_unmap, END, PAGE_LEN, .expected = NONOS_OK},
    {NO_CALL, 0, 0, .expected = 0},
};
static_assert(sizeof calls <= PAGE_LEN);

/* All of calls; what a process without the right gets in place of what is expected. */
static void make_calls(uint32_t rights)
{
    static const uint32_t needed[] = {
#define SYSCALL(number, name, right, arguments, documentation) NONOS_RIGHT_##right,
#include "abi/syscalls.def"
#undef SYSCALL
    };
    volatile struct call *made;

    CHECK(guest_process_make(&guest, &GUEST_PROGRAM(calls), 100) == NONOS_OK);
    guest.process.rights = rights;
    CHECK(space_write(guest.process.space, GUEST_DATA_VADDR, calls, sizeof calls) == NONOS_OK);
    CHECK(space_write(guest.process.space, TEXT, "hi\x1B[2Jyou\x7F~", 11) == NONOS_OK);
    start(&run, &guest, 0, 0);
    guest_run_wait(&run);
    CHECK(run.how == GUEST_EXITED && run.code == 0);
    made = data_page(&guest);
    for (size_t i = 0; calls[i].number != NO_CALL; i++) {
        bool allowed =
            calls[i].number >= NONOS_SYSCALL_COUNT || (needed[calls[i].number] & ~rights) == 0;
        uint64_t expected = allowed ? calls[i].expected : NONOS_E_RIGHT;

        if (made[i].error != expected)
            console_printf("  call %zu: %llu\n", i, (unsigned long long)made[i].error);
        CHECK(made[i].error == expected);
        CHECK(made[i].error == NONOS_OK || made[i].value == 0);
        CHECK(made[i].scratch == 0);
        CHECK(made[i].saved == 0);
    }
    guest_process_free(&guest);
}

static void test_calls_with_good_and_bad_arguments(void)
{
    make_calls(NONOS_RIGHT_ALL);
}

static void test_calls_without_a_right_are_refused(void)
{
    make_calls(0);
    make_calls(NONOS_RIGHT_ALL & ~NONOS_RIGHT_MEMORY);
}

static void test_memory_may_go_while_the_kernel_writes_to_it(void)
{
    vaddr_t vaddr = SPACE_ANYWHERE;
    volatile uint64_t *data;

    CHECK(guest_process_make(&guest, &GUEST_PROGRAM(fill), 100) == NONOS_OK);
    data = data_of(&guest);
    data[2] = vaddr;
    start(&run, &guest, 0, 1);
    for (unsigned i = 0; i < UNMAPPINGS; i++) {
        uint64_t before = data[1] + data[1 + NONOS_E_ADDRESS];

        CHECK(space_map(guest.process.space, vaddr, PAGE_LEN, MAPPING_WRITE) == NONOS_OK);
        while (data[1] + data[1 + NONOS_E_ADDRESS] < before + i % 3)
            __builtin_ia32_pause();
        CHECK(space_unmap(guest.process.space, vaddr, PAGE_LEN) == NONOS_OK);
    }
    CHECK(data[1] > 0 && data[1 + NONOS_E_ADDRESS] > 0);
    data[0] = 1;
    guest_run_wait(&run);
    CHECK(run.how == GUEST_EXITED && run.code == 0);
    guest_process_free(&guest);
}

/* Two processes on one processor, and threads of the kernel in between. */
static void test_extended_registers_are_a_threads_own(void)
{
    CHECK(guest_process_make(&guest, &GUEST_PROGRAM(vectors), 0) == NONOS_OK);
    CHECK(guest_process_make(&other, &GUEST_PROGRAM(vectors), 0) == NONOS_OK);
    *data_of(&guest) = YIELDS;
    *data_of(&other) = YIELDS;
    start(&run, &guest, 0x1122334455667788, 0);
    start(&other_run, &other, 0x0807060504030201, 0);
    guest_run_wait(&run);
    guest_run_wait(&other_run);
    CHECK(run.how == GUEST_EXITED && run.code == 0);
    CHECK(other_run.how == GUEST_EXITED && other_run.code == 0);
    for (unsigned i = 8; i < 12; i++)
        CHECK(data_of(&guest)[i] == 0 && data_of(&other)[i] == 0);
    CHECK(data_of(&guest)[12] == (UINT64_C(0x37F) << 32 | 0x1F80));
    CHECK(data_of(&other)[12] == (UINT64_C(0x37F) << 32 | 0x1F80));
    guest_process_free(&guest);
    guest_process_free(&other);
}

static void test_a_program_is_interrupted_at_any_instruction(void)
{
    uint32_t before = nmi_count();
    volatile uint64_t *data;

    CHECK(cpu_count() == 2);
    CHECK(guest_process_make(&guest, &GUEST_PROGRAM(busy), 0) == NONOS_OK);
    data = data_of(&guest);
    start(&run, &guest, 0, 1);
    while (data[1] == 0)
        __builtin_ia32_pause();
    for (unsigned i = 1; i <= NMIS; i++) {
        for (uint64_t pause = control_read_tsc() / 64 % 64; pause > 0; pause--)
            __builtin_ia32_pause();
        /* One that comes while another is handled may be lost. */
        for (unsigned turns = 0; nmi_count() - before < i; turns++) {
            if (turns % NMI_TURNS == 0)
                apic_send_nmi_others();
            __builtin_ia32_pause();
        }
    }
    data[0] = 1;
    guest_run_wait(&run);
    CHECK(run.how == GUEST_EXITED && run.code == 0);
    CHECK(nmi_count() - before >= NMIS);
    guest_process_free(&guest);
}

const struct guest_test guest_tests[] = {
    {"each_exception_ends_its_thread_alone", test_each_exception_ends_its_thread_alone},
    {"calls_with_good_and_bad_arguments", test_calls_with_good_and_bad_arguments},
    {"calls_without_a_right_are_refused", test_calls_without_a_right_are_refused},
    {"memory_may_go_while_the_kernel_writes_to_it",
     test_memory_may_go_while_the_kernel_writes_to_it},
    {"extended_registers_are_a_threads_own", test_extended_registers_are_a_threads_own},
    {"a_program_is_interrupted_at_any_instruction",
     test_a_program_is_interrupted_at_any_instruction},
};
const size_t guest_test_count = sizeof guest_tests / sizeof guest_tests[0];
