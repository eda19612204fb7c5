/*
 * interrupt_flag.h - in place of kernel/cpu/interrupt_flag.h: host tests have no interrupts, and
 * remember whether they would be on.
 */
#ifndef NONOS_KERNEL_CPU_INTERRUPT_FLAG_H
#define NONOS_KERNEL_CPU_INTERRUPT_FLAG_H

/* One for each test program: [[gnu::weak]] makes one of all that include this. */
extern bool machine_interrupts_are_on;
[[gnu::weak]] bool machine_interrupts_are_on;

[[nodiscard]] static inline bool interrupts_are_on(void)
{
    return machine_interrupts_are_on;
}

static inline void interrupts_enable(void)
{
    machine_interrupts_are_on = true;
}

[[nodiscard]] static inline bool interrupts_disable(void)
{
    bool were_on = machine_interrupts_are_on;

    machine_interrupts_are_on = false;
    return were_on;
}

static inline void interrupts_restore(bool were_on)
{
    machine_interrupts_are_on = were_on;
}

static inline void interrupts_wait(void)
{
    machine_interrupts_are_on = false;
}

#endif
