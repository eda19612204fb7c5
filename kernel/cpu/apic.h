/*
 * apic.h - the local APIC of this processor: its timer, and interrupts between processors.
 *
 * Source: SDM vol. 3 §10.4 to §10.6, §10.8, §10.12 (x2APIC).
 */
#ifndef NONOS_KERNEL_CPU_APIC_H
#define NONOS_KERNEL_CPU_APIC_H

#include <stdint.h>

/* Maps the registers, which are at the same address on all processors. False: there is no APIC. */
[[nodiscard]] bool apic_init(void);

/* Switches the APIC of this processor on. */
void apic_init_processor(void);

[[nodiscard]] uint32_t apic_id(void);

/* The interrupt that is being handled has been taken care of. */
void apic_end(void);

/* An interrupt to another processor. */
void apic_send(uint32_t apic_id, unsigned vector);

/* How a processor is started: INIT, and STARTUP at page (physical address / 4096, below 256). */
void apic_send_init(uint32_t apic_id);
void apic_send_startup(uint32_t apic_id, unsigned page);

/* A non-maskable interrupt to all others. */
void apic_send_nmi_others(void);

/* The next tick of this processor's timer comes after so many counts of the APIC's clock; 0: none.
 */
void apic_timer_set(uint32_t counts);

#endif
