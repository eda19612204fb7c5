/*
 * verify.h - is this image one that may run? The only place where that is decided.
 *
 * Order (docs/image-format.md): length, digests, Ed25519 with the identities that have the role,
 * ML-DSA-65 with that same identity, revocation, and only then structure, manifest, policy; each
 * check twice. Until both signatures hold, not one field of the file has been interpreted.
 */
#ifndef NONOS_IMAGE_VERIFY_H
#define NONOS_IMAGE_VERIFY_H

#include "abi/error.h"
#include "abi/image.h"
#include "image/elf.h"
#include "image/identity.h"
#include "image/manifest.h"

#include <stddef.h>
#include <stdint.h>

/* What the caller asks for. The arrays stay the caller's. */
struct image_policy {
    enum nonos_image_type wanted;
    const struct identity *trusted;
    size_t trusted_count;
    const struct identity *revoked; /* kept whole, so that the answer can be "revoked" */
    size_t revoked_count;
    uint32_t security_version_floor;
    bool allow_dev;
};

enum image_step {
    IMAGE_STEP_DIGEST,
    IMAGE_STEP_ED25519,
    IMAGE_STEP_MLDSA65,
    IMAGE_STEP_PARSED,
};

#define IMAGE_VERIFIED UINT32_C(0xD63A5CE9)

struct image_verdict {
    uint32_t value;                /* IMAGE_VERIFIED, and only then */
    uint32_t complement;           /* ~value */
    enum nonos_error error;        /* why not; NONOS_OK when verified */
    enum image_step reached;       /* the last step begun, for messages */
    unsigned manifest_line;        /* for manifest errors: the line at fault, or 0 */
    const struct identity *signer; /* null until a signature named one */
    uint8_t d0[NONOS_DIGEST_LEN];
    uint8_t d1[NONOS_DIGEST_LEN];
    struct image_elf elf;     /* valid when verified */
    struct manifest manifest; /* valid when verified; points into the file */
};

/* Called as each step has succeeded, for progress and time stamps. May be null. */
typedef void image_observer(void *context, enum image_step step,
                            const struct image_verdict *so_far);

/* Verifies file[0 .. len), which nobody else can write to until the caller has done with it.
 * Fills *verdict in every case and returns verdict->error: NONOS_OK, or a code of 10 to 89
 * (abi/errors.def), NONOS_E_DISAGREE when two checks of the same thing differ. Needs 80 KB of stack
 * or a workspace. */
[[nodiscard]] enum nonos_error image_verify(const uint8_t *file, size_t len,
                                            const struct image_policy *policy,
                                            image_observer *observer, void *context,
                                            struct image_verdict *verdict);

/* The test to make right before the image is used: value, complement and error together. */
static inline bool image_is_verified(const struct image_verdict *verdict)
{
    const volatile struct image_verdict *v = verdict;
    return v->value == IMAGE_VERIFIED && v->complement == (uint32_t)~IMAGE_VERIFIED &&
           v->error == NONOS_OK;
}

#endif
