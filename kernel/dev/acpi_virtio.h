/*
 * acpi_virtio.h - virtio devices that are not on PCI, found in the DSDT by their encoding.
 *
 * Source: virtio 1.2 §4.2 (MMIO); their hardware id is LNRO0005. ACPI 6.5 §6.4.3.4 (fixed memory of
 * 32 bits), §20.2 (AML encoding).
 */
#ifndef NONOS_KERNEL_DEV_ACPI_VIRTIO_H
#define NONOS_KERNEL_DEV_ACPI_VIRTIO_H

#include "kernel/dev/acpi_table.h"
#include "kernel/dev/platform.h"

/* Sets virtio_paddrs and virtio_count: the first memory that is named soon after each such id. */
void acpi_virtio_find(const struct acpi_table *dsdt, struct platform *platform);

#endif
