/*
 * current.h - in place of kernel/cpu/current.h: the processor that a host test says it is.
 */
#ifndef NONOS_KERNEL_CPU_CURRENT_H
#define NONOS_KERNEL_CPU_CURRENT_H

struct cpu;

/* Defined by the test that needs it. */
struct cpu *cpu_current(void);

#endif
