/* five_levels.c - turns 5-level paging on, as firmware of machines with much memory does. */
#include "boot/cpu.h"
#include "boot/firmware.h"
#include "tests/variants/chain.h"

#define CPUID_7_ECX_LA57 (1u << 16)
#define CR4_LA57 (UINT64_C(1) << 12)
#define PAGE_PRESENT_WRITABLE 3u
#define PAGE_PADDR_MASK UINT64_C(0x000FFFFFFFFFF000)

/* five_levels.S: root: physical address of the new tables' root, below 4 GiB, as is this image. */
void EFIAPI five_levels_switch(uint64_t root);

static uint64_t read_cr4(void)
{
    uint64_t value;
    __asm__ volatile("movq %%cr4, %0" : "=r"(value));
    return value;
}

bool chain_prepare(void)
{
    uint64_t root;
    uint64_t old_root;
    if ((cpu_identify(7, 0).ecx & CPUID_7_ECX_LA57) == 0 || (read_cr4() & CR4_LA57) != 0 ||
        firmware_allocate(EFI_PAGE_SIZE, FIRMWARE_BELOW_4G, EFI_LOADER_DATA, &root) != NONOS_OK) {
        chain_print("TEST: 5-level paging is not to be had, or on already\r\n");
        return false;
    }
    __asm__ volatile("movq %%cr3, %0" : "=r"(old_root));
    *(uint64_t *)firmware_pointer(root) = (old_root & PAGE_PADDR_MASK) | PAGE_PRESENT_WRITABLE;
    five_levels_switch(root);
    chain_print((read_cr4() & CR4_LA57) != 0 ? "TEST: 5-level paging is on\r\n"
                                             : "TEST: 5-level paging stayed off\r\n");
    return true;
}

void chain_loaded([[maybe_unused]] efi_handle loader)
{
}
