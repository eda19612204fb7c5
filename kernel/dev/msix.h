/*
 * msix.h - interrupts that a PCI function sends as messages, one for each function.
 *
 * Source: PCI Local Bus 3.0 §6.8.2 (MSI-X).
 */
#ifndef NONOS_KERNEL_DEV_MSIX_H
#define NONOS_KERNEL_DEV_MSIX_H

#include "kernel/cpu/interrupts.h"
#include "kernel/dev/pci.h"

/* Switches the function over to messages, all masked but none of them set; returns the first entry
 * of its table, null when it has none. */
[[nodiscard]] volatile void *msix_start(const struct pci_function *function);

/* The message that the first entry sends from now on. */
void msix_set(volatile void *entry, struct interrupts_message message);

#endif
