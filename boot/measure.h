/*
 * measure.h - what this boot leaves in PCR 11 of the TPM (docs/boot.md, "Measuring").
 *
 * Without a TPM every function here does nothing and succeeds. With one, every failure of it is an
 * error: PCR 11 without the events of this boot, or without the separator that ends them, could be
 * extended by whoever comes later until it looks like another boot. Before boot services are left.
 */
#ifndef NONOS_BOOT_MEASURE_H
#define NONOS_BOOT_MEASURE_H

#include "abi/error.h"
#include "image/verify.h"

#include <stddef.h>
#include <stdint.h>

/* Looks for the TPM. NONOS_E_TPM. */
[[nodiscard]] enum nonos_error measure_begin(bool *has_tpm);

/* Extends PCR 11 with the events of a verified image (image/measurement.h). *what is null, or names
 * what failed: NONOS_E_TPM, NONOS_E_NO_MEMORY, or the errors of measurement_list. */
[[nodiscard]] enum nonos_error measure_image(const struct image_verdict *verdict,
                                             const struct image_policy *policy, uint32_t profile,
                                             const char **what);

/* The event log for the kernel: a copy in loader memory, or paddr and len are 0 and why_none is the
 * reason. Without a TPM all three are zero. */
struct measure_log {
    uint64_t paddr;
    uint32_t len;
    const char *why_none;
};

/* Ends the measuring of a boot that hands over: caps PCR 11 with a separator, then takes the log.
 * Allocates, so the memory map is read afterwards. *what as above. NONOS_E_TPM, NONOS_E_NO_MEMORY.
 */
[[nodiscard]] enum nonos_error measure_end(struct measure_log *log, const char **what);

/* Caps PCR 11 with the separator of a refusal, wherever the boot is; looks for the TPM if nobody
 * has yet. Never refuses itself, and does nothing when it is called again from within, or once boot
 * services have been left. False when there is a TPM and it did not take the separator. */
bool measure_refusal(void);

#endif
