#include "kernel/cpu/smp.h"

#include "crypto/bytes.h"
#include "kernel/boot_info.h"
#include "kernel/console.h"
#include "kernel/cpu/apic.h"
#include "kernel/cpu/control.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/features.h"
#include "kernel/cpu/idt.h"
#include "kernel/dev/clock.h"
#include "kernel/generator.h"
#include "kernel/mem/paging.h"
#include "kernel/sched/sched.h"
#include "kernel/sched/thread_stack.h"
#include "kernel/user/syscall.h"

#include <string.h>

#define LOW_MEMORY_END UINT64_C(0xA0000)
#define INIT_WAIT_US 10000u
#define STARTUP_WAIT_US 200u
#define ONLINE_LIMIT_US 1000000u

/* smp_entry.S */
extern const uint8_t smp_trampoline[], smp_trampoline_long[], smp_trampoline_parameters[],
    smp_trampoline_end[];

struct [[gnu::packed]] smp_parameters {
    uint16_t gdt_limit;    /*  0 */
    uint32_t gdt;          /*  2 */
    uint32_t jump;         /*  6 */
    uint16_t jump_segment; /* 10 */
    uint32_t root;         /* 12 */
    uint64_t stack_top;    /* 16 */
    uint64_t argument;     /* 24 */
    uint64_t function;     /* 32 */
};
static_assert(sizeof(struct smp_parameters) == 40);
#define GDT_LEN 24u

/* The trampoline's page and tables that map it at its physical address, beside the kernel's half.
 * All below 1 MiB: CR3 is loaded in 32-bit mode, and no frame is taken for it. */
enum low_page { LOW_CODE, LOW_ROOT, LOW_TABLE_3, LOW_TABLE_2, LOW_TABLE_1, LOW_PAGE_COUNT };
#define LOW_LEN ((uint64_t)LOW_PAGE_COUNT * PAGE_LEN)

#define ENTRY_PRESENT 1u
#define ENTRY_WRITABLE 2u

/* The highest usable pages below the legacy video memory; 0, which is left alone, when there are
 * none. */
static paddr_t find_low_pages(void)
{
    const struct nonos_memory_region *map = boot_info()->memory_map;
    paddr_t found = 0;

    for (size_t i = 0; i < boot_info()->handoff.memory_map_count; i++) {
        paddr_t end = map[i].paddr + map[i].page_count * PAGE_LEN;

        if (end > LOW_MEMORY_END)
            end = LOW_MEMORY_END;
        if (map[i].type == NONOS_MEMORY_USABLE && map[i].paddr < end &&
            end - map[i].paddr >= LOW_LEN)
            found = end - LOW_LEN;
    }
    return found;
}

static struct smp_parameters *parameters_at(paddr_t low)
{
    return (struct smp_parameters *)((uint8_t *)direct_map_at(low) +
                                     (smp_trampoline_parameters - smp_trampoline));
}

static void trampoline_make(paddr_t low)
{
    struct smp_parameters *parameters = parameters_at(low);
    uint64_t(*tables)[PAGE_LEN / sizeof(uint64_t)] = direct_map_at(low);

    memset(tables, 0, LOW_LEN);
    memcpy(tables, smp_trampoline, (size_t)(smp_trampoline_end - smp_trampoline));
    memcpy(&tables[LOW_ROOT][256], (const uint64_t *)direct_map_at(paging_root()) + 256,
           PAGE_LEN / 2);
    for (unsigned table = LOW_ROOT; table < LOW_TABLE_1; table++)
        tables[table][0] = (low + (table + 1) * PAGE_LEN) | ENTRY_PRESENT | ENTRY_WRITABLE;
    tables[LOW_TABLE_1][low / PAGE_LEN] = low | ENTRY_PRESENT;
    parameters->gdt =
        (uint32_t)(low + (uint64_t)(smp_trampoline_parameters - smp_trampoline) - GDT_LEN);
    parameters->jump = (uint32_t)(low + (uint64_t)(smp_trampoline_long - smp_trampoline));
    parameters->root = (uint32_t)(low + LOW_ROOT * PAGE_LEN);
}

/* On the further processor, on its idle thread's stack. Without an interrupt table: nothing that
 * may fault before its features are known. */
