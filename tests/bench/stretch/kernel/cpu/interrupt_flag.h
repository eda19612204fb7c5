/*
 * interrupt_flag.h - in place of the kernel's (kernel/cpu/interrupt_flag.h) in the kernel that
 * measures for how long interrupts stay off: the same, and each change is noted.
 */
#ifndef NONOS_KERNEL_CPU_INTERRUPT_FLAG_H
#define NONOS_KERNEL_CPU_INTERRUPT_FLAG_H

#include "tests/bench/stretch/stretch.h"

#include <stdint.h>

#define RFLAGS_IF (UINT64_C(1) << 9)

[[nodiscard]] static inline bool interrupts_are_on(void)
{
    uint64_t flags;

    __asm__ volatile("pushfq; popq %0" : "=r"(flags));
    return (flags & RFLAGS_IF) != 0;
}

static inline void interrupts_enable(void)
{
    stretch_end();
    __asm__ volatile("sti" : : : "memory");
}

[[nodiscard]] static inline bool interrupts_disable(void)
{
    bool were_on = interrupts_are_on();

    __asm__ volatile("cli" : : : "memory");
    if (were_on)
        stretch_begin();
    return were_on;
}

static inline void interrupts_restore(bool were_on)
{
    if (were_on)
        interrupts_enable();
}

static inline void interrupts_wait(void)
{
    stretch_end();
    __asm__ volatile("sti; hlt; cli" : : : "memory");
    stretch_begin();
}

#endif
