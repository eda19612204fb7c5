/*
 * rdrand.h - the processor's random numbers. Host tests have a header of the same name instead
 * (tests/support/machine/).
 *
 * One attempt each; false, and *value 0, when the source had nothing to give. Only where CPUID has
 * them.
 *
 * Source: SDM vol. 2 RDRAND, RDSEED; vol. 1 §7.3.17.
 */
#ifndef NONOS_KERNEL_CPU_RDRAND_H
#define NONOS_KERNEL_CPU_RDRAND_H

#include <stdint.h>

static inline bool rdrand_attempt(uint64_t *value)
{
    bool ok;

    __asm__ volatile("rdrand %0" : "=r"(*value), "=@ccc"(ok));
    return ok;
}

static inline bool rdrand_seed_attempt(uint64_t *value)
{
    bool ok;

    __asm__ volatile("rdseed %0" : "=r"(*value), "=@ccc"(ok));
    return ok;
}

#endif
