#include "boot/system_tables.h"

#include "boot/firmware.h"

#include <string.h>

static uint64_t find(const struct efi_guid *guid)
{
    for (uint64_t i = 0; i < firmware->table_count; i++) {
        if (memcmp(&firmware->tables[i].guid, guid, sizeof(*guid)) == 0)
            return (uintptr_t)firmware->tables[i].table;
    }
    return 0;
}

uint64_t system_tables_find_acpi(void)
{
    uint64_t found = find(&efi_acpi_20_guid);
    return found != 0 ? found : find(&efi_acpi_10_guid);
}

uint64_t system_tables_find_smbios(void)
{
    uint64_t found = find(&efi_smbios_3_guid);
    return found != 0 ? found : find(&efi_smbios_guid);
}
