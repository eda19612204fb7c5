#include "kernel/dev/hpet.h"

#include "kernel/cpu/mmio.h"
#include "kernel/mem/paging.h"

/* §2.3.2, table 2. */
#define REGISTERS_LEN 1024u
#define REVISION 0x000u /* the low byte of the capabilities; never 0 */
#define PERIOD 0x004u   /* femtoseconds */
#define CONFIGURATION 0x010u
#define COUNT 0x0F0u /* its low half; the timer may have no other */

#define ENABLE 1u             /* and no legacy replacement, which is bit 1 */
#define PERIOD_MIN 1000000u   /* 1 ns: nothing is faster */
#define PERIOD_MAX 100000000u /* §2.3.4: a count lasts at most 100 ns */

static volatile void *registers;

static uint32_t read_count(void)
{
    return mmio_read_32(registers, COUNT);
}

bool hpet_start(paddr_t paddr, struct counter *counter)
{
    uint32_t period;

    *counter = (struct counter){0};
    registers = paddr % 8 == 0 && paddr != 0 ? paging_map_device(paddr, REGISTERS_LEN) : nullptr;
    if (registers == nullptr)
        return false;
    period = mmio_read_32(registers, PERIOD);
    if ((mmio_read_32(registers, REVISION) & 0xFF) == 0 || period < PERIOD_MIN ||
        period > PERIOD_MAX) {
        registers = nullptr;
        return false;
    }
    mmio_write_32(registers, CONFIGURATION, ENABLE);
    *counter = (struct counter){"HPET", read_count, UINT32_MAX, period};
    return true;
}

void hpet_stop(void)
{
    if (registers != nullptr)
        mmio_write_32(registers, CONFIGURATION, 0);
}
