/*
 * apic.h - the local APIC of this processor: its timer, and interrupts between processors.
 *
 * In x2APIC mode where the processors have it, else by registers in memory. The timer is the time
 * stamp counter's deadline where there is one, else counts down at a rate that is found out once.
 *
 * Source: SDM vol. 3 §10.4 to §10.6, §10.8, §10.12 (x2APIC).
 */
#ifndef NONOS_KERNEL_CPU_APIC_H
#define NONOS_KERNEL_CPU_APIC_H

#include <stddef.h>
#include <stdint.h>

/* No deadline. */
#define APIC_TIMER_NEVER UINT64_MAX

/* Finds out which kind there is and maps its registers, which are at the same address on all
 * processors. False: there is none. */
[[nodiscard]] bool apic_init(void);

/* Switches the APIC of this processor on; its timer is stopped. */
void apic_init_processor(void);

/* Finds out the timer's rate, once for all processors, if it has one of its own: for a millisecond
 * of the clock. After clock_init, interrupts off. */
void apic_timer_calibrate(void);

/* Of this processor. */
[[nodiscard]] uint32_t apic_id(void);

/* The interrupt that is being handled has been taken care of. */
void apic_end(void);

/* An interrupt to a processor. */
void apic_send(uint32_t apic_id, unsigned vector);

/* How a processor is started: INIT, and STARTUP at page (physical address / 4096, below 256). */
void apic_send_init(uint32_t apic_id);
void apic_send_startup(uint32_t apic_id, unsigned page);

/* A non-maskable interrupt to all others. */
void apic_send_nmi_others(void);

/* This processor's timer interrupts once when clock_now_ns() has come to deadline_ns, or at once if
 * it has; whatever was set before is forgotten. A deadline far off may interrupt early: who set it
 * looks at the clock. Interrupts off. */
void apic_timer_set(uint64_t deadline_ns);

/* The interrupt VECTOR_APIC_ERROR: says once of each kind of error that it came. */
void apic_handle_error(void);

/* "APIC" or "x2APIC". */
[[nodiscard]] const char *apic_mode_name(void);

#endif
