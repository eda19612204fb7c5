/*
 * interrupts.h - what comes from devices, the timer and other processors: who handles which vector.
 */
#ifndef NONOS_KERNEL_CPU_INTERRUPTS_H
#define NONOS_KERNEL_CPU_INTERRUPTS_H

#include "abi/error.h"

#include <stdint.h>

/* Called with interrupts off, on any processor, before the interrupt is acknowledged. */
typedef void interrupts_handler(void *context);

/* A message that a device writes to memory to interrupt (MSI, MSI-X). Source: SDM vol. 3 §10.11. */
struct interrupts_message {
    uint64_t address;
    uint32_t data;
};

/* A vector of its own for a device, on all processors. NONOS_E_NO_MEMORY, and *vector 0, when all
 * are taken. */
[[nodiscard]] enum nonos_error interrupts_claim(interrupts_handler *handler, void *context,
                                                unsigned *vector);

/* Gives it back. The device has been silenced before; an interrupt of it that is still on its way
 * does nothing. */
void interrupts_release(unsigned vector);

/* For a vector that was claimed: its message, to this processor. */
[[nodiscard]] struct interrupts_message interrupts_message(unsigned vector);

/* Called by trap_handle. */
void interrupts_handle(unsigned vector);

#endif
