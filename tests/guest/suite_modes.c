/* What this kernel does with a processor that has x2APIC mode, deadlines of the counter, PCIDs and
 * a counter that differs from processor to processor. Options x2apic, deadline, pcid: 1 where the
 * machine has it; shift: by how many counts the first processor's counter was put ahead. */
#include "tests/guest/guest.h"

#include "kernel/console.h"
#include "kernel/cpu/apic.h"
#include "kernel/cpu/control.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/features.h"
#include "kernel/cpu/interrupt_flag.h"
#include "kernel/cpu/mmio.h"
#include "kernel/cpu/msr.h"
#include "kernel/cpu/tlb.h"
#include "kernel/dev/clock.h"
#include "kernel/mem/paging.h"
#include "kernel/mem/space.h"
#include "kernel/sched/event.h"
#include "kernel/sched/thread.h"

#define APIC_ENABLED (UINT64_C(1) << 11)
#define APIC_X2APIC (UINT64_C(1) << 10)
#define APIC_LEN 4096u
#define LVT_TIMER 0x320u
#define TIMER_MODE(lvt) ((lvt) >> 17 & 3)
#define TIMER_TSC_DEADLINE 2u
#define LEAF_1_ECX_X2APIC (UINT32_C(1) << 21)
#define LEAF_1_ECX_DEADLINE (UINT32_C(1) << 24)
#define LEAF_7_EBX_TSC_ADJUST (UINT32_C(1) << 1)
#define MS UINT64_C(1000000)
#define ROUNDS 50u
#define WRITING 100 /* counts; how long writing the counter may take */
#define CLOSE 1000u /* counts; what tests/bochs/ puts a counter ahead by is far more */
#define PAGE_VADDR UINT64_C(0x10000000)

static struct event ended;

static void run_on(uint32_t cpu, uint32_t priority, void (*function)(void *), void *argument)
{
    struct thread *thread;
    const struct thread_request request = {.name = "made",
                                           .function = function,
                                           .argument = argument,
                                           .priority = priority,
                                           .cpu = cpu_get(cpu),
                                           .ended = &ended};

    CHECK(thread_create(&request, &thread) == NONOS_OK);
}

static void on_every_processor(void (*function)(void *))
{
    ended = EVENT_INIT;
    for (uint32_t i = 0; i < cpu_count(); i++)
        run_on(i, THREAD_PRIORITY_NORMAL, function, nullptr);
    for (uint32_t i = 0; i < cpu_count(); i++)
        event_wait(&ended);
}

static uint32_t read_timer(void)
{
    uint64_t base = msr_read(MSR_APIC_BASE);
    volatile void *registers;

    if ((base & APIC_X2APIC) != 0)
        return (uint32_t)msr_read(MSR_X2APIC + LVT_TIMER / 16);
    registers = paging_map_device(base & MSR_APIC_BASE_PADDR, APIC_LEN);
    return mmio_read_32(registers, LVT_TIMER);
}

static void check_modes([[maybe_unused]] void *argument)
{
    uint64_t base = msr_read(MSR_APIC_BASE);
    uint32_t offered = control_cpuid(1, 0).ecx;

    CHECK((base & APIC_ENABLED) != 0);
    CHECK(((offered & LEAF_1_ECX_X2APIC) != 0) == (guest_option("x2apic", 0) != 0));
    CHECK(((base & APIC_X2APIC) != 0) == (guest_option("x2apic", 0) != 0));
    CHECK(((offered & LEAF_1_ECX_DEADLINE) != 0) == (guest_option("deadline", 0) != 0));
    CHECK((TIMER_MODE(read_timer()) == TIMER_TSC_DEADLINE) == (guest_option("deadline", 0) != 0));
    CHECK(((control_read_cr4() & CR4_PCIDE) != 0) == (guest_option("pcid", 0) != 0));
    CHECK(apic_id() == cpu_current()->apic_id);
}

static void test_each_processor_uses_what_it_has(void)
{
    on_every_processor(check_modes);
}

static volatile bool awake;
static volatile uint64_t seen;

static void watch_deadline([[maybe_unused]] void *argument)
{
    while (!awake)
        seen = msr_read(MSR_TSC_DEADLINE);
}

static void sleep_and_be_watched([[maybe_unused]] void *argument)
{
    uint64_t deadline_ns = clock_now_ns() + 20 * MS;
    uint64_t expected = clock_tsc_at(deadline_ns);
    uint64_t late = clock_tsc_hz() / 1000000; /* the two are computed at different times */

    awake = false;
    run_on(cpu_current()->index, THREAD_PRIORITY_NORMAL - 1, watch_deadline, nullptr);
    thread_sleep_until(deadline_ns);
    awake = true;
    CHECK(clock_now_ns() >= deadline_ns && clock_now_ns() < deadline_ns + MS);
    if (!CHECK(seen + late >= expected && seen <= expected + late))
        console_printf("  %llu, not %llu\n", (unsigned long long)seen,
                       (unsigned long long)expected);
}

/* What the register has last before a thread wakes is when it wakes. */
static void test_the_deadline_in_the_register_is_the_sleepers(void)
{
    if (guest_option("deadline", 0) == 0)
        return;
    for (uint32_t i = 0; i < cpu_count(); i++) {
        ended = EVENT_INIT;
        run_on(i, THREAD_PRIORITY_NORMAL, sleep_and_be_watched, nullptr);
        event_wait(&ended);
        event_wait(&ended);
    }
}

static _Atomic uint32_t turn;
static _Atomic uint64_t stamp;
static int64_t least, most; /* by how much the second is ahead of the first */

