#include "kernel/cpu/interrupts.h"

#include "kernel/cpu/apic.h"
#include "kernel/cpu/vectors.h"
#include "kernel/lock.h"
#include "kernel/mem/shootdown.h"
#include "kernel/sched/sched.h"

#include <stdatomic.h>
#include <stddef.h>

#define DEVICE_COUNT (VECTOR_DEVICES_END - VECTOR_DEVICES)
#define MESSAGE_ADDRESS UINT64_C(0xFEE00000)
#define MESSAGE_TARGET_SHIFT 12

static struct {
    _Atomic(interrupts_handler *) handler; /* null: free */
    void *context;                         /* written before the handler */
} devices[DEVICE_COUNT];
static struct lock lock = LOCK_INIT(LOCK_INTERRUPTS);

enum nonos_error interrupts_claim(interrupts_handler *handler, void *context, unsigned *vector)
{
    bool were_on = lock_take(&lock);

    *vector = 0;
    for (unsigned i = 0; i < DEVICE_COUNT && *vector == 0; i++) {
        if (atomic_load_explicit(&devices[i].handler, memory_order_relaxed) != nullptr)
            continue;
        devices[i].context = context;
        atomic_store_explicit(&devices[i].handler, handler, memory_order_release);
        *vector = VECTOR_DEVICES + i;
    }
    lock_release(&lock, were_on);
    return *vector != 0 ? NONOS_OK : NONOS_E_NO_MEMORY;
}

void interrupts_release(unsigned vector)
{
    atomic_store_explicit(&devices[vector - VECTOR_DEVICES].handler, nullptr, memory_order_release);
}

struct interrupts_message interrupts_message(unsigned vector)
{
    return (struct interrupts_message){
        .address = MESSAGE_ADDRESS | (uint64_t)(apic_id() & 0xFF) << MESSAGE_TARGET_SHIFT,
        .data = vector,
    };
}

static void handle_device(unsigned index)
{
    interrupts_handler *handler =
        atomic_load_explicit(&devices[index].handler, memory_order_acquire);

    if (handler != nullptr)
        handler(devices[index].context);
}

void interrupts_handle(unsigned vector)
{
    /* Spurious: the local APIC did not accept these, so there is nothing to acknowledge. The legacy
     * controllers are masked, and what they still say nobody has to hear either. */
    if (vector == VECTOR_SPURIOUS || vector < VECTOR_DEVICES)
        return;
    if (vector == VECTOR_TIMER)
        sched_tick();
    else if (vector == VECTOR_RESCHEDULE)
        sched_look();
    else if (vector == VECTOR_SHOOTDOWN)
        shootdown_handle();
    else if (vector == VECTOR_APIC_ERROR)
        apic_handle_error();
    else if (vector < VECTOR_DEVICES_END)
        handle_device(vector - VECTOR_DEVICES);
    /* After the handler: a line that it has not calmed down would interrupt again at once. */
    apic_end();
    sched_preempt();
}
