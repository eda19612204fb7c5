/*
 * platform.h - the machine as firmware describes it (ACPI), read once at boot.
 *
 * Nothing here was tried: an address is one that firmware names, and who maps it uses
 * paging_map_device, which refuses what is memory. Constant after platform_init.
 */
#ifndef NONOS_KERNEL_DEV_PLATFORM_H
#define NONOS_KERNEL_DEV_PLATFORM_H

#include "kernel/dev/acpi.h"

#include <stdint.h>

#define PLATFORM_PROCESSOR_MAX 64u
#define PLATFORM_IO_APIC_MAX 8u
#define PLATFORM_OVERRIDE_MAX 16u /* one for each ISA interrupt */
#define PLATFORM_ECAM_MAX 4u
#define PLATFORM_VIRTIO_MAX 32u

struct platform_processor {
    uint32_t apic_id; /* from 255 on it takes x2APIC mode */
    bool enabled;     /* else it may be plugged in later */
};

struct platform_io_apic {
    uint64_t paddr;
    uint32_t gsi_base; /* the global interrupt of its first pin */
    uint8_t id;
};

/* An ISA interrupt that is not the global interrupt of the same number, active high, by edge. */
struct platform_override {
    uint32_t gsi;
    uint8_t irq; /* 0 to 15, each at most once */
    bool active_low;
    bool level;
};

/* PCI configuration space in memory, 1 MiB for each bus. */
struct platform_ecam {
    uint64_t paddr; /* where bus 0 is or would be; aligned to 1 MiB */
    uint16_t segment;
    uint8_t first_bus;
    uint8_t last_bus; /* included; not below first_bus */
};

struct platform {
    /* At least one. The first one is the one that boots, and is enabled; ids are distinct. */
    struct platform_processor processors[PLATFORM_PROCESSOR_MAX];
    uint32_t processor_count;
    uint32_t processors_ignored; /* for which there was no room */
    uint64_t lapic_paddr; /* of the local APIC, where it is not in x2APIC mode; page-aligned */
    struct platform_io_apic io_apics[PLATFORM_IO_APIC_MAX]; /* distinct addresses, first pins */
    uint32_t io_apic_count;
    struct platform_override overrides[PLATFORM_OVERRIDE_MAX];
    uint32_t override_count;
    bool has_8259;                 /* a pair of PICs, to be masked */
    uint64_t hpet_paddr;           /* 0: none */
    struct acpi_register pm_timer; /* address 0: none; width_bits 24 or 32: what it counts in */
    struct platform_ecam ecam[PLATFORM_ECAM_MAX]; /* no bus twice */
    uint32_t ecam_count;
    uint64_t virtio_paddrs[PLATFORM_VIRTIO_MAX]; /* of devices that are not on PCI */
    uint32_t virtio_count;
    struct acpi_power power;
    uint8_t tables;    /* bits by enum acpi_kind: what was read */
    uint8_t malformed; /* the same: what is malformed, all of it or in part */
};

/* Reads the tables at rsdp_paddr and says, once, which are malformed. Without ACPI (rsdp_paddr 0):
 * one processor, its local APIC where its register says, an 8259, nothing else. On the processor
 * that boots; needs the direct map. */
void platform_init(uint64_t rsdp_paddr);

/* Never null; all zero before platform_init. */
const struct platform *platform_get(void);

/* For the command `machine`. */
void platform_print(void);

#endif
