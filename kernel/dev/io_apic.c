#include "kernel/dev/io_apic.h"

#include "kernel/cpu/mmio.h"
#include "kernel/lock.h"
#include "kernel/mem/paging.h"

/* In memory: which register, and what is in it (§3.1). */
#define REGISTERS_LEN 0x20u
#define SELECT 0x00u
#define WINDOW 0x10u
/* The registers (§3.2). */
#define VERSION 0x01u
#define ENTRY(n) (0x10u + 2 * (n)) /* low half; the high half follows */

#define ENTRY_COUNT_MAX 240u
#define ENTRY_ACTIVE_LOW (1u << 13)
#define ENTRY_LEVEL (1u << 15)
#define ENTRY_MASKED (1u << 16)
#define ENTRY_TARGET_SHIFT 24 /* in the high half */
#define TARGET_MAX 0xFFu

static struct {
    volatile void *registers;
    uint32_t first_gsi;
    uint32_t entry_count;
} chips[PLATFORM_IO_APIC_MAX];
static unsigned chip_count;
static const struct platform *platform;
/* Selecting a register and reading or writing it are two accesses. */
static struct lock lock = LOCK_INIT(LOCK_INTERRUPTS);

static uint32_t read(volatile void *registers, uint32_t which)
{
    mmio_write_32(registers, SELECT, which);
    return mmio_read_32(registers, WINDOW);
}

static void write(volatile void *registers, uint32_t which, uint32_t value)
{
    mmio_write_32(registers, SELECT, which);
    mmio_write_32(registers, WINDOW, value);
}

void io_apic_init(const struct platform *found)
{
    uint32_t entry_count;
    volatile void *registers;

    platform = found;
    chip_count = 0;
    for (unsigned i = 0; i < found->io_apic_count; i++) {
        registers = paging_map_device(found->io_apics[i].paddr, REGISTERS_LEN);
        entry_count = registers == nullptr ? 0 : (read(registers, VERSION) >> 16 & 0xFF) + 1;
        if (entry_count == 0 || entry_count > ENTRY_COUNT_MAX)
            continue;
        for (uint32_t n = 0; n < entry_count; n++)
            write(registers, ENTRY(n), ENTRY_MASKED);
        chips[chip_count].registers = registers;
        chips[chip_count].first_gsi = found->io_apics[i].gsi_base;
        chips[chip_count++].entry_count = entry_count;
    }
}

/* By the number that it has in the system, and as it is wired. */
static uint32_t find_gsi(uint8_t irq, uint32_t *wiring)
{
    *wiring = 0;
    for (unsigned i = 0; i < platform->override_count; i++) {
        const struct platform_override *override = &platform->overrides[i];

        if (override->irq != irq)
            continue;
        *wiring =
            (override->active_low ? ENTRY_ACTIVE_LOW : 0) | (override->level ? ENTRY_LEVEL : 0);
        return override->gsi;
    }
    return irq;
}

/* Nothing gets through while the halves of an entry do not fit. */
static enum nonos_error set(uint8_t irq, uint32_t low, uint32_t target)
{
    uint32_t wiring;
    uint32_t gsi = find_gsi(irq, &wiring);
    bool were_on;

    for (unsigned i = 0; i < chip_count; i++) {
        uint32_t n = gsi - chips[i].first_gsi;

        if (n >= chips[i].entry_count)
            continue;
        were_on = lock_take(&lock);
        write(chips[i].registers, ENTRY(n), ENTRY_MASKED);
        write(chips[i].registers, ENTRY(n) + 1, target << ENTRY_TARGET_SHIFT);
        write(chips[i].registers, ENTRY(n), low | wiring);
        lock_release(&lock, were_on);
        return NONOS_OK;
    }
    return NONOS_E_NOT_FOUND;
}

enum nonos_error io_apic_route(uint8_t irq, uint8_t vector, uint32_t apic_id)
{
    return apic_id > TARGET_MAX ? NONOS_E_NOT_FOUND : set(irq, vector, apic_id);
}

void io_apic_mask(uint8_t irq)
{
    (void)set(irq, ENTRY_MASKED, 0);
}
