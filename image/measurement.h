/*
 * measurement.h - what a boot measures into the TPM, byte for byte (docs/boot.md, "Measuring").
 *
 * Events in PCR 11, where unified kernel images are measured; the digest that extends a bank is the
 * bank's hash of the event's data, and the data is, in this order:
 *
 *   EV_IPL        "nonos-kernel blake3:" and D1 as 64 hexadecimal digits
 *   EV_IPL        the manifest's text, without its NUL
 *   EV_IPL        the loader's policy as text, each line ended by LF:
 *                   NONOS-POLICY 1
 *                   profile=dev | release
 *                   floor=<lowest security version>
 *                   trusted=<id> <roles> <profile>      for each, in the order compiled in
 *                   revoked=<id>                        for each
 *   EV_SEPARATOR  four bytes, enum measurement_end: nothing of this boot is measured after it
 *
 * The loader measures these and the host program predicts them: both take the bytes from here.
 */
#ifndef NONOS_IMAGE_MEASUREMENT_H
#define NONOS_IMAGE_MEASUREMENT_H

#include "abi/error.h"
#include "image/verify.h"

#include <stddef.h>
#include <stdint.h>

#define MEASUREMENT_PCR 11u

/* Types of events (TCG PC Client Platform Firmware Profile §10.4.1). */
#define MEASUREMENT_EV_SEPARATOR 0x04u
#define MEASUREMENT_EV_IPL 0x0Du

struct measurement {
    uint32_t event_type;
    const char *bytes; /* no NUL */
    size_t len;
};

enum measurement_index {
    MEASUREMENT_KERNEL,
    MEASUREMENT_MANIFEST,
    MEASUREMENT_POLICY,
    MEASUREMENT_COUNT,
};

/* How many bytes measurement_list needs at most for its texts with this policy; SIZE_MAX when the
 * number overflows. */
[[nodiscard]] size_t measurement_text_size(const struct image_policy *policy);

/* The events of a verified image before the separator, in their order. profile: enum nonos_profile
 * of the loader; "release" is measured only where the policy allows no development image either.
 * Points into text (size bytes, measurement_text_size) and into the file that was verified.
 * NONOS_E_INTERNAL for a verdict that is not "verified", NONOS_E_SIZE when text is too small; all
 * of list is zero then. */
[[nodiscard]] enum nonos_error measurement_list(const struct image_verdict *verdict,
                                                const struct image_policy *policy, uint32_t profile,
                                                char *text, size_t size,
                                                struct measurement list[MEASUREMENT_COUNT]);

/* How the boot ended. */
enum measurement_end {
    MEASUREMENT_END_JUMP = 0,    /* handed over to the kernel that was measured */
    MEASUREMENT_END_REFUSAL = 1, /* no kernel was started */
};

#define MEASUREMENT_SEPARATOR_LEN 4u

/* The data of the separator: the number, little-endian. */
void measurement_separator(enum measurement_end end, uint8_t bytes[MEASUREMENT_SEPARATOR_LEN]);

#endif
