#include "kernel/pvh.h"

#include "abi/image.h"
#include "kernel/cpu/control.h"
#include "kernel/image.h"
#include "kernel/main.h"
#include "kernel/panic.h"
#include "kernel/pvh_map.h"

#include <string.h>

#define REACHABLE_END (UINT64_C(1) << 32) /* what pvh_entry.S maps */

/* pvh_entry.S: the time of its first instructions; its tables and its stack. */
extern const uint64_t pvh_entry_tsc;
extern uint8_t pvh_memory[], pvh_memory_end[];

static struct pvh_map map;
static struct nonos_handoff handoff;

/* Of something in the image, which the hypervisor has put where it is linked. */
static paddr_t paddr_in_image(const void *pointer)
{
    return (uintptr_t)pointer - NONOS_KERNEL_VIRTUAL_OFFSET;
}

static const struct pvh_start_info *find_start_info(uint32_t paddr)
{
    const struct pvh_start_info *info = direct_map_at(paddr);

    if (paddr % alignof(uint64_t) != 0 || paddr > REACHABLE_END - sizeof *info ||
        info->magic != PVH_START_MAGIC)
        panic("PVH: there is no start information");
    if (info->version < 1 || info->memmap_count == 0)
        panic("PVH: the start information has no memory map");
    if (info->memmap_paddr % alignof(uint64_t) != 0 || info->memmap_paddr >= REACHABLE_END ||
        info->memmap_count * sizeof(struct pvh_memory) > REACHABLE_END - info->memmap_paddr)
        panic("PVH: the memory map is out of reach");
    return info;
}

/* No flag is ever set here: the hypervisor's word is all there is. */
static void fill_handoff(const struct pvh_start_info *info)
{
    handoff = (struct nonos_handoff){
        .magic = NONOS_HANDOFF_MAGIC,
        .version = NONOS_HANDOFF_VERSION,
        .size = sizeof handoff,
        .image_paddr = NONOS_KERNEL_PADDR,
        .image_len = image_len(),
        .image_vaddr = image_start(),
        .stack_paddr = paddr_in_image(pvh_stack),
        .stack_len = NONOS_HANDOFF_STACK_LEN,
        .stack_vaddr = (uintptr_t)pvh_stack,
        .memory_map_paddr = paddr_in_image(map.regions),
        .memory_map_count = (uint32_t)map.count,
        .acpi_rsdp_paddr = info->rsdp_paddr,
    };
    handoff.stage_tsc[NONOS_STAGE_ENTRY] = pvh_entry_tsc;
}

void pvh_forget(void)
{
    memset(pvh_memory, 0, (size_t)(pvh_memory_end - pvh_memory));
}

void pvh_start(uint32_t start_info_paddr)
{
    const struct pvh_start_info *info;

    kernel_begin("NONOS: unverified start (PVH)");
    info = find_start_info(start_info_paddr);
    if (pvh_map_build(direct_map_at(info->memmap_paddr), info->memmap_count, NONOS_KERNEL_PADDR,
                      image_len(), &map) != NONOS_OK)
        panic("PVH: the memory map is not valid, or the image is not in memory");
    fill_handoff(info);
    kernel_start(direct_map_at(paddr_in_image(&handoff)), BOOT_START_PVH);
}
