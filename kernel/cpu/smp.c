#include "kernel/cpu/smp.h"

#include "kernel/boot_info.h"
#include "kernel/cpu/apic.h"
#include "kernel/cpu/control.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/features.h"
#include "kernel/cpu/idt.h"
#include "kernel/cpu/io.h"
#include "kernel/generator.h"
#include "kernel/mem/frames.h"
#include "kernel/mem/mapping.h"
#include "kernel/mem/paging.h"
#include "kernel/sched/thread_stack.h"
#include "kernel/user/syscall.h"

#include <string.h>

#define LOW_MEMORY_END UINT64_C(0xA0000)
#define PAUSE_PORT 0x80u /* a write takes about a microsecond */
#define WAIT_LIMIT 500000u

/* smp_entry.S */
extern const uint8_t smp_trampoline[], smp_trampoline_long[], smp_trampoline_parameters[],
    smp_trampoline_end[];

struct [[gnu::packed]] smp_parameters {
    uint16_t gdt_limit;    /*  0 */
    uint32_t gdt;          /*  2 */
    uint32_t jump;         /*  6 */
    uint16_t jump_segment; /* 10 */
    uint32_t reserved;     /* 12 */
    uint64_t root;         /* 16 */
    uint64_t stack_top;    /* 24 */
    uint64_t argument;     /* 32 */
    uint64_t function;     /* 40 */
};
static_assert(sizeof(struct smp_parameters) == 48);
#define GDT_LEN 24u

static struct {
    paddr_t page; /* 0: there is none */
    paddr_t root; /* the kernel's tables, and the page at its physical address */
} trampoline;

/* The highest usable page below the legacy video memory; 0 is left alone. */
static paddr_t find_low_page(void)
{
    const struct nonos_memory_region *map = boot_info()->memory_map;
    paddr_t page = 0;

    for (size_t i = 0; i < boot_info()->handoff.memory_map_count; i++) {
        paddr_t end = map[i].paddr + map[i].page_count * PAGE_LEN;

        if (map[i].type != NONOS_MEMORY_USABLE || map[i].paddr >= LOW_MEMORY_END)
            continue;
        page = (end < LOW_MEMORY_END ? end : LOW_MEMORY_END) - PAGE_LEN;
    }
    return page;
}

static bool trampoline_make(void)
{
    uint8_t *page;

    if (trampoline.page != 0)
        return true;
    trampoline.page = find_low_page();
    if (trampoline.page == 0 || mapping_create(&trampoline.root) != NONOS_OK)
        return false;
    memcpy((uint8_t *)direct_map_at(trampoline.root) + PAGE_LEN / 2,
           (const uint8_t *)direct_map_at(paging_root()) + PAGE_LEN / 2, PAGE_LEN / 2);
    if (mapping_add(trampoline.root, trampoline.page, trampoline.page, PAGE_LEN, MAPPING_EXECUTE) !=
        NONOS_OK)
        return false;
    page = direct_map_at(trampoline.page);
    memcpy(page, smp_trampoline, (size_t)(smp_trampoline_end - smp_trampoline));
    return true;
}

/* On the further processor, on its idle thread's stack. */
[[noreturn]] static void smp_begin(struct cpu *cpu)
{
    const uint8_t *top = (const uint8_t *)(uintptr_t)cpu->kernel_rsp;

    control_write_cr3(paging_root());
    features_enable();
    features_enable_global_pages();
    cpu_load(cpu, nullptr);
    for (unsigned ist = 1; ist <= GDT_IST_COUNT; ist++)
        gdt_set_ist(&cpu->gdt, (enum gdt_ist)ist,
                    (void *)(uintptr_t)cpu->exception_stacks[ist - 1]);
    idt_load();
    apic_init_processor();
    syscall_init_processor();
    __atomic_store_n(&cpu->online, true, __ATOMIC_RELEASE);
    sched_run_idle((void *)(uintptr_t)top);
}

static bool stacks_make(struct cpu *cpu)
{
    cpu->kernel_rsp = thread_stack_allocate();
    for (unsigned i = 0; i < GDT_IST_COUNT && cpu->kernel_rsp != 0; i++) {
        cpu->exception_stacks[i] = thread_stack_allocate();
        if (cpu->exception_stacks[i] == 0)
            return false;
    }
    return cpu->kernel_rsp != 0;
}

static void wait_us(unsigned microseconds)
{
    while (microseconds-- > 0)
        io_write_8(PAUSE_PORT, 0);
}

bool smp_start_processor(uint32_t apic_id)
{
    struct smp_parameters *parameters;
    struct cpu *cpu;

    if (!trampoline_make())
        return false;
    cpu = cpu_add(apic_id);
    if (cpu == nullptr || !stacks_make(cpu))
        return false;
    generator_prepare(cpu->index);
    parameters = (struct smp_parameters *)((uint8_t *)direct_map_at(trampoline.page) +
                                           (smp_trampoline_parameters - smp_trampoline));
    parameters->gdt = (uint32_t)(trampoline.page +
                                 (uint64_t)(smp_trampoline_parameters - smp_trampoline) - GDT_LEN);
    parameters->jump =
        (uint32_t)(trampoline.page + (uint64_t)(smp_trampoline_long - smp_trampoline));
    parameters->root = trampoline.root;
    parameters->stack_top = cpu->kernel_rsp;
    parameters->argument = (uintptr_t)cpu;
    parameters->function = (uintptr_t)smp_begin;
    apic_send_init(apic_id);
    wait_us(10000);
    apic_send_startup(apic_id, (unsigned)(trampoline.page / PAGE_LEN));
    wait_us(200);
    if (!__atomic_load_n(&cpu->online, __ATOMIC_ACQUIRE))
        apic_send_startup(apic_id, (unsigned)(trampoline.page / PAGE_LEN));
    for (unsigned i = 0; i < WAIT_LIMIT; i++) {
        if (__atomic_load_n(&cpu->online, __ATOMIC_ACQUIRE))
            return true;
        __builtin_ia32_pause();
    }
    return false;
}
