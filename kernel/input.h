/*
 * input.h - waiting for something to be typed, without keeping the processor busy.
 */
#ifndef NONOS_KERNEL_INPUT_H
#define NONOS_KERNEL_INPUT_H

/* Has the serial port interrupt for what it receives, by way of an I/O APIC. After io_apic_init. */
void input_init(void);

/* Blocks the running thread until there may be something for console_read_byte. To be called when
 * that had nothing to give. Where no interrupt comes, it looks a hundred times a second. */
void input_wait(void);

#endif
