/*
 * acpi_fadt.h - the FADT: power management timer, switching off, reset.
 *
 * Source: ACPI 6.5 §5.2.9, §4.8.3.
 */
#ifndef NONOS_KERNEL_DEV_ACPI_FADT_H
#define NONOS_KERNEL_DEV_ACPI_FADT_H

#include "kernel/dev/acpi_table.h"
#include "kernel/dev/platform.h"

#define ACPI_FADT_MIN_LEN 116u /* ACPI 1.0 */

/* Sets power, but for the values of S5, and pm_timer. Always true: what the table lacks is absent.
 */
[[nodiscard]] bool acpi_fadt_read(const struct acpi_table *fadt, struct platform *platform);

/* Where the DSDT is; 0: nowhere. */
uint64_t acpi_fadt_dsdt(const struct acpi_table *fadt);

#endif
