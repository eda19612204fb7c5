/*
 * switch.h - what of a process changes with the running thread. In a header because each switch
 * comes by, and none but the scheduler's.
 */
#ifndef NONOS_KERNEL_USER_SWITCH_H
#define NONOS_KERNEL_USER_SWITCH_H

#include "kernel/cpu/mitigation.h"
#include "kernel/cpu/xsave.h"
#include "kernel/sched/thread.h"
#include "kernel/user/process.h"

/* Address space and extended registers, which every thread in a process has. Interrupts are off. */
static inline void process_switch(const struct thread *from, const struct thread *to)
{
    const struct process *old = from->process;
    const struct process *new = to->process;

    if (old == nullptr && new == nullptr)
        return;
    if (old != new) {
        space_switch(old != nullptr ? old->space : nullptr, new != nullptr ? new->space : nullptr);
        if (new != nullptr)
            mitigation_barrier();
    }
    xsave_switch(from->extended, to->extended);
}

#endif
