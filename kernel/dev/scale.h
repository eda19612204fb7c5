/*
 * scale.h - one unit of time into another, without overflow on the way and without a division when
 * it matters.
 */
#ifndef NONOS_KERNEL_DEV_SCALE_H
#define NONOS_KERNEL_DEV_SCALE_H

#include <stdint.h>

__extension__ typedef unsigned __int128 uint128;

/* a * b / c, rounded down; UINT64_MAX when it is more than that, or c is 0. */
static inline uint64_t scale_divide(uint64_t a, uint64_t b, uint64_t c)
{
    uint128 product = (uint128)a * b;
    uint64_t high = (uint64_t)(product >> 64);
    uint64_t quotient = (uint64_t)product;

    if (high >= c)
        return UINT64_MAX;
    __asm__("divq %2" : "+a"(quotient), "+d"(high) : "r"(c) : "cc");
    return quotient;
}

/* to / from in units of 2^-32, for scale_apply: 1e9 / hz makes nanoseconds of counts, to a
 * billionth where hz is below 4e9. */
static inline uint64_t scale_ratio(uint64_t to, uint64_t from)
{
    return scale_divide(to, UINT64_C(1) << 32, from);
}

/* value * ratio, rounded down; the caller knows that it fits. */
static inline uint64_t scale_apply(uint64_t value, uint64_t ratio)
{
    return (uint64_t)((uint128)value * ratio >> 32);
}

#endif
