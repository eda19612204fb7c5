#include "kernel/cpu/cpu.h"

#include "kernel/cpu/msr.h"
#include "kernel/mem/frames.h"

static struct cpu first;
static struct cpu *cpus[CPU_MAX];
static uint32_t count;
alignas(16) static uint8_t early_stack[4096];

void cpu_load(struct cpu *cpu, void *early_stack_top)
{
    cpu->self = cpu;
    gdt_init(&cpu->gdt, early_stack_top);
    msr_write(MSR_GS_BASE, (uintptr_t)cpu);
    msr_write(MSR_KERNEL_GS_BASE, 0);
}

void cpu_init_first(void)
{
    first.online = true;
    sched_init_queue(&first.queue);
    cpus[count++] = &first;
    cpu_load(&first, early_stack + sizeof early_stack);
}

struct cpu *cpu_add(uint32_t apic_id)
{
    struct cpu *cpu;
    paddr_t paddr;

    if (count == CPU_MAX)
        return nullptr;
    paddr = frames_allocate(frames_order_for(sizeof *cpu));
    if (paddr == 0)
        return nullptr;
    cpu = direct_map_at(paddr);
    cpu->self = cpu;
    cpu->index = count;
    cpu->apic_id = apic_id;
    sched_init_queue(&cpu->queue);
    cpus[count++] = cpu;
    return cpu;
}

void cpu_remove_last(void)
{
    count--;
    frames_free((uintptr_t)cpus[count] - ADDRESS_DIRECT_MAP);
    cpus[count] = nullptr;
}

struct cpu *cpu_get(uint32_t index)
{
    return cpus[index];
}

uint32_t cpu_count(void)
{
    return count;
}
