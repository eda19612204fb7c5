/*
 * interrupt_flag.h - letting interrupts in, and keeping them out: RFLAGS.IF of this processor.
 *
 * Where interrupts are on, the running thread may be switched away from. Host tests have a header
 * of the same name instead (tests/support/machine/).
 *
 * Source: SDM vol. 3 §6.8.1.
 */
#ifndef NONOS_KERNEL_CPU_INTERRUPT_FLAG_H
#define NONOS_KERNEL_CPU_INTERRUPT_FLAG_H

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
    __asm__ volatile("sti" : : : "memory");
}

/* Returns whether they were on, for interrupts_restore. */
[[nodiscard]] static inline bool interrupts_disable(void)
{
    bool were_on = interrupts_are_on();

    __asm__ volatile("cli" : : : "memory");
    return were_on;
}

static inline void interrupts_restore(bool were_on)
{
    if (were_on)
        interrupts_enable();
}

/* Lets interrupts in and sleeps until one has come; none can slip in between. They are off
 * afterwards. */
static inline void interrupts_wait(void)
{
    __asm__ volatile("sti; hlt; cli" : : : "memory");
}

#endif
