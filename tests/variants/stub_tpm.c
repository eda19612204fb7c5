#include "tests/variants/stub_tpm.h"

#include "boot/firmware.h"
#include "tests/variants/chain.h"

/* UEFI 2.10 §7.3.2: the first of unused_install in boot/uefi.h. */
typedef efi_status(EFIAPI install_interface)(efi_handle *handle, const struct efi_guid *guid,
                                             uint32_t type, void *interface);

static efi_status EFIAPI get_capability([[maybe_unused]] struct efi_tcg2 *tpm,
                                        struct efi_tcg2_capability *capability)
{
    if (capability->size < sizeof(*capability))
        return EFI_BUFFER_TOO_SMALL;
    *capability = (struct efi_tcg2_capability){
        .size = sizeof(*capability),
        .structure_version = {1, 1},
        .protocol_version = {1, 1},
        .log_formats = EFI_TCG2_LOG_TCG_2,
        .tpm_present = 1,
    };
    return EFI_SUCCESS;
}

static efi_status EFIAPI get_event_log([[maybe_unused]] struct efi_tcg2 *tpm,
                                       [[maybe_unused]] uint32_t format, uint64_t *location,
                                       uint64_t *last_entry, uint8_t *is_truncated)
{
    *location = *last_entry = 0;
    *is_truncated = 1;
    return EFI_SUCCESS;
}

static efi_status EFIAPI hash_log_extend_event([[maybe_unused]] struct efi_tcg2 *tpm,
                                               [[maybe_unused]] uint64_t flags,
                                               [[maybe_unused]] uint64_t data_paddr,
                                               uint64_t data_len, struct efi_tcg2_event *event)
{
    static unsigned number;
    if (event->size != tcg2_event_size(data_len) ||
        event->header_size != EFI_TCG2_EVENT_HEADER_SIZE)
        return EFI_INVALID_PARAMETER;
    return stub_tpm_extend(number++, event);
}

bool chain_prepare(void)
{
    return true;
}

/* Not before the loader is in memory: firmware would measure its file, too. */
void chain_loaded([[maybe_unused]] efi_handle loader)
{
    static struct efi_tcg2 interface;
    install_interface *install = (install_interface *)(uintptr_t)firmware_boot->unused_install[0];
    efi_handle handle = nullptr;
    interface.get_capability = get_capability;
    interface.get_event_log = get_event_log;
    interface.hash_log_extend_event = hash_log_extend_event;
    if (efi_failed(install(&handle, &efi_tcg2_guid, 0, &interface)))
        chain_print("TEST: firmware takes no TPM\r\n");
}
