/*
 * acpi_s5.h - \_S5_: what to write to switch off, found in the DSDT by its encoding.
 *
 * Source: ACPI 6.5 §7.4.2 (_Sx), §20.2 (AML encoding).
 */
#ifndef NONOS_KERNEL_DEV_ACPI_S5_H
#define NONOS_KERNEL_DEV_ACPI_S5_H

#include "kernel/dev/acpi_table.h"

/* The first name \_S5_ with a package of one or two constants from 0 to 7 sets has_s5, s5_a and
 * s5_b; without one nothing changes. */
void acpi_s5_find(const struct acpi_table *dsdt, struct acpi_power *power);

#endif
