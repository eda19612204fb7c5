/* occupied.c - takes the page at 1 MiB, as firmware on some machines does. */
#include "boot/firmware.h"
#include "tests/variants/chain.h"

#define EFI_RESERVED_MEMORY 0 /* UEFI 2.10 §7.2 */

bool chain_prepare(void)
{
    uint64_t paddr = 0x100000;
    if (efi_failed(
            firmware_boot->allocate_pages(EFI_ALLOCATE_ADDRESS, EFI_RESERVED_MEMORY, 1, &paddr))) {
        chain_print("TEST: 1 MiB was taken already\r\n");
        return false;
    }
    chain_print("TEST: the page at 1 MiB is taken\r\n");
    return true;
}

void chain_loaded([[maybe_unused]] efi_handle loader)
{
}
