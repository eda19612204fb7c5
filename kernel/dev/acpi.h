/*
 * acpi.h - the few ACPI facts that the kernel needs: how to switch off and how to reset.
 *
 * Source: ACPI 6.5 §5.2.5 (RSDP), §5.2.6 (header), §5.2.7 (RSDT), §5.2.8 (XSDT), §5.2.9 (FADT),
 * §5.2.3.2 (generic address), §7.4.2 (_Sx), §20.2 (AML encoding). No AML is run: \_S5_ is found by
 * its encoding, a name with a package of constants. Firmware is not believed: every length is
 * checked against the table's and the table's against memory, every checksum is tested, and all of
 * it takes bounded time.
 */
#ifndef NONOS_KERNEL_DEV_ACPI_H
#define NONOS_KERNEL_DEV_ACPI_H

#include "abi/error.h"

#include <stddef.h>
#include <stdint.h>

/* A table longer than this is not read. */
#define ACPI_TABLE_MAX_LEN (1024u * 1024)

/* Shows len bytes of physical memory at paddr; null when that is not all memory one can read. */
typedef const uint8_t *acpi_memory(void *context, uint64_t paddr, size_t len);

enum acpi_space {
    ACPI_SPACE_MEMORY = 0,
    ACPI_SPACE_IO = 1,
    ACPI_SPACE_PCI = 2,
};

/* A register; address 0 = there is none. */
struct acpi_register {
    uint64_t address;
    uint8_t space;      /* enum acpi_space, or another that the kernel does not know */
    uint8_t width_bits; /* 8, 16, 32 or 64 */
};

struct acpi_power {
    bool hardware_reduced;
    struct acpi_register pm1a_control;
    struct acpi_register pm1b_control;
    struct acpi_register sleep_control; /* when hardware_reduced */
    struct acpi_register reset;         /* address 0 when the reset flag is clear */
    uint8_t reset_value;
    uint32_t smi_command_port; /* 0: ACPI mode is always on */
    uint8_t acpi_enable_value;
    bool has_s5; /* the two values are known */
    uint8_t s5_a;
    uint8_t s5_b;
};

/* Follows rsdp_paddr to the FADT and the DSDT. NONOS_E_NOT_FOUND when there is no RSDP or no FADT,
 * NONOS_E_ACPI_TABLE when a table on the way is malformed; *power is zero on failure. A DSDT
 * that is absent or malformed is no failure: has_s5 stays false. */
[[nodiscard]] enum nonos_error acpi_read_power(acpi_memory *memory, void *context,
                                               uint64_t rsdp_paddr, struct acpi_power *power);

#endif
