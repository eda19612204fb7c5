#include "kernel/mem/address.h"

void *direct_map_at(paddr_t paddr)
{
    return (void *)(uintptr_t)(ADDRESS_DIRECT_MAP + paddr);
}
