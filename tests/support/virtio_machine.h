/*
 * virtio_machine.h - for tests: a machine whose only device is that of fake_virtio.h, on PCI
 * (fake_on_pci) or in memory (fake_in_memory). A wait, a write to port 0x80, lets the device work.
 */
#ifndef NONOS_TESTS_VIRTIO_MACHINE_H
#define NONOS_TESTS_VIRTIO_MACHINE_H

#include "kernel/cpu/io.h"
#include "kernel/cpu/mmio.h"
#include "kernel/mem/frames.h"
#include "kernel/mem/paging.h"
#include "kernel/panic.h"
#include "tests/support/fake_virtio.h"

#include <setjmp.h>

/* For a test that wants more than a fake_fault: called at each wait; and where registers read as
 * nothing that anybody made. */
static void (*fake_wait_hook)(void);
static uint32_t (*fake_stranger)(void);

/* The kernel around the driver ---------------------------------------------------------------- */
const struct platform *platform_get(void)
{
    return &fake.platform;
}

volatile void *paging_map_device(paddr_t paddr, size_t len)
{
    fake_require(len > 0 && len <= 4096);
    /* What this machine has as memory. */
    if (paddr < FAKE_ECAM || paddr > UINT32_MAX)
        return nullptr;
    return (volatile void *)(uintptr_t)paddr;
}

unsigned frames_order_for(size_t len)
{
    fake_require(len <= FAKE_MEMORY_LEN);
    return 1;
}

/* Where to go on when the machine has fake.no_memory. */
static jmp_buf fake_stopped;

void panic_no_memory([[maybe_unused]] const char *what)
{
    fake_require(fake.no_memory);
    longjmp(fake_stopped, 1);
}

paddr_t frames_allocate(unsigned order)
{
    fake_require(order == 1);
    memset(fake_memory, 0, sizeof fake_memory);
    return fake.no_memory ? 0 : FAKE_MEMORY;
}

/* The machine's addresses -----------------------------------------------------------------------
 */
static enum fake_register fake_at(uint64_t at, unsigned width)
{
    if (fake.is_mmio && at - FAKE_MMIO < 0x100)
        return fake_find(fake_mmio, at - FAKE_MMIO, width);
    if (!fake.is_mmio && at - FAKE_COMMON < 56)
        return fake_find(fake_common, at - FAKE_COMMON, width);
    if (!fake.is_mmio && at == FAKE_NOTIFY + FAKE_NOTIFY_OFFSET * FAKE_NOTIFY_MULTIPLIER &&
        width == 2)
        return FAKE_KICK;
    return FAKE_NONE;
}

uint32_t mmio_read(const volatile void *base, uint32_t offset, unsigned width)
{
    uint64_t at = (uintptr_t)base + offset;

    if (at - FAKE_ECAM < UINT64_C(1) << 28) {
        fake_require(fake_stranger != nullptr || (width == 4 && at % 4 == 0));
        return !fake.is_mmio && (at - FAKE_ECAM) >> 12 == FAKE_ADDRESS ? fake.config[at % 256 / 4]
                                                                       : UINT32_MAX;
    }
    if (at - FAKE_MSIX < sizeof fake.msix)
        return fake.msix[(at - FAKE_MSIX) / 4];
    return fake_stranger != nullptr ? fake_stranger() : fake_read(fake_at(at, width));
}

void mmio_write(volatile void *base, uint32_t offset, unsigned width, uint32_t value)
{
    uint64_t at = (uintptr_t)base + offset;

    if (at - FAKE_ECAM < UINT64_C(1) << 28)
        /* The upper half of the command is the status, where a one clears a bit. */
        fake.config[at % 256 / 4] = at % 256 == 4 ? (value & 0xFFFF) | 0x00100000 : value;
    else if (at - FAKE_MSIX < sizeof fake.msix)
        fake.msix[(at - FAKE_MSIX) / 4] = value;
    else if (fake_stranger == nullptr)
        fake_write(fake_at(at, width), value);
}

uint32_t mmio_read_32(const volatile void *base, uint32_t offset)
{
    return mmio_read(base, offset, 4);
}

void mmio_write_32(volatile void *base, uint32_t offset, uint32_t value)
{
    mmio_write(base, offset, 4, value);
}

void io_write_8(uint16_t port, [[maybe_unused]] uint8_t value)
{
    fake_require(port == 0x80);
    if (fake_wait_hook != nullptr)
        fake_wait_hook();
    fake_answer();
}

void io_write_32([[maybe_unused]] uint16_t port, [[maybe_unused]] uint32_t value)
{
}

uint32_t io_read_32([[maybe_unused]] uint16_t port)
{
    return UINT32_MAX;
}

/* Machines --------------------------------------------------------------------------------------
 */
/* A vendor's capability at config[at / 4]. */
static void fake_structure(unsigned at, uint8_t next, uint8_t kind, uint32_t offset, uint32_t len)
{
    fake.config[at / 4] = 0x09u | (uint32_t)next << 8 | 20u << 16 | (uint32_t)kind << 24;
    fake.config[at / 4 + 1] = 4;
    fake.config[at / 4 + 2] = offset;
    fake.config[at / 4 + 3] = len;
    fake.config[at / 4 + 4] = FAKE_NOTIFY_MULTIPLIER;
}

[[maybe_unused]] static void fake_on_pci(enum fake_fault fault)
{
    fake = (struct fake){.fault = fault, .version = 2};
    fake.platform.ecam_count = 1;
    fake.platform.ecam[0] = (struct platform_ecam){.paddr = FAKE_ECAM, .last_bus = 0};
    fake.config[0] = 0x10051AF4;
    fake.config[1] = 0x00100000;
    fake.config[0x20 / 4] = (uint32_t)FAKE_COMMON | 0xC;
    fake.config[0x34 / 4] = 0x40;
    fake.config[0x40 / 4] = 0x11u | 0x50u << 8; /* MSI-X: its table */
    fake.config[0x44 / 4] = (uint32_t)(FAKE_MSIX - FAKE_COMMON) | 4;
    fake_structure(0x50, 0x64, 4, 0x2000, 8); /* of the device */
    fake_structure(0x64, 0x78, 1, 0, 56);
    fake_structure(0x78, 0, 2, (uint32_t)(FAKE_NOTIFY - FAKE_COMMON), 0x1000);
}

[[maybe_unused]] static void fake_in_memory(enum fake_fault fault, uint32_t version)
{
    fake = (struct fake){.fault = fault, .is_mmio = true, .version = version};
    fake.platform.virtio_count = 2;
    fake.platform.virtio_paddrs[0] = 0x1000; /* memory, which is not to be touched */
    fake.platform.virtio_paddrs[1] = FAKE_MMIO;
}

#endif
