/*
 * pci.h - PCI: finding a function, its capabilities, its memory.
 *
 * Source: PCI Local Bus 3.0 §3.2.2.3 (ports), §6.1 (header), §6.7 (capabilities); PCI Express Base
 * 4.0 §7.2.2 (ECAM). Configuration goes through the first ECAM of segment 0 that ACPI names, and
 * where there is none through the ports 0xCF8 and 0xCFC. Buses and addresses are as firmware has
 * assigned them. No value is believed: each loop has an end, and nothing that is memory of the
 * machine can be mapped as a device's (paging_map_device). For one processor at a time.
 */
#ifndef NONOS_KERNEL_DEV_PCI_H
#define NONOS_KERNEL_DEV_PCI_H

#include <stddef.h>
#include <stdint.h>

#define PCI_COMMAND 0x04u
#define PCI_COMMAND_MEMORY 0x2u /* it answers at its addresses */
#define PCI_COMMAND_MASTER 0x4u /* it may read and write memory */
#define PCI_CAPABILITY_VENDOR 0x09u
#define PCI_CAPABILITY_MSIX 0x11u

struct pci_function {
    volatile uint8_t *ecam; /* its configuration space; null: through the ports */
    uint16_t address;       /* bus << 8 | device << 3 | function */
};

/* The first function, in the order of buses, whose identification (device << 16 | vendor) is one of
 * the two; buses behind bridges included. */
[[nodiscard]] bool pci_find(uint32_t id, uint32_t other_id, struct pci_function *found);

/* Configuration space; offset is a multiple of 4, below 256. */
[[nodiscard]] uint32_t pci_read(const struct pci_function *function, unsigned offset);
void pci_write(const struct pci_function *function, unsigned offset, uint32_t value);

/* The offset of the index-th capability with this id; 0 when there are fewer. */
[[nodiscard]] unsigned pci_capability(const struct pci_function *function, uint8_t id,
                                      unsigned index);

/* Maps a part of what a base address register (0 to 5) stands for. Null when it stands for ports or
 * nothing, or may not be mapped. The register's length is not asked for. */
[[nodiscard]] volatile void *pci_map(const struct pci_function *function, unsigned bar,
                                     uint32_t offset, uint32_t len);

#endif
