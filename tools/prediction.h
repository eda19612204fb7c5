/*
 * prediction.h - which values a boot leaves in the TPM: PCR 11, which the loader extends
 * (image/measurement.h), and PCR 4, which firmware extends by what it starts.
 *
 * PCR 4 is that of a firmware which starts the loader as the first and only thing, as the TCG PC
 * Client Platform Firmware Profile §3.3.4.5 has it: "Calling EFI Application from Boot Option", the
 * separator, the loader. Another boot option that was tried before, a driver from a card or a shim
 * give another value.
 */
#ifndef NONOS_TOOLS_PREDICTION_H
#define NONOS_TOOLS_PREDICTION_H

#include "image/measurement.h"
#include "tools/loader_file.h"
#include "tools/pcr.h"

#define PREDICTION_FIRMWARE_PCR 4u
#define PREDICTION_FIRMWARE_COUNT 3u
#define PREDICTION_COUNT (PREDICTION_FIRMWARE_COUNT + MEASUREMENT_COUNT + 1)

struct prediction_event {
    uint32_t pcr;
    uint32_t type;
    const char *what; /* in one or two words */
    struct pcr_value digests[PCR_BANK_COUNT];
};

struct prediction {
    struct prediction_event events[PREDICTION_COUNT]; /* in their order */
    struct pcr_value firmware[PCR_BANK_COUNT];        /* PCR 4 */
    struct pcr_value started[PCR_BANK_COUNT];         /* PCR 11 of the kernel that runs */
    struct pcr_value refused_before[PCR_BANK_COUNT];  /* PCR 11: refused, nothing was measured */
    struct pcr_value refused_after[PCR_BANK_COUNT];   /* PCR 11: refused, all was measured */
    char *policy;                                     /* the text that is measured, with a NUL */
};

/* verdict: of the image under loader->policy. NONOS_E_INTERNAL unless it is "verified",
 * NONOS_E_NO_MEMORY. The caller frees *out with prediction_free, also on failure. */
[[nodiscard]] enum nonos_error prediction_make(const struct loader_file *loader,
                                               const struct image_verdict *verdict,
                                               struct prediction *out);

void prediction_free(struct prediction *prediction);

#endif
