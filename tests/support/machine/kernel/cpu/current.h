/*
 * current.h - in place of kernel/cpu/current.h: the processor that a host test says it is.
 */
#ifndef NONOS_KERNEL_CPU_CURRENT_H
#define NONOS_KERNEL_CPU_CURRENT_H

struct cpu;
struct thread;

/* Defined by the test that needs them. */
struct cpu *cpu_current(void);
struct thread *thread_current(void);

#endif
