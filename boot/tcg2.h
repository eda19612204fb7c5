/*
 * tcg2.h - the TPM 2.0, through firmware.
 *
 * Source: TCG EFI Protocol Specification, family 2.0, revision 00.13, §6 (EFI_TCG2_PROTOCOL), as
 * far as it is used: what there is, extending a PCR, and the event log. Before boot services are
 * left.
 */
#ifndef NONOS_BOOT_TCG2_H
#define NONOS_BOOT_TCG2_H

#include "abi/error.h"
#include "boot/uefi.h"

#include <stddef.h>
#include <stdint.h>

/* EFI_TCG2_BOOT_SERVICE_CAPABILITY, of structure version 1.1 */
struct efi_tcg2_capability {
    uint8_t size; /* in: of what the caller has; out: of what firmware has */
    uint8_t structure_version[2];
    uint8_t protocol_version[2];
    uint32_t hash_algorithms;
    uint32_t log_formats; /* EFI_TCG2_LOG_* */
    uint8_t tpm_present;
    uint16_t max_command_size;
    uint16_t max_response_size;
    uint32_t manufacturer;
    uint32_t bank_count;
    uint32_t active_banks;
};
static_assert(offsetof(struct efi_tcg2_capability, log_formats) == 12);
static_assert(offsetof(struct efi_tcg2_capability, tpm_present) == 16);
static_assert(offsetof(struct efi_tcg2_capability, active_banks) == 32);
static_assert(sizeof(struct efi_tcg2_capability) == 36);
#define EFI_TCG2_LOG_TCG_2 2u /* the crypto-agile format (image/event_log.h) */

/* EFI_TCG2_EVENT with its EFI_TCG2_EVENT_HEADER; neither is aligned. */
struct [[gnu::packed]] efi_tcg2_event {
    uint32_t size; /* of all of it, the data included */
    uint32_t header_size;
    uint16_t header_version;
    uint32_t pcr;
    uint32_t type;
    uint8_t data[];
};
static_assert(offsetof(struct efi_tcg2_event, header_size) == 4);
static_assert(offsetof(struct efi_tcg2_event, pcr) == 10);
static_assert(offsetof(struct efi_tcg2_event, type) == 14);
static_assert(sizeof(struct efi_tcg2_event) == 18);
#define EFI_TCG2_EVENT_HEADER_SIZE 14u
static_assert(sizeof(struct efi_tcg2_event) - offsetof(struct efi_tcg2_event, header_size) ==
              EFI_TCG2_EVENT_HEADER_SIZE);
#define EFI_TCG2_EVENT_HEADER_VERSION 1u

EFI_GUID(efi_tcg2_guid,
         {0x607F766C, 0x7455, 0x42BE, {0x93, 0x0B, 0xE4, 0xD7, 0x6D, 0xB2, 0x72, 0x0F}});

struct efi_tcg2 {
    efi_status(EFIAPI *get_capability)(struct efi_tcg2 *, struct efi_tcg2_capability *);
    efi_status(EFIAPI *get_event_log)(struct efi_tcg2 *, uint32_t format, uint64_t *location,
                                      uint64_t *last_entry, uint8_t *is_truncated);
    /* EFI_VOLUME_FULL: the PCR was extended, the log had no room for the event. */
    efi_status(EFIAPI *hash_log_extend_event)(struct efi_tcg2 *, uint64_t flags,
                                              uint64_t data_paddr, uint64_t data_len,
                                              struct efi_tcg2_event *);
    void *unused[4];
};
static_assert(offsetof(struct efi_tcg2, hash_log_extend_event) == 16);

/* Looks for a TPM 2.0: *tpm is null where there is none, which includes firmware that has the
 * protocol and says that no TPM is present. *has_log: firmware keeps a log of the format that
 * tcg2_find_log reads. NONOS_E_TPM when firmware does not say what it has: *tpm is not null then,
 * since there may be one. */
[[nodiscard]] enum nonos_error tcg2_find(struct efi_tcg2 **tpm, bool *has_log);

/* How much memory an event with so much data takes. */
static inline size_t tcg2_event_size(size_t data_len)
{
    return sizeof(struct efi_tcg2_event) + data_len;
}

/* Extends the PCR in every active bank with the bank's hash of the data, and logs an event of this
 * type with this very data. event: memory of tcg2_event_size(data_len) bytes. An event that
 * firmware's log has no room for is extended all the same, and no failure. NONOS_E_TPM. */
[[nodiscard]] enum nonos_error tcg2_extend(struct efi_tcg2 *tpm, uint32_t pcr, uint32_t type,
                                           const void *data, size_t data_len,
                                           struct efi_tcg2_event *event);

/* Firmware's log as it is now. *bytes is null, and *why_none names the reason, where there is none
 * that can be used: truncated, malformed, or longer than max_len. Firmware's memory is looked at up
 * to max_len bytes from where it says that the log begins. NONOS_E_TPM when firmware fails. */
[[nodiscard]] enum nonos_error tcg2_find_log(struct efi_tcg2 *tpm, size_t max_len,
                                             const uint8_t **bytes, size_t *len,
                                             const char **why_none);

#endif
