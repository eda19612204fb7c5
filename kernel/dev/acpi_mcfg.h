/*
 * acpi_mcfg.h - the MCFG: where PCI configuration space is in memory.
 *
 * Source: PCI Firmware 3.3 §4.1.2.
 */
#ifndef NONOS_KERNEL_DEV_ACPI_MCFG_H
#define NONOS_KERNEL_DEV_ACPI_MCFG_H

#include "kernel/dev/acpi_table.h"
#include "kernel/dev/platform.h"

#define ACPI_MCFG_MIN_LEN 44u

/* Adds to ecam. False when an entry is cut off, has no buses or no aligned address, reaches beyond
 * physical memory, or names a bus a second time: that one is left out. */
[[nodiscard]] bool acpi_mcfg_read(const struct acpi_table *mcfg, struct platform *platform);

#endif
