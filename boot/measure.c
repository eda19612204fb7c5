#include "boot/measure.h"

#include "abi/handoff.h"
#include "boot/firmware.h"
#include "boot/tcg2.h"
#include "image/measurement.h"

#include <string.h>

static struct efi_tcg2 *tpm; /* null: none */
static bool has_log;
static bool is_looked_for;
static bool is_refusing;

enum nonos_error measure_begin(bool *has_tpm)
{
    is_refusing = false;
    is_looked_for = true;
    enum nonos_error error = tcg2_find(&tpm, &has_log);
    *has_tpm = error == NONOS_OK && tpm != nullptr;
    return error;
}

static const char *const names[MEASUREMENT_COUNT] = {
    [MEASUREMENT_KERNEL] = "measuring, the kernel",
    [MEASUREMENT_MANIFEST] = "measuring, the manifest",
    [MEASUREMENT_POLICY] = "measuring, the policy",
};

static enum nonos_error extend(const struct measurement *event)
{
    uint64_t paddr;
    size_t size = tcg2_event_size(event->len);
    enum nonos_error error = firmware_allocate(size, FIRMWARE_ANYWHERE, EFI_LOADER_DATA, &paddr);
    if (error == NONOS_OK)
        error = tcg2_extend(tpm, MEASUREMENT_PCR, event->event_type, event->bytes, event->len,
                            firmware_pointer(paddr));
    firmware_release(paddr, size);
    return error;
}

static enum nonos_error extend_all(const struct measurement list[MEASUREMENT_COUNT],
                                   const char **what)
{
    for (unsigned i = 0; i < MEASUREMENT_COUNT; i++) {
        enum nonos_error error = extend(&list[i]);
        if (error != NONOS_OK) {
            *what = names[i];
            return error;
        }
    }
    return NONOS_OK;
}

enum nonos_error measure_image(const struct image_verdict *verdict,
                               const struct image_policy *policy, uint32_t profile,
                               const char **what)
{
    struct measurement list[MEASUREMENT_COUNT];
    uint64_t paddr;
    *what = nullptr;
    if (tpm == nullptr)
        return NONOS_OK;
    size_t size = measurement_text_size(policy);
    enum nonos_error error = firmware_allocate(size, FIRMWARE_ANYWHERE, EFI_LOADER_DATA, &paddr);
    if (error == NONOS_OK)
        error = measurement_list(verdict, policy, profile, firmware_pointer(paddr), size, list);
    if (error == NONOS_OK)
        error = extend_all(list, what);
    else
        *what = "measuring";
    firmware_release(paddr, size);
    return error;
}

/* In memory of its own: a refusal must not need any. */
static enum nonos_error cap(enum measurement_end end)
{
    static union {
        struct efi_tcg2_event event;
        uint8_t room[sizeof(struct efi_tcg2_event) + MEASUREMENT_SEPARATOR_LEN];
    } u;
    uint8_t separator[MEASUREMENT_SEPARATOR_LEN];
    measurement_separator(end, separator);
    return tcg2_extend(tpm, MEASUREMENT_PCR, MEASUREMENT_EV_SEPARATOR, separator, sizeof(separator),
                       &u.event);
}

static enum nonos_error take_log(struct measure_log *log)
{
    const uint8_t *bytes;
    size_t len;
    if (!has_log) {
        log->why_none = "firmware keeps none in the format of TPM 2.0";
        return NONOS_OK;
    }
    enum nonos_error error =
        tcg2_find_log(tpm, NONOS_HANDOFF_MAX_LOG_LEN, &bytes, &len, &log->why_none);
    if (error != NONOS_OK || bytes == nullptr)
        return error;
    error = firmware_allocate(len, FIRMWARE_ANYWHERE, EFI_LOADER_DATA, &log->paddr);
    if (error != NONOS_OK)
        return error;
    memcpy(firmware_pointer(log->paddr), bytes, len);
    log->len = (uint32_t)len;
    return NONOS_OK;
}

enum nonos_error measure_end(struct measure_log *log, const char **what)
{
    *log = (struct measure_log){};
    *what = nullptr;
    if (tpm == nullptr)
        return NONOS_OK;
    enum nonos_error error = cap(MEASUREMENT_END_JUMP);
    if (error != NONOS_OK) {
        *what = "measuring, the end of the boot";
        return error;
    }
    error = take_log(log);
    if (error != NONOS_OK)
        *what = "measuring, the event log";
    return error;
}

bool measure_refusal(void)
{
    bool has_tpm;
    if (firmware_is_left || is_refusing)
        return true;
    if (!is_looked_for)
        (void)measure_begin(&has_tpm);
    is_refusing = true;
    return tpm == nullptr || cap(MEASUREMENT_END_REFUSAL) == NONOS_OK;
}
