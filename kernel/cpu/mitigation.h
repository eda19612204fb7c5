/*
 * mitigation.h - doing what speculation.h decided, on this processor.
 */
#ifndef NONOS_KERNEL_CPU_MITIGATION_H
#define NONOS_KERNEL_CPU_MITIGATION_H

#include "kernel/cpu/cpu.h"
#include "kernel/cpu/speculation.h"

/* What this processor needs. */
[[nodiscard]] struct speculation mitigation_detect(void);

/* Sets the registers that stay as they are, and what is done at each entry and exit from now on.
 * Once this processor has its stacks for exceptions, before it runs a program. */
void mitigation_enable(void);

/* The rest of a line: what the first processor does, and what it would have to but cannot. */
void mitigation_print(void);

/* What the branches of others have taught this processor is forgotten. Interrupts are off. */
void mitigation_forget(void);

/* Before this processor runs on another address space. */
static inline void mitigation_barrier(void)
{
    if ((cpu_current()->work & SPECULATION_BARRIER) != 0)
        mitigation_forget();
}

#endif
