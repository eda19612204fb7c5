#include "kernel/dev/acpi_fadt.h"

/* Offsets (ACPI 6.5 table 5.9). */
enum {
    FADT_DSDT = 40,
    FADT_SMI_COMMAND = 48,
    FADT_ACPI_ENABLE = 52,
    FADT_PM1A_CONTROL = 64,
    FADT_PM1B_CONTROL = 68,
    FADT_PM_TIMER = 76,
    FADT_PM_TIMER_LEN = 91,
    FADT_FLAGS = 112,
    FADT_RESET_REGISTER = 116,
    FADT_RESET_VALUE = 128,
    FADT_X_DSDT = 140,
    FADT_X_PM1A_CONTROL = 172,
    FADT_X_PM1B_CONTROL = 184,
    FADT_X_PM_TIMER = 208,
    FADT_SLEEP_CONTROL = 244,
};

#define FLAG_TIMER_32_BITS (1u << 8)
#define FLAG_RESET (1u << 10)
#define FLAG_HARDWARE_REDUCED (1u << 20)
#define PM_TIMER_LEN 4u

/* The generic address where there is one that can be used, else the older port number. */
static struct acpi_register read_block(const struct acpi_table *fadt, size_t generic, size_t port,
                                       uint8_t width_bits)
{
    struct acpi_register block = acpi_field_register(fadt, generic);
    uint32_t number = acpi_field32(fadt, port);

    if (block.address == 0 && number <= UINT16_MAX)
        block = (struct acpi_register){.space = ACPI_SPACE_IO, .address = number};
    block.width_bits = width_bits;
    return block;
}

bool acpi_fadt_read(const struct acpi_table *fadt, struct platform *platform)
{
    struct acpi_power *power = &platform->power;
    uint32_t flags = acpi_field32(fadt, FADT_FLAGS);

    power->sleep_control = acpi_field_register(fadt, FADT_SLEEP_CONTROL);
    if ((flags & FLAG_RESET) != 0) {
        power->reset = acpi_field_register(fadt, FADT_RESET_REGISTER);
        power->reset_value = acpi_field8(fadt, FADT_RESET_VALUE);
    }
    if ((flags & FLAG_HARDWARE_REDUCED) != 0)
        return true;
    power->pm1a_control = read_block(fadt, FADT_X_PM1A_CONTROL, FADT_PM1A_CONTROL, 16);
    power->pm1b_control = read_block(fadt, FADT_X_PM1B_CONTROL, FADT_PM1B_CONTROL, 16);
    power->smi_command_port = acpi_field32(fadt, FADT_SMI_COMMAND);
    power->acpi_enable_value = acpi_field8(fadt, FADT_ACPI_ENABLE);
    if (acpi_field8(fadt, FADT_PM_TIMER_LEN) == PM_TIMER_LEN)
        platform->pm_timer = read_block(fadt, FADT_X_PM_TIMER, FADT_PM_TIMER,
                                        (flags & FLAG_TIMER_32_BITS) != 0 ? 32 : 24);
    return true;
}

uint64_t acpi_fadt_dsdt(const struct acpi_table *fadt)
{
    uint64_t paddr = acpi_field64(fadt, FADT_X_DSDT);

    return paddr != 0 ? paddr : acpi_field32(fadt, FADT_DSDT);
}
