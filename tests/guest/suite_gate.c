/* Programs on tables without the kernel: what there is of it in theirs, and what is done on the way
 * from one program to another. On two processors that have Meltdown, or say nothing of it. */
#include "tests/guest/guest.h"

#include "kernel/console.h"
#include "kernel/cpu/control.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/features.h"
#include "kernel/image.h"
#include "tests/guest/process.h"
#include "tests/guest/watch.h"

#define ENTRIES 512u
#define USER_ENTRIES 256u
#define ADDRESS UINT64_C(0x000FFFFFFFFFF000)
#define PRESENT 1u
#define WRITE 2u
#define USER 4u
#define LARGE 0x80u
#define NX (UINT64_C(1) << 63)
#define SECOND_ROOT 0x1000u
#define YIELDS 100u /* of the program "clock" */

GUEST_PROGRAM_DECLARE(busy);
GUEST_PROGRAM_DECLARE(clock);

static struct guest_process guest, other;
static struct guest_run run, other_run;

struct seen {
    unsigned pages[2]; /* of programs, and of the kernel */
    unsigned unknown;
    bool code, table, processors[CPU_MAX];
};

static void test_the_processor_is_one_that_needs_it(void)
{
    for (uint32_t i = 0; i < cpu_count(); i++) {
        CHECK((cpu_get(i)->work & SPECULATION_ISOLATE) != 0);
        CHECK(cpu_get(i)->work == guest_option("work", SPECULATION_ISOLATE));
    }
    CHECK((control_read_cr4() & (CR4_PGE | CR4_PCIDE)) == 0);
    CHECK(cpu_count() == 2);
}

static const void *interrupt_table(void)
{
    struct [[gnu::packed]] {
        uint16_t limit;
        uint64_t base;
    } pointer;

    __asm__("sidt %0" : "=m"(pointer));
    return (const void *)(uintptr_t)pointer.base;
}

/* A page of the upper half: each that is allowed, once, with no more than its rights. */
static void see_kernels(struct seen *seen, vaddr_t vaddr, uint64_t entry)
{
    const void *page = (const void *)(uintptr_t)vaddr;
    bool *found = nullptr;
    bool rights = (entry & NX) != 0;

    seen->pages[1]++;
    if (page == kernel_text_start) {
        found = &seen->code;
        rights = (entry & (NX | WRITE)) == 0;
    } else if (page == interrupt_table()) {
        found = &seen->table;
    }
    for (uint32_t i = 0; i < cpu_count(); i++) {
        if (page == cpu_get(i))
            found = &seen->processors[i];
    }
    if (found == nullptr || *found || !rights || (entry & (USER | LARGE)) != 0) {
        console_printf("  0x%llx: 0x%llx\n", (unsigned long long)vaddr, (unsigned long long)entry);
        seen->unknown++;
        return;
    }
    *found = true;
}

static void see(struct seen *seen, paddr_t table, unsigned level, vaddr_t base)
{
    const uint64_t *entries = direct_map_at(table & ADDRESS);

    for (size_t i = 0; i < ENTRIES; i++) {
        vaddr_t vaddr = base + (i << (12 + 9 * level));

        if ((entries[i] & PRESENT) == 0)
            continue;
        if (level == 3 && i >= USER_ENTRIES)
            vaddr |= UINT64_C(0xFFFF) << 48;
        if (level > 0 && (entries[i] & LARGE) == 0)
            see(seen, entries[i], level - 1, vaddr);
        else if (vaddr < ADDRESS_USER_END)
            seen->pages[0]++;
        else
            see_kernels(seen, vaddr, entries[i]);
    }
}

static void test_a_program_that_runs_has_itself_and_the_gate(void)
{
    volatile uint64_t *data;
    struct mapping_entry entry;
    struct seen seen = {};
    uint64_t calls;

    CHECK(guest_process_make(&guest, &GUEST_PROGRAM(busy), 0) == NONOS_OK);
    CHECK(mapping_find(guest.process.space->translations.root, GUEST_DATA_VADDR, &entry));
    data = direct_map_at(entry.paddr);
    CHECK(guest_run_start(&run, &guest, 0, THREAD_PRIORITY_NORMAL, cpu_get(1)) == NONOS_OK);
    while (data[1] == 0)
        __builtin_ia32_pause();
    calls = data[1];
    see(&seen, guest.process.space->translations.root + SECOND_ROOT, 3, 0);
    while (data[1] < calls + 1000)
        __builtin_ia32_pause();
    CHECK(seen.unknown == 0);
    CHECK(seen.code && seen.table && seen.processors[0] && seen.processors[1]);
    CHECK(seen.pages[1] == 4);
    CHECK(seen.pages[0] == 1 + (GUEST_DATA_LEN + GUEST_STACK_LEN) / PAGE_LEN);
    data[0] = 1;
    guest_run_wait(&run);
    guest_process_free(&guest);
}

/* Threads of one program or of two on one processor, each after the other. */
static uint64_t barriers_of(struct guest_process *second)
{
    uint64_t before = watch_barriers();

    CHECK(guest_run_start(&run, &guest, 0, THREAD_PRIORITY_NORMAL, cpu_get(0)) == NONOS_OK);
    CHECK(guest_run_start(&other_run, second, 0, THREAD_PRIORITY_NORMAL, cpu_get(0)) == NONOS_OK);
    guest_run_wait(&run);
    guest_run_wait(&other_run);
    CHECK(run.how == GUEST_EXITED && other_run.how == GUEST_EXITED);
    return watch_barriers() - before;
}

static void test_between_programs_what_branches_taught_is_forgotten(void)
{
    bool needed = (cpu_get(0)->work & SPECULATION_BARRIER) != 0;
    uint64_t same;
    uint64_t apart;

    CHECK(guest_process_make(&guest, &GUEST_PROGRAM(clock), 0) == NONOS_OK);
    CHECK(guest_process_make(&other, &GUEST_PROGRAM(clock), 0) == NONOS_OK);
    same = barriers_of(&guest);
    apart = barriers_of(&other);
    console_printf("  barriers: %llu in one program, %llu between two\n", (unsigned long long)same,
                   (unsigned long long)apart);
    CHECK(needed ? apart >= 2 * YIELDS : apart == 0);
    CHECK(needed ? same < YIELDS : same == 0);
    guest_process_free(&guest);
    guest_process_free(&other);
}

const struct guest_test guest_tests[] = {
    {"the_processor_is_one_that_needs_it", test_the_processor_is_one_that_needs_it},
    {"a_program_that_runs_has_itself_and_the_gate",
     test_a_program_that_runs_has_itself_and_the_gate},
    {"between_programs_what_branches_taught_is_forgotten",
     test_between_programs_what_branches_taught_is_forgotten},
};
const size_t guest_test_count = sizeof guest_tests / sizeof guest_tests[0];
