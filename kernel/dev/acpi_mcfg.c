#include "kernel/dev/acpi_mcfg.h"

#include "kernel/mem/address.h"

#define MCFG_ENTRIES 44u
#define ENTRY_LEN 16u
#define BUS_LEN (UINT64_C(1) << 20)

static bool is_overlapping(const struct platform_ecam *a, const struct platform_ecam *b)
{
    return a->segment == b->segment && a->first_bus <= b->last_bus && b->first_bus <= a->last_bus;
}

static bool add_ecam(const struct platform_ecam *ecam, struct platform *platform)
{
    if (ecam->first_bus > ecam->last_bus || ecam->paddr == 0 || ecam->paddr % BUS_LEN != 0 ||
        ecam->paddr >= ADDRESS_PADDR_END - (ecam->last_bus + 1) * BUS_LEN)
        return false;
    for (uint32_t i = 0; i < platform->ecam_count; i++) {
        if (is_overlapping(ecam, &platform->ecam[i]))
            return false;
    }
    if (platform->ecam_count < PLATFORM_ECAM_MAX)
        platform->ecam[platform->ecam_count++] = *ecam;
    return true;
}

bool acpi_mcfg_read(const struct acpi_table *mcfg, struct platform *platform)
{
    bool good = (mcfg->len - MCFG_ENTRIES) % ENTRY_LEN == 0;

    for (size_t at = MCFG_ENTRIES; at + ENTRY_LEN <= mcfg->len; at += ENTRY_LEN) {
        const struct platform_ecam ecam = {
            .paddr = acpi_field64(mcfg, at),
            .segment = (uint16_t)acpi_field32(mcfg, at + 8),
            .first_bus = acpi_field8(mcfg, at + 10),
            .last_bus = acpi_field8(mcfg, at + 11),
        };

        good &= add_ecam(&ecam, platform);
    }
    return good;
}
