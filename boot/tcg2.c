#include "boot/tcg2.h"

#include "boot/firmware.h"
#include "image/event_log.h"

#include <stdckdint.h>
#include <string.h>

enum nonos_error tcg2_find(struct efi_tcg2 **tpm, bool *has_log)
{
    struct efi_tcg2_capability capability = {.size = sizeof(capability)};
    *has_log = false;
    *tpm = firmware_find_protocol(&efi_tcg2_guid);
    if (*tpm == nullptr)
        return NONOS_OK;
    if (efi_failed((*tpm)->get_capability(*tpm, &capability)))
        return NONOS_E_TPM;
    if (capability.tpm_present == 0)
        *tpm = nullptr;
    else
        *has_log = (capability.log_formats & EFI_TCG2_LOG_TCG_2) != 0;
    return NONOS_OK;
}

enum nonos_error tcg2_extend(struct efi_tcg2 *tpm, uint32_t pcr, uint32_t type, const void *data,
                             size_t data_len, struct efi_tcg2_event *event)
{
    if (data_len > UINT32_MAX - sizeof(*event))
        return NONOS_E_SIZE;
    *event = (struct efi_tcg2_event){
        .size = (uint32_t)tcg2_event_size(data_len),
        .header_size = EFI_TCG2_EVENT_HEADER_SIZE,
        .header_version = EFI_TCG2_EVENT_HEADER_VERSION,
        .pcr = pcr,
        .type = type,
    };
    memcpy(event->data, data, data_len);
    /* What is hashed is what is logged: one copy for both. */
    efi_status status = tpm->hash_log_extend_event(tpm, 0, (uintptr_t)event->data, data_len, event);
    return status == EFI_SUCCESS || status == EFI_VOLUME_FULL ? NONOS_OK : NONOS_E_TPM;
}

enum nonos_error tcg2_find_log(struct efi_tcg2 *tpm, size_t max_len, const uint8_t **bytes,
                               size_t *len, const char **why_none)
{
    uint64_t location = 0, last_entry = 0, end;
    uint8_t is_truncated = 0;
    *bytes = nullptr;
    *len = 0;
    *why_none = nullptr;
    if (efi_failed(
            tpm->get_event_log(tpm, EFI_TCG2_LOG_TCG_2, &location, &last_entry, &is_truncated)))
        return NONOS_E_TPM;
    if (is_truncated != 0) {
        *why_none = "firmware had no room for all of it";
        return NONOS_OK;
    }
    if (location == 0 || last_entry < location || ckd_add(&end, location, (uint64_t)max_len)) {
        *why_none = "its last entry is not in it";
        return NONOS_OK;
    }
    *len = event_log_find_len(firmware_pointer(location), max_len, last_entry - location);
    if (*len == 0)
        *why_none = "it is malformed or too long";
    else
        *bytes = firmware_pointer(location);
    return NONOS_OK;
}
