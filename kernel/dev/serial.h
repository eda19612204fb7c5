/*
 * serial.h - the first serial port: a 16550 UART at I/O port 0x3F8, 115200 8N1. Output is polled.
 *
 * Source: PC16550D data sheet (National Semiconductor), §8. Nothing here waits for ever: a port
 * that is absent is found out by serial_init, and one that stops taking bytes is given up after a
 * bounded number of polls for each byte.
 */
#ifndef NONOS_KERNEL_DEV_SERIAL_H
#define NONOS_KERNEL_DEV_SERIAL_H

#include <stdint.h>

/* Probes (scratch register, loopback) and sets up the port; false when there is none. */
bool serial_init(void);

/* Waits for room, then sends; does nothing without a port. */
void serial_write_byte(uint8_t byte);

/* The next byte received, or -1. */
[[nodiscard]] int serial_read_byte(void);

/* The interrupt of the port on the old bus. */
#define SERIAL_IRQ 4u

/* From now on it interrupts when the first byte comes after serial_read_byte had none, or when
 * there is one already. Nothing without a port. */
void serial_enable_interrupt(void);

#endif
