/*
 * hpet.h - the high precision event timer, as a counter to measure with and nothing else.
 *
 * Source: IA-PC HPET Specification 1.0a §2.3.
 */
#ifndef NONOS_KERNEL_DEV_HPET_H
#define NONOS_KERNEL_DEV_HPET_H

#include "kernel/dev/counter.h"
#include "kernel/mem/address.h"

/* Lets it count, none of its timers in the place of the legacy ones. False, and *counter zero, when
 * paddr is 0, cannot be mapped or has no timer that keeps to the specification. */
[[nodiscard]] bool hpet_start(paddr_t paddr, struct counter *counter);

/* Stops it, and its timers with it. Nothing without a start. */
void hpet_stop(void);

#endif
