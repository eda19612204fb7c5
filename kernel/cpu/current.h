/*
 * current.h - the processor that runs this code. Host tests have a header of the same name instead
 * (tests/support/machine/).
 */
#ifndef NONOS_KERNEL_CPU_CURRENT_H
#define NONOS_KERNEL_CPU_CURRENT_H

struct cpu;

/* Never null. Stays true only while interrupts are off, or for a thread that is never moved. */
[[nodiscard]] static inline struct cpu *cpu_current(void)
{
    struct cpu *cpu;

    __asm__ volatile("movq %%gs:0, %0" : "=r"(cpu));
    return cpu;
}

#endif
