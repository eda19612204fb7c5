/*
 * msr.h - in place of the instructions of kernel/cpu/msr.h: registers of a processor that the test
 * makes (tests/support/registers.h). The numbers are the kernel's.
 */
#ifndef NONOS_TESTS_MACHINE_MSR_H
#define NONOS_TESTS_MACHINE_MSR_H

#define msr_read machine_unused_msr_read
#define msr_write machine_unused_msr_write
#include "../../../../../kernel/cpu/msr.h"
#undef msr_read
#undef msr_write

uint64_t msr_read(uint32_t number);
void msr_write(uint32_t number, uint64_t value);

#endif
