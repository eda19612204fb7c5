/*
 * nmi.h - non-maskable interrupts: come at any instruction, whatever the processor was doing.
 *
 * One that is no processor's that panics may be a hardware error, which is a panic. One that nobody
 * asked for is counted, and reported when the next interrupt comes.
 *
 * Source: SDM vol. 3 §6.7; port 0x61 (NMI status and control register): Intel 82371SB datasheet
 * §2.5.2.4.
 */
#ifndef NONOS_KERNEL_CPU_NMI_H
#define NONOS_KERNEL_CPU_NMI_H

#include <stdint.h>

/* Called by trap.c. False: a hardware error. */
[[nodiscard]] bool nmi_handle(void);

/* Prints a line if some have come since it was last called. With interrupts off. */
void nmi_report(void);

/* How many have come that nobody asked for, on all processors. */
[[nodiscard]] uint32_t nmi_count(void);

#endif
