#include "kernel/dev/pit.h"

#include "kernel/cpu/io.h"

#define CHANNEL_0 0x40u
#define CONTROL 0x43u

#define LATCH_CHANNEL_0 0x00u
/* Channel 0, low byte and then high byte, mode 0: silent until it has counted to 0 once. */
#define COUNT_ONCE 0x30u
#define COUNT_MAX 0xFFFFu

#define PERIOD_FS 838095345u

/* It counts down. */
static uint32_t read_count(void)
{
    uint32_t low;

    io_write_8(CONTROL, LATCH_CHANNEL_0);
    low = io_read_8(CHANNEL_0);
    return COUNT_MAX - (low | (uint32_t)io_read_8(CHANNEL_0) << 8);
}

void pit_start(struct counter *counter)
{
    io_write_8(CONTROL, COUNT_ONCE);
    io_write_8(CHANNEL_0, COUNT_MAX & 0xFF);
    io_write_8(CHANNEL_0, COUNT_MAX >> 8);
    *counter = (struct counter){"PIT", read_count, COUNT_MAX, PERIOD_FS};
}

void pit_stop(void)
{
    /* Without a count after it, this mode does not begin. */
    io_write_8(CONTROL, COUNT_ONCE);
}
