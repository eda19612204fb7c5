#include "kernel/mem/shootdown.h"

#include "kernel/cpu/control.h"

void shootdown_handle(void)
{
    control_write_cr3(control_read_cr3());
}
