/*
 * rdrand.h - in place of kernel/cpu/rdrand.h: the numbers that a host test wants.
 */
#ifndef NONOS_KERNEL_CPU_RDRAND_H
#define NONOS_KERNEL_CPU_RDRAND_H

#include <stdint.h>

/* Defined by the test that needs them. */
bool rdrand_attempt(uint64_t *value);
bool rdrand_seed_attempt(uint64_t *value);

#endif
