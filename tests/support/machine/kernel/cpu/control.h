/*
 * control.h - kernel/cpu/control.h, with a time stamp counter and a CPUID that a test may take into
 * its hands, those that do not get the real ones, and two ways to end that do not.
 */
#ifndef NONOS_TESTS_MACHINE_CONTROL_H
#define NONOS_TESTS_MACHINE_CONTROL_H

#define control_read_tsc control_read_real_tsc
#define control_read_tsc_ordered control_read_real_tsc_ordered
#define control_cpuid control_real_cpuid
#define control_halt control_real_halt
#define control_shut_down control_real_shut_down
#include "../../../../../kernel/cpu/control.h"
#undef control_read_tsc
#undef control_read_tsc_ordered
#undef control_cpuid
#undef control_halt
#undef control_shut_down

/* Null unless the test sets them. [[gnu::weak]] makes one of all that include this. */
extern uint64_t (*machine_read_tsc)(void);
extern struct cpuid (*machine_cpuid)(uint32_t leaf, uint32_t subleaf);
[[gnu::weak]] uint64_t (*machine_read_tsc)(void);
[[gnu::weak]] struct cpuid (*machine_cpuid)(uint32_t leaf, uint32_t subleaf);

/* A test of what calls them has its own. */
[[noreturn]] void control_halt(void);
[[noreturn]] void control_shut_down(void);

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
