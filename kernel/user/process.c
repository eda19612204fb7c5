#include "kernel/user/process.h"

#include "kernel/cpu/control.h"
#include "kernel/mem/paging.h"

void process_switch(const struct process *from, const struct process *to)
{
    if (from != to)
        control_write_cr3(to != nullptr ? to->root : paging_root());
}
