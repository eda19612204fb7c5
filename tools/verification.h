/*
 * verification.h - whom to trust and what to ask of an image: what `nonos verify` and `nonos
 * inspect` share. The decision itself is image_verify's.
 *
 * Functions that return int report what is wrong and return the exit status.
 */
#ifndef NONOS_TOOLS_VERIFICATION_H
#define NONOS_TOOLS_VERIFICATION_H

#include "image/verify.h"
#include "tools/file.h"
#include "tools/trust.h"

/* What the command line asks for. The strings stay the caller's. */
struct verification {
    const char *identities[TRUST_MAX_COUNT]; /* files; where there is one, they alone are trusted */
    size_t identity_count;
    const char *keys; /* the folder of identities; null: keys, where it exists */
    enum nonos_image_type wanted;
    uint32_t floor; /* lowest security version accepted, from 1 */
    bool allow_dev;
};

/* One more identity file. False when there are TRUST_MAX_COUNT already. */
[[nodiscard]] bool verification_add_identity(struct verification *request, const char *path);

/* Reads whom the request trusts and whom it revokes. The caller frees *trust with trust_free, also
 * on failure. */
[[nodiscard]] int verification_gather(const struct verification *request, struct trust *trust);

/* Asks image_verify; returns and fills *verdict as it does. verdict->signer points into trust. */
[[nodiscard]] enum nonos_error verification_decide(const struct verification *request,
                                                   const struct trust *trust,
                                                   const struct file_bytes *image,
                                                   struct image_verdict *verdict);

/* Whether both signatures hold, by one identity, whatever became of the image after that: the
 * ML-DSA-65 one is known only once the signer is. */
[[nodiscard]] bool verification_both_hold(const struct image_verdict *verdict);

/* Prints signer, both signatures, and the manifest once it is its signer's, as far as known. */
void verification_print_signer(const struct image_verdict *verdict);

/* Prints the line "verdict". */
void verification_print_verdict(const struct image_verdict *verdict);

#endif
