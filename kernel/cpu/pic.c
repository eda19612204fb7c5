#include "kernel/cpu/pic.h"

#include "kernel/cpu/io.h"
#include "kernel/cpu/vectors.h"

#define FIRST 0x20u /* command; data is one port further */
#define SECOND 0xA0u

#define BEGIN 0x11u    /* ICW1: two controllers, edge triggered, ICW4 follows */
#define X86_MODE 0x01u /* ICW4 */

static void silence(uint16_t port, uint8_t vector, uint8_t cascade)
{
    io_write_8(port, BEGIN);
    io_write_8((uint16_t)(port + 1), vector);
    io_write_8((uint16_t)(port + 1), cascade);
    io_write_8((uint16_t)(port + 1), X86_MODE);
    io_write_8((uint16_t)(port + 1), 0xFF);
}

void pic_mask(void)
{
    silence(FIRST, VECTOR_PIC, 1u << 2); /* the second one is on line 2 */
    silence(SECOND, VECTOR_PIC + 8, 2u); /* of the first */
}
