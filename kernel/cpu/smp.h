/*
 * smp.h - starting the other processors. Source: SDM vol. 3 §8.4 (INIT, STARTUP).
 */
#ifndef NONOS_KERNEL_CPU_SMP_H
#define NONOS_KERNEL_CPU_SMP_H

#include <stdint.h>

/* Starts the processor with this APIC id and waits until it is idle. False when it does not come,
 * or there is no memory for it. */
[[nodiscard]] bool smp_start_processor(uint32_t apic_id);

#endif
