#include "kernel/dev/serial.h"

#include "kernel/cpu/io.h"

#define COM1 0x3F8u

/* Registers, as offsets from the base (data sheet §8, table II). */
enum {
    DATA = 0,             /* receive and transmit; divisor low when DIVISOR_ACCESS */
    INTERRUPT_ENABLE = 1, /* divisor high when DIVISOR_ACCESS */
    FIFO_CONTROL = 2,
    LINE_CONTROL = 3,
    MODEM_CONTROL = 4,
    LINE_STATUS = 5,
    SCRATCH = 7,
};

#define FIFO_ON_AND_CLEARED 0x07u
#define EIGHT_BITS_NO_PARITY 0x03u
#define DIVISOR_ACCESS 0x80u
#define DIVISOR_115200 1u
#define READY_TO_SEND 0x03u  /* DTR and RTS */
#define INTERRUPT_LINE 0x08u /* OUT2: in a PC it connects the interrupt */
#define LOOPBACK 0x10u
#define RECEIVED_INTERRUPT 0x01u
#define STATUS_RECEIVED 0x01u
#define STATUS_ROOM 0x20u
#define STATUS_IDLE 0x40u
#define STATUS_ABSENT 0xFFu /* what an empty bus reads as */

/* One port access takes about a microsecond on hardware, a byte 87 of them; an emulator whose
 * other end is not being read can be far slower. */
#define POLL_LIMIT 1000000u

static bool present;
static bool stalled; /* the last byte was given up: do not wait as long for the next */

static void write_register(uint16_t offset, uint8_t value)
{
    io_write_8((uint16_t)(COM1 + offset), value);
}

static uint8_t read_register(uint16_t offset)
{
    return io_read_8((uint16_t)(COM1 + offset));
}

static bool wait_for_status(uint8_t wanted, unsigned limit)
{
    for (unsigned i = 0; i < limit; i++) {
        if ((read_register(LINE_STATUS) & wanted) != 0)
            return true;
    }
    return false;
}

/* The status read in between leaves another value on a bus that only remembers the last one. */
static bool scratch_holds(uint8_t value)
{
    write_register(SCRATCH, value);
    (void)read_register(LINE_STATUS);
    return read_register(SCRATCH) == value;
}

static bool loopback_returns(uint8_t value)
{
    bool returned;

    write_register(MODEM_CONTROL, LOOPBACK | READY_TO_SEND);
    write_register(DATA, value);
    returned = wait_for_status(STATUS_RECEIVED, POLL_LIMIT / 10) && read_register(DATA) == value;
    write_register(MODEM_CONTROL, READY_TO_SEND);
    return returned;
}

static void set_up(void)
{
    write_register(INTERRUPT_ENABLE, 0);
    write_register(LINE_CONTROL, DIVISOR_ACCESS | EIGHT_BITS_NO_PARITY);
    write_register(DATA, DIVISOR_115200);
    write_register(INTERRUPT_ENABLE, DIVISOR_115200 >> 8);
    write_register(LINE_CONTROL, EIGHT_BITS_NO_PARITY);
    write_register(FIFO_CONTROL, FIFO_ON_AND_CLEARED);
    write_register(MODEM_CONTROL, READY_TO_SEND);
}

bool serial_init(void)
{
    present = false;
    stalled = false;
    if (read_register(LINE_STATUS) == STATUS_ABSENT)
        return false;
    /* What the loader wrote last may still be in the FIFO that is about to be cleared. */
    (void)wait_for_status(STATUS_IDLE, POLL_LIMIT);
    set_up();
    /* Either is proof: old UARTs lack the scratch register, some emulators the loopback. */
    present = (scratch_holds(0x5A) && scratch_holds(0xA5)) || loopback_returns(0xAE);
    return present;
}

void serial_write_byte(uint8_t byte)
{
    if (!present)
        return;
    stalled = !wait_for_status(STATUS_ROOM, stalled ? 1 : POLL_LIMIT);
    if (!stalled)
        write_register(DATA, byte);
}

int serial_read_byte(void)
{
    uint8_t status;

    if (!present)
        return -1;
    status = read_register(LINE_STATUS);
    if (status == STATUS_ABSENT || (status & STATUS_RECEIVED) == 0)
        return -1;
    return read_register(DATA);
}

void serial_enable_interrupt(void)
{
    if (!present)
        return;
    write_register(MODEM_CONTROL, READY_TO_SEND | INTERRUPT_LINE);
    write_register(INTERRUPT_ENABLE, RECEIVED_INTERRUPT);
}