[[noreturn]] static void smp_begin(struct cpu *cpu)
{
    control_write_cr3(paging_root());
    cpu->gap = features_find_gap();
    __atomic_store_n(&cpu->arrived, true, __ATOMIC_RELEASE);
    if (cpu->gap.where != nullptr)
        control_halt();
    features_enable();
    features_enable_global_pages();
    cpu_load(cpu, nullptr);
    for (unsigned ist = 1; ist <= GDT_IST_COUNT; ist++)
        gdt_set_ist(&cpu->gdt, (enum gdt_ist)ist,
                    (void *)(uintptr_t)cpu->exception_stacks[ist - 1]);
    idt_load();
    (void)clock_join();
    apic_init_processor();
    syscall_init_processor();
    sched_run_idle();
}

static void stacks_free(struct cpu *cpu)
{
    if (cpu->queue.idle != nullptr)
        thread_free(cpu->queue.idle);
    for (unsigned i = 0; i < GDT_IST_COUNT && cpu->exception_stacks[i] != 0; i++)
        thread_stack_free(cpu->exception_stacks[i]);
}

static bool stacks_make(struct cpu *cpu)
{
    for (unsigned i = 0; i < GDT_IST_COUNT; i++) {
        cpu->exception_stacks[i] = thread_stack_allocate();
        if (cpu->exception_stacks[i] == 0)
            return false;
    }
    return sched_prepare(cpu);
}

/* Until so much time has passed, or *sign is set. */
static void wait_us(const bool *sign, uint64_t microseconds)
{
    uint64_t end_ns = clock_now_ns() + microseconds * 1000;

    while (clock_now_ns() < end_ns && !(sign != nullptr && __atomic_load_n(sign, __ATOMIC_ACQUIRE)))
        __builtin_ia32_pause();
}

/* Takes an INIT to stop one for good that has answered too late, or not as it should. */
static void give_up(struct cpu *cpu)
{
    apic_send_init(cpu->apic_id);
    wait_us(nullptr, INIT_WAIT_US);
    console_printf("NONOS: processor with APIC id %u: ", cpu->apic_id);
    if (cpu->gap.where != nullptr)
        console_printf("refused, it lacks what the first one has (CPUID %s, bits 0x%x)\n",
                       cpu->gap.where, cpu->gap.bits);
    else
        console_printf("it does not start\n");
    stacks_free(cpu);
    cpu_remove_last();
}

/* After its INIT. False: there is no memory, for this one and so for any other. */
static bool start_one(uint32_t apic_id, paddr_t low)
{
    struct smp_parameters *parameters = parameters_at(low);
    struct cpu *cpu = cpu_add(apic_id);

    if (cpu == nullptr)
        return false;
    if (!stacks_make(cpu)) {
        stacks_free(cpu);
        cpu_remove_last();
        return false;
    }
    generator_prepare(cpu->index);
    parameters->stack_top = cpu->queue.idle->stack_top;
    parameters->argument = (uintptr_t)cpu;
    parameters->function = (uintptr_t)smp_begin;
    apic_send_startup(apic_id, (unsigned)(low / PAGE_LEN));
    wait_us(&cpu->arrived, STARTUP_WAIT_US);
    if (!__atomic_load_n(&cpu->arrived, __ATOMIC_ACQUIRE))
        apic_send_startup(apic_id, (unsigned)(low / PAGE_LEN));
    wait_us(&cpu->arrived, ONLINE_LIMIT_US);
    if (cpu->arrived && cpu->gap.where == nullptr && clock_serve())
        wait_us(&cpu->online, ONLINE_LIMIT_US);
    if (!cpu->online)
        give_up(cpu);
    return true;
}

void smp_start(const struct platform_processor *processors, uint32_t count)
{
    paddr_t low = find_low_pages();
    uint32_t i = 0;

    if (count == 0)
        return;
    if (low != 0) {
        trampoline_make(low);
        for (uint32_t each = 0; each < count; each++) {
            if (processors[each].enabled)
                apic_send_init(processors[each].apic_id);
        }
        wait_us(nullptr, INIT_WAIT_US);
        while (i < count && (!processors[i].enabled || start_one(processors[i].apic_id, low)))
            i++;
        bytes_wipe(direct_map_at(low), LOW_LEN);
    }
    if (i < count)
        console_printf("NONOS: there is no memory to start %u processors\n", count - i);
}
