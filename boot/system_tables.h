/*
 * system_tables.h - where firmware says ACPI and SMBIOS are (UEFI 2.10 §4.6).
 */
#ifndef NONOS_BOOT_SYSTEM_TABLES_H
#define NONOS_BOOT_SYSTEM_TABLES_H

#include <stdint.h>

/* The RSDP, ACPI 2.0 or later preferred. 0 = none. */
[[nodiscard]] uint64_t system_tables_find_acpi(void);

/* The entry point structure, SMBIOS 3 preferred. 0 = none. */
[[nodiscard]] uint64_t system_tables_find_smbios(void);

#endif
