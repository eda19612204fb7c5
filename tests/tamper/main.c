/*
 * tamper IMAGE IDENTITY [SAMPLE] - a signed kernel changed in every place, in process: how many of
 * the changed files the verifier takes (none), and what it says of the others.
 *
 * SAMPLE: only each so-many-th case, for builds under sanitizers.
 */
#include "tests/tamper/campaign.h"
#include "tests/tamper/subject.h"
#include "tests/tamper/sweeps.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    if (argc != 3 && argc != 4) {
        fprintf(stderr, "usage: tamper IMAGE IDENTITY [SAMPLE]\n");
        return 2;
    }
    size_t sample = argc == 4 ? strtoul(argv[3], nullptr, 10) : 1;
    campaign_require(sample > 0);
    subject_load(argv[1], argv[2]);
    printf("%s: %zu bytes, %u segments, signed by %s\n", argv[1], subject.len,
           subject.elf.segment_count, subject.signer.name);
    bool ok = sweep_bytes(sample);
    ok = sweep_lengths(sample) && ok;
    ok = sweep_forged(sample) && ok;
    ok = sweep_resigned(sample) && ok;
    if (!ok)
        printf("tamper: an answer is not the one that docs/image-format.md gives\n");
    return ok ? 0 : 1;
}
