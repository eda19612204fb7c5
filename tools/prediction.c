#include "tools/prediction.h"

#include <stdlib.h>
#include <string.h>

#define EV_EFI_BOOT_SERVICES_APPLICATION 0x80000003u
#define EV_EFI_ACTION 0x80000007u
#define CALLING_APPLICATION "Calling EFI Application from Boot Option"

static const uint8_t firmware_separator[MEASUREMENT_SEPARATOR_LEN];

static struct prediction_event *add(struct prediction *out, size_t *count, uint32_t pcr,
                                    uint32_t type, const char *what)
{
    struct prediction_event *event = &out->events[(*count)++];
    *event = (struct prediction_event){.pcr = pcr, .type = type, .what = what};
    return event;
}

static void digest(struct prediction_event *event, const void *bytes, size_t len)
{
    for (unsigned bank = 0; bank < PCR_BANK_COUNT; bank++)
        pcr_digest(bank, bytes, len, &event->digests[bank]);
}

static void add_firmware(const struct loader_file *loader, struct prediction *out, size_t *count)
{
    static_assert(PREDICTION_FIRMWARE_COUNT == 3);
    digest(add(out, count, PREDICTION_FIRMWARE_PCR, EV_EFI_ACTION, "boot attempt"),
           CALLING_APPLICATION, strlen(CALLING_APPLICATION));
    digest(add(out, count, PREDICTION_FIRMWARE_PCR, MEASUREMENT_EV_SEPARATOR, "separator"),
           firmware_separator, sizeof(firmware_separator));
    struct prediction_event *application =
        add(out, count, PREDICTION_FIRMWARE_PCR, EV_EFI_BOOT_SERVICES_APPLICATION, "the loader");
    for (unsigned bank = 0; bank < PCR_BANK_COUNT; bank++)
        authenticode_digest(&loader->pe, bank, &application->digests[bank]);
}

static void extend_all(const struct prediction *prediction, uint32_t pcr, size_t count,
                       unsigned bank, struct pcr_value *value)
{
    *value = (struct pcr_value){0};
    for (size_t i = 0; i < count; i++)
        if (prediction->events[i].pcr == pcr)
            pcr_extend(bank, value, prediction->events[i].digests[bank].bytes);
}

/* measured: how many events stand before the cap of PCR 11. */
static void compute_values(struct prediction *out, size_t measured)
{
    uint8_t refusal[MEASUREMENT_SEPARATOR_LEN];
    measurement_separator(MEASUREMENT_END_REFUSAL, refusal);
    for (unsigned bank = 0; bank < PCR_BANK_COUNT; bank++) {
        struct pcr_value cap;
        pcr_digest(bank, refusal, sizeof(refusal), &cap);
        extend_all(out, PREDICTION_FIRMWARE_PCR, PREDICTION_COUNT, bank, &out->firmware[bank]);
        extend_all(out, MEASUREMENT_PCR, PREDICTION_COUNT, bank, &out->started[bank]);
        pcr_extend(bank, &out->refused_before[bank], cap.bytes);
        extend_all(out, MEASUREMENT_PCR, measured, bank, &out->refused_after[bank]);
        pcr_extend(bank, &out->refused_after[bank], cap.bytes);
    }
}

static enum nonos_error list_events(const struct loader_file *loader,
                                    const struct image_verdict *verdict, char *text, size_t size,
                                    struct prediction *out)
{
    static const char *const names[MEASUREMENT_COUNT] = {
        [MEASUREMENT_KERNEL] = "kernel",
        [MEASUREMENT_MANIFEST] = "manifest",
        [MEASUREMENT_POLICY] = "policy",
    };
    struct measurement list[MEASUREMENT_COUNT];
    uint8_t jump[MEASUREMENT_SEPARATOR_LEN];
    size_t count = 0;
    enum nonos_error error =
        measurement_list(verdict, &loader->policy, loader->profile, text, size, list);
    if (error != NONOS_OK)
        return error;
    add_firmware(loader, out, &count);
    for (size_t i = 0; i < MEASUREMENT_COUNT; i++)
        digest(add(out, &count, MEASUREMENT_PCR, list[i].event_type, names[i]), list[i].bytes,
               list[i].len);
    size_t measured = count;
    measurement_separator(MEASUREMENT_END_JUMP, jump);
    digest(add(out, &count, MEASUREMENT_PCR, MEASUREMENT_EV_SEPARATOR, "separator"), jump,
           sizeof(jump));
    compute_values(out, measured);
    out->policy = strndup(list[MEASUREMENT_POLICY].bytes, list[MEASUREMENT_POLICY].len);
    return out->policy == nullptr ? NONOS_E_NO_MEMORY : NONOS_OK;
}

enum nonos_error prediction_make(const struct loader_file *loader,
                                 const struct image_verdict *verdict, struct prediction *out)
{
    *out = (struct prediction){.policy = nullptr};
    size_t size = measurement_text_size(&loader->policy);
    char *text = malloc(size);
    if (text == nullptr)
        return NONOS_E_NO_MEMORY;
    enum nonos_error error = list_events(loader, verdict, text, size, out);
    free(text);
    if (error != NONOS_OK)
        prediction_free(out);
    return error;
}

void prediction_free(struct prediction *prediction)
{
    free(prediction->policy);
    *prediction = (struct prediction){.policy = nullptr};
}
