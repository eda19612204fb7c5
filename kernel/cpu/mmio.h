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

#endif
