/*
 * acpi_hpet.h - the HPET table.
 *
 * Source: IA-PC HPET 1.0a §3.2.4.
 */
#ifndef NONOS_KERNEL_DEV_ACPI_HPET_H
#define NONOS_KERNEL_DEV_ACPI_HPET_H

#include "kernel/dev/acpi_table.h"
#include "kernel/dev/platform.h"

#define ACPI_HPET_MIN_LEN 56u

/* Sets hpet_paddr. False when it is not in memory or not aligned to its 1 KiB. */
[[nodiscard]] bool acpi_hpet_read(const struct acpi_table *hpet, struct platform *platform);

#endif
