/*
 * calibration.h - how fast the time stamp counter counts.
 *
 * Asked in this order: the processor (CPUID 0x15, 0x16), the hypervisor (leaf 0x40000010), then
 * counters of a known rate. Any of them can be wrong, so the first that another one confirms to a
 * hundredth is believed. Where none is confirmed, a rate that was measured counts more than one
 * that was claimed. Nothing is measured that is not needed for that.
 *
 * Source: SDM vol. 2 CPUID, vol. 3 §18.7.3; VMware KB 1009458 (timing leaf, also KVM's and Xen's).
 */
#ifndef NONOS_KERNEL_DEV_CALIBRATION_H
#define NONOS_KERNEL_DEV_CALIBRATION_H

#include "kernel/dev/counter.h"

#include <stddef.h>
#include <stdint.h>

/* A rate outside of these is nobody's. */
#define CALIBRATION_MIN_HZ UINT64_C(1000000)
#define CALIBRATION_MAX_HZ UINT64_C(16000000000)

/* How long one counter is looked at: 2 ms. */
#define CALIBRATION_FS UINT64_C(2000000000000)

#define CALIBRATION_COUNTER_MAX 3u
#define CALIBRATION_OPINION_MAX (2u + CALIBRATION_COUNTER_MAX)

struct calibration_opinion {
    const char *source; /* "CPUID", "hypervisor", or a counter's name */
    uint64_t hz;
};

struct calibration {
    uint64_t hz;                                                  /* 0 when nobody knows */
    const char *source;                                           /* who said so, or null */
    const char *witness;                                          /* who confirmed it, or null */
    struct calibration_opinion opinions[CALIBRATION_OPINION_MAX]; /* of all that were asked */
    unsigned opinion_count;
};

/* Asks the processor, the hypervisor and the counters (at most CALIBRATION_COUNTER_MAX), which have
 * been started, in this order. Takes about CALIBRATION_FS for each counter that is needed, and
 * never waits for one that stands still. Interrupts off. */
void calibration_run(const struct counter *counters, size_t count, struct calibration *result);

#endif