static void answer([[maybe_unused]] void *argument)
{
    for (uint32_t i = 0; i < ROUNDS; i++) {
        while (turn != 2 * i + 1)
            control_pause();
        stamp = control_read_tsc_ordered();
        turn = 2 * i + 2;
    }
}

static void ask([[maybe_unused]] void *argument)
{
    for (uint32_t i = 0; i < ROUNDS; i++) {
        uint64_t before = control_read_tsc_ordered();
        uint64_t after;

        turn = 2 * i + 1;
        while (turn != 2 * i + 2)
            control_pause();
        after = control_read_tsc_ordered();
        if ((int64_t)(stamp - after) > least)
            least = (int64_t)(stamp - after);
        if ((int64_t)(stamp - before) < most)
            most = (int64_t)(stamp - before);
    }
}

static uint64_t adjusted[CPU_MAX];

static void read_adjusted([[maybe_unused]] void *argument)
{
    adjusted[cpu_current()->index] = msr_read(MSR_TSC_ADJUST);
}

static bool has_adjust(void)
{
    return (control_cpuid(7, 0).ebx & LEAF_7_EBX_TSC_ADJUST) != 0;
}

/* What one answers lies between the other's question and its arrival, so the counters agree; and
 * where the processor says by how much they were put ahead, all say the same. */
static void test_counters_agree_whatever_they_were(void)
{
    int64_t allowed = has_adjust() ? 0 : WRITING; /* clock.h */

    for (uint32_t i = 1; i < cpu_count(); i++) {
        ended = EVENT_INIT;
        turn = 0;
        least = INT64_MIN;
        most = INT64_MAX;
        run_on(i, THREAD_PRIORITY_NORMAL, answer, nullptr);
        run_on(0, THREAD_PRIORITY_NORMAL, ask, nullptr);
        event_wait(&ended);
        event_wait(&ended);
        if (!CHECK(least <= 0 && most >= -allowed))
            console_printf("  processor %u: ahead by %lld to %lld\n", (unsigned)i, (long long)least,
                           (long long)most);
    }
    if (!has_adjust())
        return;
    on_every_processor(read_adjusted);
    for (uint32_t i = 1; i < cpu_count(); i++) {
        uint64_t ahead = adjusted[i] - adjusted[0] + CLOSE;

        if (!CHECK(ahead <= 2 * CLOSE))
            console_printf("  processor %u: put ahead by %lld\n", (unsigned)i,
                           (long long)(adjusted[i] - adjusted[0]));
    }
}

static volatile uint64_t *const page = (volatile uint64_t *)PAGE_VADDR;

/* A program's page, as it stands in the tables that are loaded. */
static uint64_t read_page(void)
{
    uint64_t value;

    if (features_get()->smap)
        __asm__ volatile("stac" : : : "memory");
    value = *page;
    if (features_get()->smap)
        __asm__ volatile("clac" : : : "memory");
    return value;
}

static void make_space(struct space **space, uint64_t value)
{
    CHECK(space_create(nullptr, space) == NONOS_OK);
    CHECK(space_map(*space, PAGE_VADDR, PAGE_LEN, MAPPING_WRITE) == NONOS_OK);
    CHECK(space_write(*space, PAGE_VADDR, &value, sizeof value) == NONOS_OK);
}

/* From one to the other, with interrupts off; what is seen there. */
static uint64_t see(struct space *from, struct space *to)
{
    space_switch(from, to);
    if (to == nullptr)
        return 0;
    CHECK((control_read_cr3() & PAGE_MASK) == to->translations.pcid);
    return read_page();
}

/* Each has its own PCID, and each time what it has is seen, also when what is there has changed
 * while the processor remembered it and was elsewhere. */
static void test_a_space_is_seen_as_it_is_whatever_is_remembered(void)
{
    bool has_pcid = guest_option("pcid", 0) != 0;
    struct space *first;
    struct space *second;
    bool were_on;

    make_space(&first, 1);
    make_space(&second, 100);
    CHECK((first->translations.pcid != 0) == has_pcid);
    CHECK((first->translations.pcid != second->translations.pcid) == has_pcid);
    for (uint64_t i = 1; i < 20; i++) {
        uint64_t next = i + 1;

        were_on = interrupts_disable();
        CHECK(see(nullptr, first) == i);
        CHECK(see(first, second) == 100);
        CHECK(see(second, first) == i);
        CHECK(see(first, second) == 100);
        CHECK(see(second, nullptr) == 0);
        interrupts_restore(were_on);
        CHECK(space_unmap(first, PAGE_VADDR, PAGE_LEN) == NONOS_OK);
        CHECK(space_map(first, PAGE_VADDR, PAGE_LEN, MAPPING_WRITE) == NONOS_OK);
        were_on = interrupts_disable();
        CHECK(see(nullptr, first) == 0);
        CHECK(see(first, nullptr) == 0);
        interrupts_restore(were_on);
        CHECK(space_write(first, PAGE_VADDR, &next, sizeof next) == NONOS_OK);
    }
    space_destroy(first);
    space_destroy(second);
}

const struct guest_test guest_tests[] = {
    {"each_processor_uses_what_it_has", test_each_processor_uses_what_it_has},
    {"the_deadline_in_the_register_is_the_sleepers",
     test_the_deadline_in_the_register_is_the_sleepers},
    {"counters_agree_whatever_they_were", test_counters_agree_whatever_they_were},
    {"a_space_is_seen_as_it_is_whatever_is_remembered",
     test_a_space_is_seen_as_it_is_whatever_is_remembered},
};
const size_t guest_test_count = sizeof guest_tests / sizeof guest_tests[0];
