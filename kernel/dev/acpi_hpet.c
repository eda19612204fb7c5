#include "kernel/dev/acpi_hpet.h"

#define HPET_ADDRESS 40u
#define HPET_LEN 1024u

bool acpi_hpet_read(const struct acpi_table *hpet, struct platform *platform)
{
    struct acpi_register reg = acpi_field_register(hpet, HPET_ADDRESS);

    if (reg.space != ACPI_SPACE_MEMORY || reg.address == 0 || reg.address % HPET_LEN != 0)
        return false;
    platform->hpet_paddr = reg.address;
    return true;
}
