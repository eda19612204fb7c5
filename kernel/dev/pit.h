/*
 * pit.h - channel 0 of the old interval timer (8254), as a counter to measure with; off afterwards.
 *
 * Whether there is one cannot be asked: where there is none, the counter stands still. Its
 * interrupt has to be masked.
 *
 * Source: Intel 8254 data sheet, "Programming the 8254", "Mode 0"; 14.31818 MHz / 12.
 */
#ifndef NONOS_KERNEL_DEV_PIT_H
#define NONOS_KERNEL_DEV_PIT_H

#include "kernel/dev/counter.h"

/* Lets it count, 55 ms until it starts again. */
void pit_start(struct counter *counter);

/* Its output stays low and it counts no more. */
void pit_stop(void);

#endif
