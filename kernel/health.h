/*
 * health.h - whether a source of random words still looks like one.
 *
 * The tests of NIST SP 800-90B §4.4 over samples of a byte, with the modest claim of 4 bits of
 * min-entropy in each and a false alarm in 2^30 samples: repetition count (§4.4.1) and adaptive
 * proportion (§4.4.2). Besides, a word that is all zeros, all ones or the one before is a failure,
 * what broken processors have been seen to answer with success; and a batch that begins as the one
 * before did. A source passes once 1024 samples
 * in a row were good, at the start (§4.3) and after each failure. What predictable but lively bytes
 * are, a counter for instance, no such test can tell.
 */
#ifndef NONOS_KERNEL_HEALTH_H
#define NONOS_KERNEL_HEALTH_H

#include <stddef.h>
#include <stdint.h>

#define HEALTH_START_COUNT 1024u /* good samples before a source counts */
#define HEALTH_REPEAT_CUTOFF 9u  /* 1 + 30 / 4 rounded up */
#define HEALTH_WINDOW_COUNT 512u /* samples */
#define HEALTH_WINDOW_CUTOFF 71u /* 1 + critbinom(512, 2^-4, 1 - 2^-30) */

/* All zero at first. Of the words themselves it keeps next to nothing, as they become seeds. */
struct health {
    uint32_t word;  /* the last one, folded: a false alarm in 2^32 words */
    uint32_t batch; /* the first word of the last batch, folded */
    uint8_t sample; /* the last one */
    uint8_t repeats;
    uint8_t first; /* of this window */
    uint8_t matches;
    uint16_t position; /* in this window */
    uint16_t good;     /* samples in a row, at most HEALTH_START_COUNT */
    bool failed;       /* and not passed again */
};

/* Tests count words more of a source, a batch. */
void health_feed(struct health *health, const uint64_t *words, size_t count);

/* Whether the last HEALTH_START_COUNT samples were good. */
[[nodiscard]] bool health_passes(const struct health *health);

#endif
