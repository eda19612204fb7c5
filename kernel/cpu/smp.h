/*
 * smp.h - starting the other processors. Source: SDM vol. 3 §8.4 (INIT, STARTUP).
 */
#ifndef NONOS_KERNEL_CPU_SMP_H
#define NONOS_KERNEL_CPU_SMP_H

#include "kernel/dev/platform.h"

#include <stdint.h>

/* Starts those that are enabled, one after the other, until each is idle; none of them is the one
 * that runs this. One that does not come, lacks what the first processor has, or for which there is
 * no memory is named on the console, and nothing is taken for it. Interrupts are off. */
void smp_start(const struct platform_processor *processors, uint32_t count);

#endif
