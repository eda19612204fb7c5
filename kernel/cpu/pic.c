#include "kernel/cpu/pic.h"

#include "kernel/cpu/io.h"

#define PIC_FIRST_MASK 0x21u
#define PIC_SECOND_MASK 0xA1u

void pic_mask(void)
{
    io_write_8(PIC_FIRST_MASK, 0xFF);
    io_write_8(PIC_SECOND_MASK, 0xFF);
}
