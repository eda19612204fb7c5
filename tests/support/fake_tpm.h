/*
 * fake_tpm.h - firmware with a TPM 2.0, for host tests (boot/tcg2.h).
 *
 * fake_add_tpm() puts it into the fake firmware. It keeps what it was asked to extend and writes a
 * log of it. The call of that number (from 0) fails with fake_tpm.failure; all others succeed.
 */
#ifndef NONOS_TESTS_SUPPORT_FAKE_TPM_H
#define NONOS_TESTS_SUPPORT_FAKE_TPM_H

#include "boot/tcg2.h"
#include "tests/support/event_log_builder.h"
#include "tests/support/fake_firmware.h"

#include <limits.h>

#define FAKE_TPM_MAX_EVENTS 8u
#define FAKE_TPM_MAX_DATA_LEN 5000u
#define FAKE_NO_CALL UINT_MAX
#define FAKE_DEVICE_ERROR (EFI_ERROR_BIT | 7)

struct fake_event {
    uint32_t pcr;
    uint32_t type;
    size_t len;
    char data[FAKE_TPM_MAX_DATA_LEN];
};

static struct {
    struct efi_tcg2 protocol;
    bool is_present;
    uint32_t log_formats;
    bool is_truncated;
    uint64_t last_entry_moved; /* added to the address that is told */
    uint64_t location;         /* told */
    unsigned calls;            /* so far */
    unsigned failing_call;     /* or FAKE_NO_CALL */
    efi_status failure;
    struct fake_event events[FAKE_TPM_MAX_EVENTS];
    unsigned event_count;
    struct built_log log;
} fake_tpm;

static inline efi_status fake_tpm_call(void)
{
    /* The interface ends with boot services. */
    assert_false(firmware_is_left);
    return fake_tpm.calls++ == fake_tpm.failing_call ? fake_tpm.failure : EFI_SUCCESS;
}

static inline efi_status EFIAPI fake_get_capability(struct efi_tcg2 *tpm,
                                                    struct efi_tcg2_capability *capability)
{
    assert_ptr_equal(tpm, &fake_tpm.protocol);
    assert_int_equal(capability->size, 36);
    efi_status status = fake_tpm_call();
    if (status != EFI_SUCCESS)
        return status;
    *capability = (struct efi_tcg2_capability){.size = 36,
                                               .structure_version = {1, 1},
                                               .protocol_version = {1, 1},
                                               .hash_algorithms = 3,
                                               .log_formats = fake_tpm.log_formats,
                                               .tpm_present = fake_tpm.is_present,
                                               .bank_count = 2,
                                               .active_banks = 3};
    return EFI_SUCCESS;
}

static inline efi_status EFIAPI fake_get_event_log(struct efi_tcg2 *tpm, uint32_t format,
                                                   uint64_t *location, uint64_t *last_entry,
                                                   uint8_t *is_truncated)
{
    assert_ptr_equal(tpm, &fake_tpm.protocol);
    assert_int_equal(format, EFI_TCG2_LOG_TCG_2);
    efi_status status = fake_tpm_call();
    if (status != EFI_SUCCESS)
        return status;
    uint64_t start = (uintptr_t)fake_tpm.log.bytes;
    *location = fake_tpm.location;
    *last_entry = start + fake_tpm.log.last_at + fake_tpm.last_entry_moved;
    *is_truncated = fake_tpm.is_truncated;
    return EFI_SUCCESS;
}

static inline efi_status EFIAPI fake_hash_log_extend_event(struct efi_tcg2 *tpm, uint64_t flags,
                                                           uint64_t data_paddr, uint64_t data_len,
                                                           struct efi_tcg2_event *event)
{
    assert_ptr_equal(tpm, &fake_tpm.protocol);
    assert_int_equal(flags, 0);
    assert_int_equal(event->size, 18 + data_len);
    assert_int_equal(event->header_size, 14);
    assert_int_equal(event->header_version, 1);
    assert_memory_equal(event->data, (const void *)(uintptr_t)data_paddr, data_len);
    efi_status status = fake_tpm_call();
    if (status != EFI_SUCCESS && status != EFI_VOLUME_FULL)
        return status;
    assert_true(fake_tpm.event_count < FAKE_TPM_MAX_EVENTS && data_len <= FAKE_TPM_MAX_DATA_LEN);
    struct fake_event *kept = &fake_tpm.events[fake_tpm.event_count++];
    *kept = (struct fake_event){.pcr = event->pcr, .type = event->type, .len = data_len};
    memcpy(kept->data, event->data, data_len);
    if (status == EFI_VOLUME_FULL)
        fake_tpm.is_truncated = true;
    else
        log_add_event(&fake_tpm.log, event->pcr, event->type, 1, 2, event->data, data_len);
    return status;
}

static inline void fake_add_tpm(void)
{
    memset(&fake_tpm, 0, sizeof(fake_tpm));
    fake_tpm.protocol.get_capability = fake_get_capability;
    fake_tpm.protocol.get_event_log = fake_get_event_log;
    fake_tpm.protocol.hash_log_extend_event = fake_hash_log_extend_event;
    fake_tpm.is_present = true;
    fake_tpm.log_formats = 3;
    fake_tpm.failing_call = FAKE_NO_CALL;
    fake_tpm.failure = FAKE_DEVICE_ERROR;
    fake_tpm.location = (uintptr_t)fake_tpm.log.bytes;
    log_begin(&fake_tpm.log);
    log_add_event(&fake_tpm.log, 4, 0x80000003, 3, 4, "loader", 6);
    fake_add(nullptr, &efi_tcg2_guid, &fake_tpm.protocol);
}

#endif
