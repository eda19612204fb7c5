#include "kernel/dev/platform.h"

#include "kernel/console.h"
#include "kernel/cpu/control.h"
#include "kernel/cpu/msr.h"
#include "kernel/mem/paging.h"

static struct platform platform;

const struct platform *platform_get(void)
{
    return &platform;
}

static const uint8_t *show_firmware([[maybe_unused]] void *context, uint64_t paddr, size_t len)
{
    return paging_map_firmware(paddr, len);
}

/* Of this processor, all 32 bits where there are so many (SDM vol. 2, CPUID leaves 1 and 0BH). */
static uint32_t read_apic_id(void)
{
    struct cpuid topology = {};

    if (control_cpuid(0, 0).eax >= 0xB)
        topology = control_cpuid(0xB, 0);
    return topology.ebx != 0 ? topology.edx : control_cpuid(1, 0).ebx >> 24;
}

static void note_malformed(enum acpi_kind kind)
{
    platform.malformed = (uint8_t)(platform.malformed | 1u << kind);
}

/* Puts the processor that boots first, whatever firmware says of it: it is running. */
static void place_boot_processor(uint32_t apic_id)
{
    struct platform_processor *first = platform.processors;
    uint32_t at = 0;

    while (at < platform.processor_count && first[at].apic_id != apic_id)
        at++;
    if (at == platform.processor_count) {
        if (at > 0)
            note_malformed(ACPI_MADT);
        if (at == PLATFORM_PROCESSOR_MAX) {
            platform.processors_ignored++;
            at--;
        } else {
            platform.processor_count++;
        }
    }
    for (; at > 0; at--)
        first[at] = first[at - 1];
    *first = (struct platform_processor){apic_id, true};
}

/* The processor's register is right: writing elsewhere would be writing to anything. */
static void place_lapic(uint64_t paddr)
{
    if (platform.lapic_paddr != 0 && platform.lapic_paddr != paddr)
        note_malformed(ACPI_MADT);
    platform.lapic_paddr = paddr;
}

void platform_init(uint64_t rsdp_paddr)
{
    acpi_read(show_firmware, nullptr, rsdp_paddr, &platform);
    if ((platform.tables >> ACPI_MADT & 1) == 0)
        platform.has_8259 = true;
    place_boot_processor(read_apic_id());
    place_lapic(msr_read(MSR_APIC_BASE) & MSR_APIC_BASE_PADDR);
    for (unsigned kind = 0; kind < ACPI_KIND_COUNT; kind++) {
        if ((platform.malformed >> kind & 1) != 0)
            console_printf("NONOS: ACPI: %s is malformed; what is wrong in it is left out\n",
                           acpi_kind_name(kind));
    }
}

static void print_register(const char *label, const struct acpi_register *reg)
{
    if (reg->address != 0)
        console_printf("  %-12s%s 0x%llx, %u bits\n", label,
                       reg->space == ACPI_SPACE_IO ? "port" : "memory",
                       (unsigned long long)reg->address, reg->width_bits);
}

static void print_processors(void)
{
    uint32_t enabled_count = 0;

    for (uint32_t i = 0; i < platform.processor_count; i++)
        enabled_count += platform.processors[i].enabled;
    console_printf("  processors  %u, %u not enabled, %u ignored; local APIC at 0x%llx\n",
                   enabled_count, platform.processor_count - enabled_count,
                   platform.processors_ignored, (unsigned long long)platform.lapic_paddr);
    console_printf("  APIC ids   ");
    for (uint32_t i = 0; i < platform.processor_count; i++)
        console_printf(platform.processors[i].enabled ? " %u" : " (%u)",
                       platform.processors[i].apic_id);
    console_printf("\n");
}

void platform_print(void)
{
    print_processors();
    for (uint32_t i = 0; i < platform.io_apic_count; i++)
        console_printf("  I/O APIC    id %u at 0x%llx, interrupts from %u\n",
                       platform.io_apics[i].id, (unsigned long long)platform.io_apics[i].paddr,
                       platform.io_apics[i].gsi_base);
    for (uint32_t i = 0; i < platform.override_count; i++)
        console_printf("  ISA %-8u%u, %s, %s\n", platform.overrides[i].irq,
                       platform.overrides[i].gsi, platform.overrides[i].active_low ? "low" : "high",
                       platform.overrides[i].level ? "level" : "edge");
    if (platform.has_8259)
        console_printf("  8259        yes\n");
    if (platform.hpet_paddr != 0)
        console_printf("  HPET        0x%llx\n", (unsigned long long)platform.hpet_paddr);
    print_register("PM timer", &platform.pm_timer);
    for (uint32_t i = 0; i < platform.ecam_count; i++)
        console_printf("  PCI         segment %u, buses %u-%u, at 0x%llx\n",
                       platform.ecam[i].segment, platform.ecam[i].first_bus,
                       platform.ecam[i].last_bus, (unsigned long long)platform.ecam[i].paddr);
    console_printf("  power off   %s\n", platform.power.has_s5 ? "ACPI" : "unknown");
    print_register("reset", &platform.power.reset);
}
