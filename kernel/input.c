#include "kernel/input.h"

#include "kernel/cpu/apic.h"
#include "kernel/cpu/interrupts.h"
#include "kernel/dev/clock.h"
#include "kernel/dev/io_apic.h"
#include "kernel/dev/serial.h"
#include "kernel/sched/event.h"
#include "kernel/sched/thread.h"

#define LOOK_NS UINT64_C(10000000)

static struct event received;
static bool is_interrupted;

static void handle([[maybe_unused]] void *context)
{
    event_signal(&received);
}

void input_init(void)
{
    unsigned vector;

    received = EVENT_INIT;
    if (interrupts_claim(handle, nullptr, &vector) != NONOS_OK)
        return;
    is_interrupted = io_apic_route(SERIAL_IRQ, (uint8_t)vector, apic_id()) == NONOS_OK;
    if (is_interrupted)
        serial_enable_interrupt();
    else
        interrupts_release(vector);
}

void input_wait(void)
{
    if (is_interrupted)
        event_wait(&received);
    else
        thread_sleep_until(clock_now_ns() + LOOK_NS);
}
