/*
 * clock.h - what time it is.
 *
 * The time stamp counter of the processor, at the rate that was found at the start
 * (kernel/dev/calibration.h). The counters of all processors show the same: those that start later
 * are set right by clock_serve and clock_join.
 */
#ifndef NONOS_KERNEL_DEV_CLOCK_H
#define NONOS_KERNEL_DEV_CLOCK_H

#include "kernel/boot_info.h"
#include "kernel/dev/calibration.h"
#include "kernel/dev/platform.h"

#include <stdint.h>

/* Finds out the rate. Where nobody knows it, 1 GHz is assumed. After platform_init, on the first
 * processor, interrupts off; takes some milliseconds. */
void clock_init(const struct platform *platform, const struct boot_info *info);

/* Nanoseconds since the kernel was entered; never less than an earlier call gave, on whichever
 * processor. Good for a century and more, until the time stamp counter goes around. */
[[nodiscard]] uint64_t clock_now_ns(void);

/* Nanoseconds since 1970-01-01 UTC by firmware's clock at the start; 0 when there was none. */
[[nodiscard]] uint64_t clock_wall_ns(void);

/* Counts of the time stamp counter in a second. */
[[nodiscard]] uint64_t clock_tsc_hz(void);

/* The time stamp at which clock_now_ns() has reached deadline_ns; one that has passed gives the
 * present, one beyond 2^63 counts from now that far. */
[[nodiscard]] uint64_t clock_tsc_at(uint64_t deadline_ns);

/* How the rate was found. */
[[nodiscard]] const struct calibration *clock_calibration(void);

/* Sets the time stamp counter of a processor that starts (clock_join, there) by that of the one
 * that starts it (clock_serve, at the same time, on one that has the right time). Where what they
 * see of each other fits two counters that show the same, nothing is changed. On a processor
 * without IA32_TSC_ADJUST it is behind by what writing the counter takes. False when the other one
 * did not come within about a second. One pair at a time; interrupts off. */
bool clock_serve(void);
bool clock_join(void);

#endif
