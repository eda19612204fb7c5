/*
 * io_apic.h - the I/O APICs: which interrupt of which device reaches whom, as what.
 *
 * An interrupt is named by its number in the whole system (GSI). The 16 of the old bus (IRQ) are
 * those with the same number, edge triggered and active high, unless an override says otherwise.
 *
 * Source: Intel 82093AA data sheet §3; ACPI 6.5 §5.2.12.3 (I/O APIC), §5.2.12.5 (overrides).
 */
#ifndef NONOS_KERNEL_DEV_IO_APIC_H
#define NONOS_KERNEL_DEV_IO_APIC_H

#include "abi/error.h"
#include "kernel/dev/platform.h"

#include <stdint.h>

/* Masks everything that any of them could send. One whose registers cannot be mapped or make no
 * sense is left out. platform stays the caller's. */
void io_apic_init(const struct platform *platform);

/* Lets an interrupt of the old bus through, as vector, to the processor with this APIC's number.
 * NONOS_E_NOT_FOUND when no I/O APIC has it, or the number has more than eight bits. */
[[nodiscard]] enum nonos_error io_apic_route(uint8_t irq, uint8_t vector, uint32_t apic_id);

/* Masks it again. */
void io_apic_mask(uint8_t irq);

#endif
