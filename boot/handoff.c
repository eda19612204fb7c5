#include "boot/handoff.h"

#include "boot/framebuffer.h"
#include "boot/kernel_space.h"
#include "boot/system_tables.h"
#include "boot/wall_clock.h"

#include <string.h>

static uint32_t collect_flags(const struct boot *boot)
{
    uint32_t flags = 0;
    if (image_is_verified(&boot->verdict))
        flags |= NONOS_HANDOFF_VERIFIED;
    if (boot->hardware.has_secure_boot)
        flags |= NONOS_HANDOFF_SECURE_BOOT;
    if (boot->verdict.signer->profile == NONOS_PROFILE_DEV)
        flags |= NONOS_HANDOFF_DEVELOPMENT;
    if (boot->image_paddr != boot->verdict.elf.memory_paddr)
        flags |= NONOS_HANDOFF_MOVED;
    return flags;
}

static void fill_clock(struct nonos_handoff *handoff)
{
    struct efi_time time;
    if (!efi_failed(firmware->runtime->get_time(&time, nullptr)) &&
        wall_clock_convert(&time, &handoff->wall_clock))
        handoff->flags |= NONOS_HANDOFF_HAS_WALL_CLOCK;
}

void handoff_fill(struct nonos_handoff *handoff, const struct boot *boot)
{
    *handoff = (struct nonos_handoff){
        .magic = NONOS_HANDOFF_MAGIC,
        .version = NONOS_HANDOFF_VERSION,
        .size = sizeof(*handoff),
        .flags = collect_flags(boot),
        .image_paddr = boot->image_paddr,
        .image_len = boot->verdict.elf.memory_len,
        .image_vaddr = boot->verdict.elf.memory_vaddr,
        .stack_paddr = boot->stack_paddr,
        .stack_len = NONOS_HANDOFF_STACK_LEN,
        .stack_vaddr = KERNEL_SPACE_STACK_VADDR,
        .memory_map_paddr = (uintptr_t)boot->map.regions,
        .acpi_rsdp_paddr = system_tables_find_acpi(),
        .smbios_paddr = system_tables_find_smbios(),
        .entropy_sources = boot->entropy_sources,
        .tsc_hz = boot->hardware.tsc_hz,
    };
    memcpy(handoff->digest, boot->verdict.d1, sizeof(handoff->digest));
    memcpy(handoff->signer_id, boot->verdict.signer->id, sizeof(handoff->signer_id));
    memcpy(handoff->entropy, boot->entropy, sizeof(handoff->entropy));
    memcpy(handoff->stage_tsc, boot->stage_tsc, sizeof(handoff->stage_tsc));
    if (framebuffer_find(&handoff->framebuffer))
        handoff->flags |= NONOS_HANDOFF_HAS_FRAMEBUFFER;
    fill_clock(handoff);
}
