/*
 * io.h - in place of kernel/cpu/io.h: I/O ports of a machine that the test makes
 * (tests/support/registers.h).
 */
#ifndef NONOS_KERNEL_CPU_IO_H
#define NONOS_KERNEL_CPU_IO_H

#include <stdint.h>

void io_write_8(uint16_t port, uint8_t value);
void io_write_16(uint16_t port, uint16_t value);
void io_write_32(uint16_t port, uint32_t value);
uint8_t io_read_8(uint16_t port);
uint16_t io_read_16(uint16_t port);
uint32_t io_read_32(uint16_t port);

#endif
