/*
 * counter.h - a counter whose rate is known, against which the time stamp counter is measured.
 */
#ifndef NONOS_KERNEL_DEV_COUNTER_H
#define NONOS_KERNEL_DEV_COUNTER_H

#include <stdint.h>

struct counter {
    const char *name;       /* "HPET" */
    uint32_t (*read)(void); /* counts up, and goes on from 0 after mask */
    uint32_t mask;
    uint32_t period_fs; /* femtoseconds a count */
};

#endif
