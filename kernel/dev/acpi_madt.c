#include "kernel/dev/acpi_madt.h"

#include "kernel/mem/address.h"

#define MADT_LAPIC 36u
#define MADT_FLAGS 40u
#define MADT_ENTRIES 44u
#define MADT_FLAG_8259 1u

/* Types of entries (ACPI 6.5 table 5.21); others are skipped. */
enum {
    ENTRY_LAPIC = 0,
    ENTRY_IO_APIC = 1,
    ENTRY_OVERRIDE = 2,
    ENTRY_LAPIC_ADDRESS = 5,
    ENTRY_X2APIC = 9,
};

#define PROCESSOR_ENABLED 1u
#define PROCESSOR_ONLINE_CAPABLE 2u

#define ISA_IRQ_COUNT 16u
/* Flags of an override (table 5.26), two bits each; 0 is the bus's own way: high, by edge. */
#define POLARITY_LOW 3u
#define TRIGGER_LEVEL 3u

static void add_processor(uint32_t apic_id, uint32_t flags, struct platform *platform)
{
    bool enabled = (flags & PROCESSOR_ENABLED) != 0;

    if ((flags & (PROCESSOR_ENABLED | PROCESSOR_ONLINE_CAPABLE)) == 0)
        return;
    for (uint32_t i = 0; i < platform->processor_count; i++) {
        if (platform->processors[i].apic_id == apic_id) {
            platform->processors[i].enabled |= enabled;
            return;
        }
    }
    if (platform->processor_count < PLATFORM_PROCESSOR_MAX)
        platform->processors[platform->processor_count++] =
            (struct platform_processor){apic_id, enabled};
    else
        platform->processors_ignored++;
}

static void add_io_apic(const struct platform_io_apic *io_apic, struct platform *platform)
{
    for (uint32_t i = 0; i < platform->io_apic_count; i++) {
        if (platform->io_apics[i].paddr == io_apic->paddr ||
            platform->io_apics[i].gsi_base == io_apic->gsi_base)
            return;
    }
    if (platform->io_apic_count < PLATFORM_IO_APIC_MAX)
        platform->io_apics[platform->io_apic_count++] = *io_apic;
}

static void add_override(const struct platform_override *override, struct platform *platform)
{
    for (uint32_t i = 0; i < platform->override_count; i++) {
        if (platform->overrides[i].irq == override->irq)
            return;
    }
    platform->overrides[platform->override_count++] = *override;
}

static bool set_lapic(uint64_t paddr, struct platform *platform)
{
    if (paddr == 0 || (paddr & PAGE_MASK) != 0 || paddr >= ADDRESS_PADDR_END)
        return false;
    platform->lapic_paddr = paddr;
    return true;
}

/* A broadcast id names no processor: firmware fills places with it that are empty. */
static bool read_processor(const struct acpi_table *entry, size_t id_at, uint32_t id_mask,
                           struct platform *platform)
{
    uint32_t apic_id = acpi_field32(entry, id_at) & id_mask;

    if (apic_id != id_mask)
        add_processor(apic_id, acpi_field32(entry, id_at == 3 ? 4 : 8), platform);
    return true;
}

static bool read_io_apic(const struct acpi_table *entry, struct platform *platform)
{
    const struct platform_io_apic io_apic = {
        .paddr = acpi_field32(entry, 4),
        .gsi_base = acpi_field32(entry, 8),
        .id = acpi_field8(entry, 2),
    };

    if (io_apic.paddr == 0 || io_apic.paddr % 16 != 0)
        return false;
    add_io_apic(&io_apic, platform);
    return true;
}

static bool read_override(const struct acpi_table *entry, struct platform *platform)
{
    uint8_t flags = acpi_field8(entry, 8);
    const struct platform_override override = {
        .gsi = acpi_field32(entry, 4),
        .irq = acpi_field8(entry, 3),
        .active_low = (flags & 3u) == POLARITY_LOW,
        .level = (flags >> 2 & 3u) == TRIGGER_LEVEL,
    };

    /* The bus is ISA, number 0: there is no other. */
    if (acpi_field8(entry, 2) != 0 || override.irq >= ISA_IRQ_COUNT)
        return false;
    add_override(&override, platform);
    return true;
}

/* entry has the length that it says it has. */
static bool read_entry(const struct acpi_table *entry, struct platform *platform)
{
    static const uint8_t min_lens[] = {[ENTRY_LAPIC] = 8,
                                       [ENTRY_IO_APIC] = 12,
                                       [ENTRY_OVERRIDE] = 10,
                                       [ENTRY_LAPIC_ADDRESS] = 12,
                                       [ENTRY_X2APIC] = 16};
    uint8_t type = entry->bytes[0];

    if (type < sizeof min_lens && entry->len < min_lens[type])
        return false;
    switch (type) {
    case ENTRY_LAPIC:
        return read_processor(entry, 3, UINT8_MAX, platform);
    case ENTRY_IO_APIC:
        return read_io_apic(entry, platform);
    case ENTRY_OVERRIDE:
        return read_override(entry, platform);
    case ENTRY_LAPIC_ADDRESS:
        return set_lapic(acpi_field64(entry, 4), platform);
    case ENTRY_X2APIC:
        return read_processor(entry, 4, UINT32_MAX, platform);
    default:
        return true;
    }
}

bool acpi_madt_read(const struct acpi_table *madt, struct platform *platform)
{
    bool good = set_lapic(acpi_field32(madt, MADT_LAPIC), platform);

    platform->has_8259 = (acpi_field32(madt, MADT_FLAGS) & MADT_FLAG_8259) != 0;
    for (size_t at = MADT_ENTRIES; at < madt->len;) {
        struct acpi_table entry = {madt->bytes + at, madt->len - at};
        size_t len = acpi_field8(&entry, 1);

        if (len < 2 || len > entry.len)
            return false;
        entry.len = len;
        good &= read_entry(&entry, platform);
        at += len;
    }
    return good;
}
