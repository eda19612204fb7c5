/*
 * interrupts.h - what comes from devices, the timer and other processors: who handles which vector.
 */
#ifndef NONOS_KERNEL_CPU_INTERRUPTS_H
#define NONOS_KERNEL_CPU_INTERRUPTS_H

#include "abi/error.h"

/* Called with interrupts off, on any processor. */
typedef void interrupts_handler(void *context);

/* A vector of its own for a device, on all processors. NONOS_E_NO_MEMORY when all are taken. */
[[nodiscard]] enum nonos_error interrupts_claim(interrupts_handler *handler, void *context,
                                                unsigned *vector);

/* Called by trap_handle. */
void interrupts_handle(unsigned vector);

#endif
