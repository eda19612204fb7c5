#include "kernel/dev/power.h"

#include "kernel/console.h"
#include "kernel/cpu/control.h"
#include "kernel/cpu/io.h"
#include "kernel/dev/clock.h"
#include "kernel/dev/platform.h"
#include "kernel/mem/paging.h"

/* PM1 control register (ACPI 6.5 §4.8.3.2.1). */
#define PM1_SCI_ENABLED 0x0001u
#define PM1_SLEEP_TYPE_SHIFT 10
#define PM1_SLEEP_TYPE_MASK (7u << PM1_SLEEP_TYPE_SHIFT)
#define PM1_SLEEP_ENABLE (1u << 13)
/* Sleep control register (§4.8.3.7). */
#define SLEEP_TYPE_SHIFT 2
#define SLEEP_ENABLE (1u << 5)

/* Reset control register of Intel's I/O controller hubs, which all others imitate. */
#define RESET_CONTROL_PORT 0xCF9u
#define RESET_CONTROL_HARD 0x02u
#define RESET_CONTROL_GO 0x06u
/* Keyboard controller (8042): its command 0xFE pulses the reset line. */
#define KEYBOARD_STATUS_PORT 0x64u
#define KEYBOARD_COMMAND_PORT 0x64u
#define KEYBOARD_INPUT_FULL 0x02u
#define KEYBOARD_RESET 0xFEu

#define MOMENT_NS UINT64_C(100000000)

static struct acpi_power power;

static void wait_a_moment(void)
{
    uint64_t end_ns = clock_now_ns() + MOMENT_NS;

    while (clock_now_ns() < end_ns)
        ;
}

/* Makes a register usable now, while there is memory for tables: the address of one in memory
 * becomes virtual. One that cannot be used counts as absent. */
static void register_prepare(struct acpi_register *reg, unsigned len)
{
    if (reg->address == 0 || reg->space == ACPI_SPACE_IO)
        return;
    reg->address = reg->address % len == 0 ? (uintptr_t)paging_map_device(reg->address, len) : 0;
}

static void register_write_8(const struct acpi_register *reg, uint8_t value)
{
    if (reg->space == ACPI_SPACE_IO)
        io_write_8((uint16_t)reg->address, value);
    else
        *(volatile uint8_t *)(uintptr_t)reg->address = value;
}

static void register_write_16(const struct acpi_register *reg, uint16_t value)
{
    if (reg->space == ACPI_SPACE_IO)
        io_write_16((uint16_t)reg->address, value);
    else
        *(volatile uint16_t *)(uintptr_t)reg->address = value;
}

static uint16_t register_read_16(const struct acpi_register *reg)
{
    if (reg->space == ACPI_SPACE_IO)
        return io_read_16((uint16_t)reg->address);
    return *(volatile uint16_t *)(uintptr_t)reg->address;
}

void power_init(void)
{
    power = platform_get()->power;
    register_prepare(&power.pm1a_control, 2);
    register_prepare(&power.pm1b_control, 2);
    register_prepare(&power.sleep_control, 1);
    register_prepare(&power.reset, 1);
}

/* Firmware may have left the machine in legacy mode, where PM1 control does nothing (§16.3.1). */
static void enable_acpi(void)
{
    if (power.smi_command_port == 0 || power.smi_command_port > UINT16_MAX ||
        power.acpi_enable_value == 0 ||
        (register_read_16(&power.pm1a_control) & PM1_SCI_ENABLED) != 0)
        return;
    io_write_8((uint16_t)power.smi_command_port, power.acpi_enable_value);
    for (unsigned i = 0; i < 30; i++) {
        if ((register_read_16(&power.pm1a_control) & PM1_SCI_ENABLED) != 0)
            return;
        wait_a_moment();
    }
}

static void pm1_write(const struct acpi_register *pm1, uint8_t type, unsigned enable)
{
    uint16_t value;

    if (pm1->address == 0)
        return;
    value = register_read_16(pm1) & (uint16_t)~(PM1_SLEEP_TYPE_MASK | PM1_SLEEP_ENABLE);
    register_write_16(pm1, (uint16_t)(value | (unsigned)type << PM1_SLEEP_TYPE_SHIFT | enable));
}

/* The type first, and only then the bit that acts on it: some chipsets want two steps, and all that
 * have two blocks act once both have it. */
static void pm1_sleep(void)
{
    enable_acpi();
    for (unsigned enable = 0; enable <= PM1_SLEEP_ENABLE; enable += PM1_SLEEP_ENABLE) {
        pm1_write(&power.pm1a_control, power.s5_a, enable);
        pm1_write(&power.pm1b_control, power.s5_b, enable);
    }
    wait_a_moment();
}

/* Tries every way there is, and returns why the machine is still on. */
static const char *try_power_off(void)
{
    const struct platform *platform = platform_get();

    if ((platform->tables >> ACPI_FADT & 1) == 0)
        return platform->malformed == 0 ? "there are no ACPI tables" : "an ACPI table is malformed";
    if (!power.has_s5)
        return "the ACPI tables do not say how (_S5)";
    if (power.sleep_control.address == 0 && power.pm1a_control.address == 0)
        return "there is no usable power management register";
    if (power.sleep_control.address != 0) {
        register_write_8(&power.sleep_control,
                         (uint8_t)((unsigned)power.s5_a << SLEEP_TYPE_SHIFT | SLEEP_ENABLE));
        wait_a_moment();
    }
    if (power.pm1a_control.address != 0)
        pm1_sleep();
    return "the machine did not react";
}

void power_off(void)
{
    console_printf("NONOS: powering off\n");
    console_printf("NONOS: it cannot be powered off: %s; halted\n", try_power_off());
    control_halt();
}

static void keyboard_reset(void)
{
    for (unsigned i = 0; i < 100000; i++) {
        if ((io_read_8(KEYBOARD_STATUS_PORT) & KEYBOARD_INPUT_FULL) == 0)
            break;
    }
    io_write_8(KEYBOARD_COMMAND_PORT, KEYBOARD_RESET);
    wait_a_moment();
}

void power_reboot(void)
{
    console_printf("NONOS: restarting\n");
    if (power.reset.address != 0) {
        register_write_8(&power.reset, power.reset_value);
        wait_a_moment();
    }
    io_write_8(RESET_CONTROL_PORT, RESET_CONTROL_HARD);
    io_write_8(RESET_CONTROL_PORT, RESET_CONTROL_GO);
    wait_a_moment();
    keyboard_reset();
    control_shut_down();
}
