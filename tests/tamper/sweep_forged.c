#include "tests/tamper/campaign.h"
#include "tests/tamper/subject.h"
#include "tests/tamper/sweeps.h"

#include <stdio.h>
#include <string.h>

/* Contents are all alike to the signature; of these a part will do. */
#define CONTENTS_STEP 16u

static enum nonos_error verify_forged(size_t at, uint8_t mask)
{
    uint8_t *file = subject_file();
    file[at] ^= mask;
    subject_sign_ed25519(file, subject.len);
    enum nonos_error error = subject_verify(file, subject.len, &subject.attacker);
    file[at] ^= mask;
    return error;
}

static struct answer change_body(size_t index, char *text, size_t text_size)
{
    size_t at = index * CONTENTS_STEP;
    uint8_t mask = (uint8_t)(1u << index % 8);
    enum nonos_error error = verify_forged(at, mask);
    snprintf(text, text_size, "byte 0x%zx changed by 0x%02x, Ed25519 made anew", at, mask);
    return (struct answer){error, error == NONOS_E_MLDSA65};
}

static struct answer change_mldsa65(size_t index, char *text, size_t text_size)
{
    uint8_t mask = (uint8_t)(1u << index % 8);
    enum nonos_error error = verify_forged(subject.body_len + index, mask);
    snprintf(text, text_size, "byte %zu of the ML-DSA-65 signature changed by 0x%02x", index, mask);
    return (struct answer){error, error == NONOS_E_MLDSA65};
}

bool sweep_forged(size_t sample)
{
    struct tally tally;
    subject_sign(subject_copy(subject.original, subject.len), subject.len);
    const struct campaign body = {"Ed25519 forged, every 16th byte changed", change_body,
                                  subject.body_len / CONTENTS_STEP, sample};
    bool ok = campaign_run(&body, &tally);
    const struct campaign signature = {"Ed25519 forged, every byte of the ML-DSA-65 signature",
                                       change_mldsa65, NONOS_PQSIG_LEN, sample};
    return campaign_run(&signature, &tally) && ok;
}
