#include "kernel/cpu/interrupts.h"

#include "kernel/cpu/apic.h"
#include "kernel/cpu/vectors.h"
#include "kernel/mem/shootdown.h"
#include "kernel/sched/sched.h"

#include <stddef.h>

static struct {
    interrupts_handler *handler;
    void *context;
} devices[VECTOR_DEVICES_END - VECTOR_DEVICES];

enum nonos_error interrupts_claim(interrupts_handler *handler, void *context, unsigned *vector)
{
    *vector = 0;
    for (unsigned i = 0; i < sizeof devices / sizeof devices[0]; i++) {
        if (devices[i].handler != nullptr)
            continue;
        devices[i].handler = handler;
        devices[i].context = context;
        *vector = VECTOR_DEVICES + i;
        return NONOS_OK;
    }
    return NONOS_E_NO_MEMORY;
}

void interrupts_handle(unsigned vector)
{
    /* Neither of these was accepted by the local APIC: there is nothing to acknowledge. */
    if (vector == VECTOR_SPURIOUS || vector < VECTOR_DEVICES)
        return;
    apic_end();
    if (vector == VECTOR_TIMER)
        sched_tick();
    else if (vector == VECTOR_SHOOTDOWN)
        shootdown_handle();
    else if (vector < VECTOR_DEVICES_END && devices[vector - VECTOR_DEVICES].handler != nullptr)
        devices[vector - VECTOR_DEVICES].handler(devices[vector - VECTOR_DEVICES].context);
    sched_preempt();
}
