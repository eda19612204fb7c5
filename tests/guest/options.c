/*
 * options.c - what its machine tells a guest: numbers, in QEMU's configuration device or in the ROM
 * that tests/bochs/ starts it with, and the time of day.
 *
 * Source: QEMU docs/specs/fw_cfg.rst (selector 0x510, data 0x511, signature 0, directory 0x19,
 * big-endian); tests/bochs/rom.S; Motorola MC146818A (the real-time clock, index 0x70, data 0x71).
 */
#include "kernel/cpu/interrupt_flag.h"
#include "kernel/cpu/io.h"
#include "kernel/mem/paging.h"
#include "tests/guest/guest.h"

#include <string.h>

#define CONFIG_SELECTOR 0x510u
#define CONFIG_DATA 0x511u
#define CONFIG_SIGNATURE 0u
#define CONFIG_QEMU 0x51454D55u /* "QEMU" */
#define CONFIG_DIRECTORY 0x19u
#define NAME_LEN 56u
#define PREFIX "opt/nonos/"

#define ROM_PADDR 0xD0000u
#define ROM_LEN 1024u
#define ROM_SIGNATURE UINT64_C(0x4D4F52534F4E4F4E) /* "NONOSROM", at byte 8 */
#define ROM_OPTIONS 512u                           /* "NAME=DIGITS NAME=DIGITS ", and zero bytes */

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

static bool config_is_there(void)
{
    io_write_16(CONFIG_SELECTOR, CONFIG_SIGNATURE);
    return config_read(4) == CONFIG_QEMU;
}

/* The ROM's text; null where there is no such ROM. */
static const volatile char *rom_options(void)
{
    static const volatile uint64_t *rom;

    if (rom == nullptr)
        rom = paging_map_device(ROM_PADDR, ROM_LEN);
    if (rom == nullptr || rom[1] != ROM_SIGNATURE)
        return nullptr;
    return (const volatile char *)rom + ROM_OPTIONS;
}

/* A word of the text that starts with the name and "=": its number. */
static uint64_t rom_option(const char *name, uint64_t otherwise)
{
    const volatile char *text = rom_options();
    uint64_t value = 0;

    while (text != nullptr && *text != '\0') {
        const char *wanted = name;

        while (*wanted != '\0' && *text == *wanted) {
            text++;
            wanted++;
        }
        if (*wanted == '\0' && *text == '=') {
            for (text++; *text >= '0' && *text <= '9'; text++)
                value = value * 10 + (uint64_t)(*text - '0');
            return value;
        }
        while (*text != '\0' && *text != ' ')
            text++;
        text += *text == ' ' ? 1 : 0;
    }
    return otherwise;
}

uint64_t guest_option(const char *name, uint64_t otherwise)
{
    uint16_t selector;
    uint64_t len;
    uint64_t value = 0;

    if (!config_is_there())
        return rom_option(name, otherwise);
    len = config_find(name, &selector);
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
