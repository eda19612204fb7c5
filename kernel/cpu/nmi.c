#include "kernel/cpu/nmi.h"

#include "kernel/console.h"
#include "kernel/cpu/io.h"

#define STATUS_PORT 0x61u
#define STATUS_ERRORS 0xC0u /* of a bus: SERR#, IOCHK# */
#define STATUS_ABSENT 0xFFu /* what reads where there is no such port */

static uint32_t count;
static uint32_t reported;

bool nmi_handle(void)
{
    uint8_t status = io_read_8(STATUS_PORT);

    if (status != STATUS_ABSENT && (status & STATUS_ERRORS) != 0)
        return false;
    (void)__atomic_add_fetch(&count, 1, __ATOMIC_RELAXED);
    return true;
}

void nmi_report(void)
{
    uint32_t now = nmi_count();
    uint32_t before = reported;

    if (now == before)
        return;
    reported = now;
    console_printf("NONOS: %u non-maskable interrupts that nobody asked for, %u in all\n",
                   now - before, now);
}

uint32_t nmi_count(void)
{
    return __atomic_load_n(&count, __ATOMIC_RELAXED);
}
