/*
 * pm_timer.h - ACPI's power management timer: a counter of 3.579545 MHz in an I/O port.
 *
 * Source: ACPI 6.5 §4.8.3.3, §5.2.9 (PM_TMR_BLK, X_PM_TMR_BLK, TMR_VAL_EXT).
 */
#ifndef NONOS_KERNEL_DEV_PM_TIMER_H
#define NONOS_KERNEL_DEV_PM_TIMER_H

#include "kernel/dev/acpi.h"
#include "kernel/dev/counter.h"

/* It counts at all times. where: of struct platform. False, and *counter zero, when that names no
 * I/O port (nobody has it in memory). */
[[nodiscard]] bool pm_timer_find(const struct acpi_register *where, struct counter *counter);

#endif
