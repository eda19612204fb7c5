#include "kernel/dev/pm_timer.h"

#include "kernel/cpu/io.h"

#define PERIOD_FS 279365115u

static uint16_t port;

static uint32_t read_count(void)
{
    return io_read_32(port);
}

bool pm_timer_find(const struct acpi_register *where, struct counter *counter)
{
    *counter = (struct counter){0};
    if (where->address == 0 || where->space != ACPI_SPACE_IO || where->address > UINT16_MAX - 3)
        return false;
    port = (uint16_t)where->address;
    *counter = (struct counter){"PM timer", read_count,
                                where->width_bits == 32 ? UINT32_MAX : 0xFFFFFF, PERIOD_FS};
    return true;
}
