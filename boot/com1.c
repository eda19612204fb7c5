#include "boot/com1.h"

#include "boot/cpu.h"

/* Registers of a 16550 UART, as offsets from its base. */
enum {
    BASE = 0x3F8,
    DATA = 0,       /* divisor, low byte, while LINE_DIVISOR is set */
    INTERRUPTS = 1, /* divisor, high byte, while LINE_DIVISOR is set */
    FIFO = 2,
    LINE = 3,
    MODEM = 4,
    LINE_STATUS = 5,
    SCRATCH = 7,
};

#define LINE_8N1 0x03
#define LINE_DIVISOR 0x80
#define FIFO_ENABLE 0x01
#define MODEM_DTR_RTS 0x03
#define STATUS_HOLDING_EMPTY 0x20
#define STATUS_ALL_SENT 0x40

/* At 115200 a byte takes 87 us and a port read about 1 us: this is three orders of magnitude. */
#define MAX_POLLS 100000u

static bool present;

static bool wait_for(uint8_t status)
{
    for (unsigned i = 0; i < MAX_POLLS; i++) {
        if ((cpu_read_port(BASE + LINE_STATUS) & status) == status)
            return true;
        cpu_pause();
    }
    return false;
}

static bool remembers(uint8_t value)
{
    cpu_write_port(BASE + SCRATCH, value);
    return cpu_read_port(BASE + SCRATCH) == value;
}

void com1_init(void)
{
    present = remembers(0x5A) && remembers(0xA5);
    if (!present)
        return;
    /* Firmware may still be sending at another speed. */
    (void)wait_for(STATUS_ALL_SENT);
    cpu_write_port(BASE + INTERRUPTS, 0);
    cpu_write_port(BASE + LINE, LINE_DIVISOR | LINE_8N1);
    cpu_write_port(BASE + DATA, 1); /* 115200 / 1 */
    cpu_write_port(BASE + INTERRUPTS, 0);
    cpu_write_port(BASE + LINE, LINE_8N1);
    cpu_write_port(BASE + FIFO, FIFO_ENABLE);
    cpu_write_port(BASE + MODEM, MODEM_DTR_RTS);
}

void com1_write(const char *text, size_t len)
{
    for (size_t i = 0; i < len && present; i++) {
        present = wait_for(STATUS_HOLDING_EMPTY);
        if (present)
            cpu_write_port(BASE + DATA, (uint8_t)text[i]);
    }
}

bool com1_is_present(void)
{
    return present;
}
