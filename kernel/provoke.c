#include "kernel/provoke.h"

#include "kernel/console.h"

bool provoke_fault([[maybe_unused]] const char *name)
{
    return false;
}

void provoke_list(void)
{
    console_printf("panic: this kernel has none; docs/kernel.md says which one has\n");
}
