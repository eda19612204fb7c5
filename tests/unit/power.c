#include "kernel/dev/power.h"

#include "kernel/console.h"
#include "kernel/cpu/control.h"
#include "kernel/dev/clock.h"
#include "kernel/dev/platform.h"
#include "tests/support/registers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#define SCI_ENABLED 0x0001u
#define SLEEP_ENABLE 0x2000u
#define ALL_TABLES ((1u << ACPI_KIND_COUNT) - 1)
#define MOMENT_NS UINT64_C(100000000)

static struct platform machine;
static jmp_buf end;
enum { HALTED = 1, SHUT_DOWN, OFF };
static char said[256];
static uint64_t now_ns;
static uint16_t off_port;    /* writing to it with the bit of PM1 switches off; 0: nothing does */
static uint32_t sci_needed;  /* how often ACPI mode is looked for before it is there */
static uint8_t in_memory[8]; /* registers that are not ports */

const struct platform *platform_get(void)
{
    return &machine;
}

uint64_t clock_now_ns(void)
{
    return now_ns += MOMENT_NS / 4;
}

void console_printf(const char *format, ...)
{
    va_list arguments;
    size_t len = strlen(said);

    va_start(arguments, format);
    (void)vsnprintf(said + len, sizeof said - len, format, arguments);
    va_end(arguments);
}

void control_halt(void)
{
    longjmp(end, HALTED);
}

void control_shut_down(void)
{
    longjmp(end, SHUT_DOWN);
}

static void switch_off(enum register_kind kind, uint64_t where, uint64_t value)
{
    if (kind == PORT && off_port != 0 && where == off_port && (value & SLEEP_ENABLE) != 0)
        longjmp(end, OFF);
}

static bool read_pm1(enum register_kind kind, uint64_t where, uint64_t *value)
{
    if (kind != PORT || where != 0x604 || sci_needed == 0)
        return false;
    *value = --sci_needed == 0 ? SCI_ENABLED : 0;
    if (sci_needed == 0)
        register_put(PORT, 0x604, SCI_ENABLED);
    return true;
}

static int setup([[maybe_unused]] void **state)
{
    registers_reset();
    register_write_hook = switch_off;
    register_read_hook = read_pm1;
    register_put(PORT, 0x604, 0x1C00 | SCI_ENABLED); /* another type stands there */
    memset(in_memory, 0, sizeof in_memory);
    off_port = 0;
    sci_needed = 0;
    said[0] = '\0';
    machine = (struct platform){.tables = ALL_TABLES};
    machine.power.pm1a_control = (struct acpi_register){0x604, ACPI_SPACE_IO, 16};
    machine.power.has_s5 = true;
    machine.power.s5_a = 5;
    machine.power.s5_b = 6;
    return 0;
}

static void call(void (*function)(void), int wanted)
{
    int how;

    power_init();
    how = setjmp(end);
    if (how == 0)
        function();
    assert_int_equal(how, wanted);
}

static void check_failure(const char *why)
{
    char wanted[256];

    call(power_off, HALTED);
    (void)snprintf(wanted, sizeof wanted,
                   "NONOS: powering off\nNONOS: it cannot be powered off: %s; halted\n", why);
    assert_string_equal(said, wanted);
}

static void test_type_is_written_before_the_bit_that_acts([[maybe_unused]] void **state)
{
    off_port = 0x604;
    call(power_off, OFF);
    assert_accesses({'r', PORT, 0x604, 0x1C01}, {'w', PORT, 0x604, 0x1401},
                    {'r', PORT, 0x604, 0x1401}, {'w', PORT, 0x604, 0x3401});
    assert_string_equal(said, "NONOS: powering off\n");
}

static void test_both_blocks_have_the_type_before_either_acts([[maybe_unused]] void **state)
{
    machine.power.pm1b_control = (struct acpi_register){0x704, ACPI_SPACE_IO, 16};
    off_port = 0x704;
    call(power_off, OFF);
    assert_accesses({'r', PORT, 0x604, 0x1C01}, {'w', PORT, 0x604, 0x1401}, {'r', PORT, 0x704, 0},
                    {'w', PORT, 0x704, 0x1800}, {'r', PORT, 0x604, 0x1401},
                    {'w', PORT, 0x604, 0x3401}, {'r', PORT, 0x704, 0x1800},
                    {'w', PORT, 0x704, 0x3800});
}

static void test_sleep_control_is_tried_before_pm1([[maybe_unused]] void **state)
{
    machine.power.sleep_control = (struct acpi_register){0x800, ACPI_SPACE_IO, 8};
    off_port = 0x604;
    call(power_off, OFF);
    assert_int_equal(accesses[0].where, 0x800);
    assert_int_equal(accesses[0].value, 5 << 2 | 1 << 5);
    assert_int_equal(access_count, 5);
}

static void test_registers_may_be_in_memory([[maybe_unused]] void **state)
{
    uint64_t at = ((uintptr_t)in_memory + 1) & ~UINT64_C(1);

    machine.power.pm1a_control = (struct acpi_register){at, ACPI_SPACE_MEMORY, 16};
    machine.power.sleep_control = (struct acpi_register){at + 2, ACPI_SPACE_MEMORY, 8};
    check_failure("the machine did not react");
    assert_int_equal(*(uint16_t *)(uintptr_t)at, 0x3400);
    assert_int_equal(*(uint8_t *)(uintptr_t)(at + 2), 0x34);
    assert_no_accesses();
}

