/*
 * mmio.h - registers of devices in memory, mapped uncached (paging_map_device).
 *
 * One access each, as wide as the register: a device may not take another.
 */
#ifndef NONOS_KERNEL_CPU_MMIO_H
#define NONOS_KERNEL_CPU_MMIO_H

#include <stdint.h>

/* offset: bytes from base, a multiple of the width. */
static inline uint32_t mmio_read_32(const volatile void *base, uint32_t offset)
{
    return *(const volatile uint32_t *)((uintptr_t)base + offset);
}

static inline void mmio_write_32(volatile void *base, uint32_t offset, uint32_t value)
{
    *(volatile uint32_t *)((uintptr_t)base + offset) = value;
}

/* The same, of 1, 2 or 4 bytes. */
static inline uint32_t mmio_read(const volatile void *base, uint32_t offset, unsigned width)
{
    const volatile void *at = (const volatile uint8_t *)base + offset;

    return width == 1   ? *(const volatile uint8_t *)at
           : width == 2 ? *(const volatile uint16_t *)at
                        : *(const volatile uint32_t *)at;
}

static inline void mmio_write(volatile void *base, uint32_t offset, unsigned width, uint32_t value)
{
    volatile void *at = (volatile uint8_t *)base + offset;

    if (width == 1)
        *(volatile uint8_t *)at = (uint8_t)value;
    else if (width == 2)
        *(volatile uint16_t *)at = (uint16_t)value;
    else
        *(volatile uint32_t *)at = value;
}

#endif
