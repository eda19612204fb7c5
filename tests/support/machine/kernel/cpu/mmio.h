/*
 * mmio.h - in place of kernel/cpu/mmio.h: registers in memory of a machine that the test makes
 * (tests/support/registers.h).
 */
#ifndef NONOS_KERNEL_CPU_MMIO_H
#define NONOS_KERNEL_CPU_MMIO_H

#include <stdint.h>

uint32_t mmio_read_32(const volatile void *base, uint32_t offset);
void mmio_write_32(volatile void *base, uint32_t offset, uint32_t value);
uint32_t mmio_read(const volatile void *base, uint32_t offset, unsigned width);
void mmio_write(volatile void *base, uint32_t offset, unsigned width, uint32_t value);

#endif
