#include "kernel/dev/acpi.h"

#include "kernel/dev/acpi_fadt.h"
#include "kernel/dev/acpi_hpet.h"
#include "kernel/dev/acpi_madt.h"
#include "kernel/dev/acpi_mcfg.h"
#include "kernel/dev/acpi_s5.h"
#include "kernel/dev/acpi_virtio.h"

#include <string.h>

/* By enum acpi_kind. Those with a reader are looked for in the root. */
static const struct kind {
    char signature[5];
    uint8_t min_len;
    bool (*read)(const struct acpi_table *table, struct platform *platform);
} kinds[ACPI_KIND_COUNT] = {
    [ACPI_ROOT] = {"RSDP", 0, nullptr},
    [ACPI_MADT] = {"APIC", ACPI_MADT_MIN_LEN, acpi_madt_read},
    [ACPI_FADT] = {"FACP", ACPI_FADT_MIN_LEN, acpi_fadt_read},
    [ACPI_HPET] = {"HPET", ACPI_HPET_MIN_LEN, acpi_hpet_read},
    [ACPI_MCFG] = {"MCFG", ACPI_MCFG_MIN_LEN, acpi_mcfg_read},
    [ACPI_DSDT] = {"DSDT", ACPI_HEADER_LEN, nullptr},
};

const char *acpi_kind_name(enum acpi_kind kind)
{
    return kinds[kind].signature;
}

static void note(uint8_t *set, unsigned kind)
{
    *set = (uint8_t)(*set | 1u << kind);
}

static void read_dsdt(const struct acpi_view *view, uint64_t paddr, struct platform *platform)
{
    struct acpi_table dsdt;

    if (paddr == 0)
        return;
    if (!acpi_table_read(view, paddr, kinds[ACPI_DSDT].signature, ACPI_HEADER_LEN,
                         ACPI_DSDT_MAX_LEN, &dsdt)) {
        note(&platform->malformed, ACPI_DSDT);
        return;
    }
    note(&platform->tables, ACPI_DSDT);
    acpi_s5_find(&dsdt, &platform->power);
    acpi_virtio_find(&dsdt, platform);
}

static void read_table(const struct acpi_view *view, uint64_t paddr, unsigned kind,
                       struct platform *platform)
{
    struct acpi_table table;

    if ((platform->tables >> kind & 1) != 0)
        return;
    if (!acpi_table_read(view, paddr, kinds[kind].signature, kinds[kind].min_len, ACPI_LIST_MAX_LEN,
                         &table)) {
        note(&platform->malformed, kind);
        return;
    }
    note(&platform->tables, kind);
    if (!kinds[kind].read(&table, platform))
        note(&platform->malformed, kind);
    if (kind == ACPI_FADT)
        read_dsdt(view, acpi_fadt_dsdt(&table), platform);
}

void acpi_read(acpi_memory *memory, void *context, uint64_t rsdp_paddr, struct platform *platform)
{
    const struct acpi_view view = {memory, context};
    struct acpi_root root;
    enum nonos_error error = acpi_root_read(&view, rsdp_paddr, &root);

    memset(platform, 0, sizeof *platform);
    if (error == NONOS_E_ACPI_TABLE)
        note(&platform->malformed, ACPI_ROOT);
    if (root.table.bytes != nullptr)
        note(&platform->tables, ACPI_ROOT);
    for (size_t i = 0; i < root.entry_count; i++) {
        uint64_t paddr = acpi_root_entry(&root, i);
        const uint8_t *signature = acpi_signature_at(&view, paddr);

        for (unsigned kind = 0; signature != nullptr && kind < ACPI_KIND_COUNT; kind++) {
            if (kinds[kind].read != nullptr && memcmp(signature, kinds[kind].signature, 4) == 0)
                read_table(&view, paddr, kind, platform);
        }
    }
}
