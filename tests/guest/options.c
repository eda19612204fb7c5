/*
 * options.c - what QEMU tells a guest: numbers in its configuration device, and the time of day.
 *
 * Source: QEMU docs/specs/fw_cfg.rst (selector 0x510, data 0x511, directory 0x19, big-endian);
 * Motorola MC146818A (the real-time clock, index 0x70, data 0x71).
 */
#include "kernel/cpu/interrupt_flag.h"
#include "kernel/cpu/io.h"
#include "tests/guest/guest.h"

#include <string.h>

#define CONFIG_SELECTOR 0x510u
#define CONFIG_DATA 0x511u
#define CONFIG_DIRECTORY 0x19u
#define NAME_LEN 56u
#define PREFIX "opt/nonos/"

#define CLOCK_INDEX 0x70u
#define CLOCK_DATA 0x71u
#define CLOCK_STATUS_A 0x0Au
#define CLOCK_UPDATING 0x80u
#define SECONDS_PER_DAY 86400u

static uint64_t config_read(unsigned len)
{
    uint64_t value = 0;

    while (len-- > 0)
        value = value << 8 | io_read_8(CONFIG_DATA);
    return value;
}

/* The length of this file of the device's, and its selector; 0 when there is none. */
static uint64_t config_find(const char *wanted, uint16_t *selector)
{
    uint64_t count;

    io_write_16(CONFIG_SELECTOR, CONFIG_DIRECTORY);
    count = config_read(4);
    for (uint64_t i = 0; i < count; i++) {
        uint64_t len = config_read(4);
        char name[NAME_LEN];

        *selector = (uint16_t)config_read(2);
        (void)config_read(2);
        for (size_t at = 0; at < NAME_LEN; at++)
            name[at] = (char)io_read_8(CONFIG_DATA);
        if (memcmp(name, PREFIX, sizeof PREFIX - 1) == 0) {
            size_t at = 0;

            while (wanted[at] != '\0' && name[sizeof PREFIX - 1 + at] == wanted[at])
                at++;
            if (wanted[at] == '\0' && name[sizeof PREFIX - 1 + at] == '\0')
                return len;
        }
    }
    return 0;
}

uint64_t guest_option(const char *name, uint64_t otherwise)
{
    uint16_t selector;
    uint64_t len = config_find(name, &selector);
    uint64_t value = 0;

    if (len == 0)
        return otherwise;
    io_write_16(CONFIG_SELECTOR, selector);
    while (len-- > 0) {
        unsigned digit = (unsigned)io_read_8(CONFIG_DATA) - '0';

        if (digit < 10)
            value = value * 10 + digit;
    }
    return value;
}

static unsigned clock_read(unsigned index)
{
    unsigned value;

    io_write_8(CLOCK_INDEX, (uint8_t)index);
    value = io_read_8(CLOCK_DATA);
    return (value >> 4) * 10 + (value & 0xF); /* binary-coded decimal */
}

uint64_t guest_seconds(void)
{
    static uint64_t days;
    static uint64_t last;
    bool were_on = interrupts_disable();
    uint64_t now;

    do {
        io_write_8(CLOCK_INDEX, CLOCK_STATUS_A);
    } while ((io_read_8(CLOCK_DATA) & CLOCK_UPDATING) != 0);
    now = (clock_read(4) * 60 + clock_read(2)) * 60 + clock_read(0);
    days += now < last % SECONDS_PER_DAY;
    last = days * SECONDS_PER_DAY + now;
    interrupts_restore(were_on);
    return last;
}
