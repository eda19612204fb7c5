/*
 * acpi.h - what firmware's ACPI tables say about the machine.
 *
 * Source: ACPI 6.5 §5.2.5 to §5.2.12 (tables), §5.2.3.2 (generic address); IA-PC HPET 1.0a §3.2.4;
 * PCI Firmware 3.3 §4.1.2 (MCFG). No AML is run. Firmware is not believed: every length is checked
 * against the table's and the table's against memory, every checksum is tested, every list has an
 * end, and all of it takes bounded time.
 */
#ifndef NONOS_KERNEL_DEV_ACPI_H
#define NONOS_KERNEL_DEV_ACPI_H

#include <stddef.h>
#include <stdint.h>

/* Shows len bytes of physical memory at paddr; null when that is not all memory one can read. */
typedef const uint8_t *acpi_memory(void *context, uint64_t paddr, size_t len);

enum acpi_space {
    ACPI_SPACE_MEMORY = 0,
    ACPI_SPACE_IO = 1,
};

/* A register; address 0 = there is none that the kernel can use. */
struct acpi_register {
    uint64_t address;   /* in I/O space below 64 Ki */
    uint8_t space;      /* enum acpi_space */
    uint8_t width_bits; /* as the table says */
};

struct acpi_power {
    struct acpi_register pm1a_control; /* none, nor pm1b, where hardware is reduced */
    struct acpi_register pm1b_control;
    struct acpi_register sleep_control;
    struct acpi_register reset; /* address 0 when the reset flag is clear */
    uint8_t reset_value;
    uint32_t smi_command_port; /* 0: ACPI mode is always on */
    uint8_t acpi_enable_value;
    bool has_s5;  /* the two values are known */
    uint8_t s5_a; /* 0 to 7 */
    uint8_t s5_b;
};

/* What is read, in the order in which it is reported. */
enum acpi_kind {
    ACPI_ROOT, /* RSDP, XSDT, RSDT */
    ACPI_MADT,
    ACPI_FADT,
    ACPI_HPET,
    ACPI_MCFG,
    ACPI_DSDT, /* \_S5_ and virtio devices */
    ACPI_KIND_COUNT,
};

struct platform;

/* The signature of a table, "RSDP" for the root. */
const char *acpi_kind_name(enum acpi_kind kind);

/* Fills *platform from the tables at rsdp_paddr (0: none). A table that is malformed as a whole
 * counts as absent; one that is malformed in a part is taken without that part. Either has its bit
 * in platform->malformed. Of two that say something about the same thing the first one counts. */
void acpi_read(acpi_memory *memory, void *context, uint64_t rsdp_paddr, struct platform *platform);

#endif