static void test_a_register_that_cannot_be_mapped_is_none([[maybe_unused]] void **state)
{
    uint64_t at = ((uintptr_t)in_memory + 1) & ~UINT64_C(1);

    machine.power.pm1a_control = (struct acpi_register){at, ACPI_SPACE_MEMORY, 16};
    register_unmappable = at;
    check_failure("there is no usable power management register");
    machine.power.pm1a_control.address = at + 1; /* not aligned */
    said[0] = '\0';
    check_failure("there is no usable power management register");
}

static void test_acpi_mode_is_asked_for_where_it_is_off([[maybe_unused]] void **state)
{
    machine.power.smi_command_port = 0xB2;
    machine.power.acpi_enable_value = 0xF1;
    register_put(PORT, 0x604, 0);
    sci_needed = 3;
    off_port = 0x604;
    call(power_off, OFF);
    assert_accesses({'r', PORT, 0x604, 0}, {'w', PORT, 0xB2, 0xF1}, {'r', PORT, 0x604, 0},
                    {'r', PORT, 0x604, 1}, {'r', PORT, 0x604, 1}, {'w', PORT, 0x604, 0x1401},
                    {'r', PORT, 0x604, 0x1401}, {'w', PORT, 0x604, 0x3401});
}

static void test_waiting_for_acpi_mode_has_an_end([[maybe_unused]] void **state)
{
    uint64_t start_ns = now_ns;

    machine.power.smi_command_port = 0xB2;
    machine.power.acpi_enable_value = 0xF1;
    register_put(PORT, 0x604, 0);
    check_failure("the machine did not react");
    assert_in_range(now_ns - start_ns, 31 * MOMENT_NS, 60 * MOMENT_NS);
}

static void test_acpi_mode_that_cannot_be_asked_for_is_left([[maybe_unused]] void **state)
{
    register_put(PORT, 0x604, 0);
    machine.power.smi_command_port = 0x100B2;
    machine.power.acpi_enable_value = 0xF1;
    check_failure("the machine did not react");
    machine.power.smi_command_port = 0xB2;
    machine.power.acpi_enable_value = 0;
    said[0] = '\0';
    check_failure("the machine did not react");
    for (size_t i = 0; i < access_count; i++)
        assert_int_equal(accesses[i].where, 0x604);
}

static void test_says_why_it_cannot_be_switched_off([[maybe_unused]] void **state)
{
    machine.power.has_s5 = false;
    check_failure("the ACPI tables do not say how (_S5)");
    machine.tables = 1u << ACPI_ROOT;
    said[0] = '\0';
    check_failure("there are no ACPI tables");
    machine.malformed = 1u << ACPI_FADT;
    said[0] = '\0';
    check_failure("an ACPI table is malformed");
    assert_no_accesses();
}

static void test_restart_tries_one_way_after_the_other([[maybe_unused]] void **state)
{
    machine.power.reset = (struct acpi_register){0x64, ACPI_SPACE_IO, 8};
    machine.power.reset_value = 0xFE;
    call(power_reboot, SHUT_DOWN);
    register_put(PORT, 0x64, 0);
    assert_int_equal(access_count, 3 + 100000 + 1); /* the keyboard's input stays full */
    access_count = 0;
    machine.power.reset = (struct acpi_register){0xCF8, ACPI_SPACE_IO, 8};
    call(power_reboot, SHUT_DOWN);
    assert_accesses({'w', PORT, 0xCF8, 0xFE}, {'w', PORT, 0xCF9, 2}, {'w', PORT, 0xCF9, 6},
                    {'r', PORT, 0x64, 0}, {'w', PORT, 0x64, 0xFE});
    assert_string_equal(said, "NONOS: restarting\nNONOS: restarting\n");
}

static void test_restart_without_acpi_tries_what_a_pc_has([[maybe_unused]] void **state)
{
    machine = (struct platform){};
    call(power_reboot, SHUT_DOWN);
    assert_accesses({'w', PORT, 0xCF9, 2}, {'w', PORT, 0xCF9, 6}, {'r', PORT, 0x64, 0},
                    {'w', PORT, 0x64, 0xFE});
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, nullptr)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_type_is_written_before_the_bit_that_acts),
        TEST(test_both_blocks_have_the_type_before_either_acts),
        TEST(test_sleep_control_is_tried_before_pm1),
        TEST(test_registers_may_be_in_memory),
        TEST(test_a_register_that_cannot_be_mapped_is_none),
        TEST(test_acpi_mode_is_asked_for_where_it_is_off),
        TEST(test_waiting_for_acpi_mode_has_an_end),
        TEST(test_acpi_mode_that_cannot_be_asked_for_is_left),
        TEST(test_says_why_it_cannot_be_switched_off),
        TEST(test_restart_tries_one_way_after_the_other),
        TEST(test_restart_without_acpi_tries_what_a_pc_has),
    };

    return cmocka_run_group_tests_name("power", tests, nullptr, nullptr);
}
