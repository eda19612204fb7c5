/*
 * current.h - the processor that runs this code. Host tests have a header of the same name instead
 * (tests/support/machine/).
 */
#ifndef NONOS_KERNEL_CPU_CURRENT_H
#define NONOS_KERNEL_CPU_CURRENT_H

struct cpu;
struct thread;

/* Never null. Stays true only while interrupts are off, or for a thread that is never moved. */
[[nodiscard]] static inline struct cpu *cpu_current(void)
{
    struct cpu *cpu;

    __asm__ volatile("movq %%gs:0, %0" : "=r"(cpu));
    return cpu;
}

/* The running thread; null until there are threads. One instruction, so that it is true even where
 * interrupts are on: wherever the thread is moved, it is itself. */
[[nodiscard]] static inline struct thread *thread_current(void)
{
    struct thread *thread;

    __asm__ volatile("movq %%gs:24, %0" : "=r"(thread));
    return thread;
}

#endif
