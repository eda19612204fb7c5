/*
 * control.h - kernel/cpu/control.h, with a time stamp counter and a CPUID that a test may take into
 * its hands. Those that do not get the real ones.
 */
#ifndef NONOS_TESTS_MACHINE_CONTROL_H
#define NONOS_TESTS_MACHINE_CONTROL_H

#define control_read_tsc control_read_real_tsc
#define control_read_tsc_ordered control_read_real_tsc_ordered
#define control_cpuid control_real_cpuid
#include "../../../../../kernel/cpu/control.h"
#undef control_read_tsc
#undef control_read_tsc_ordered
#undef control_cpuid

/* Null unless the test sets them. [[gnu::weak]] makes one of all that include this. */
extern uint64_t (*machine_read_tsc)(void);
extern struct cpuid (*machine_cpuid)(uint32_t leaf, uint32_t subleaf);
[[gnu::weak]] uint64_t (*machine_read_tsc)(void);
[[gnu::weak]] struct cpuid (*machine_cpuid)(uint32_t leaf, uint32_t subleaf);

static inline uint64_t control_read_tsc(void)
{
    return machine_read_tsc != nullptr ? machine_read_tsc() : control_read_real_tsc();
}

static inline uint64_t control_read_tsc_ordered(void)
{
    return control_read_tsc();
}

static inline struct cpuid control_cpuid(uint32_t leaf, uint32_t subleaf)
{
    return machine_cpuid != nullptr ? machine_cpuid(leaf, subleaf)
                                    : control_real_cpuid(leaf, subleaf);
}

#endif
