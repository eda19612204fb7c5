/*
 * acpi_madt.h - the MADT: processors and interrupt controllers.
 *
 * Source: ACPI 6.5 §5.2.12.
 */
#ifndef NONOS_KERNEL_DEV_ACPI_MADT_H
#define NONOS_KERNEL_DEV_ACPI_MADT_H

#include "kernel/dev/acpi_table.h"
#include "kernel/dev/platform.h"

#define ACPI_MADT_MIN_LEN 44u

/* Adds processors that can be used (types 0 and 9), I/O APICs (1) and overrides (2), and sets
 * lapic_paddr and has_8259. What stands twice is taken once. False when an entry is malformed: that
 * one is left out, and all behind it when its length is what is wrong. */
[[nodiscard]] bool acpi_madt_read(const struct acpi_table *madt, struct platform *platform);

#endif
