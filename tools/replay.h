/*
 * replay.h - what a TCG event log says that the PCRs were, and how that boot ended.
 *
 * Source: TCG PC Client Platform Firmware Profile §10.2 and §10.4.5 (StartupLocality); the events
 * of PCR 11 are those of image/measurement.h. The log is anybody's text: it proves something only
 * where the values that it gives are those of a quote, or those in the TPM itself.
 */
#ifndef NONOS_TOOLS_REPLAY_H
#define NONOS_TOOLS_REPLAY_H

#include "image/event_log.h"
#include "image/measurement.h"
#include "tools/pcr.h"

enum replay_end {
    REPLAY_MALFORMED,  /* it is no log, or ends in the middle of an event */
    REPLAY_NOTHING,    /* nothing in PCR 11 */
    REPLAY_UNEXPECTED, /* PCR 11 has events that no loader of ours makes, or in another order */
    REPLAY_UNCAPPED,   /* PCR 11 was left open: whoever came later could go on */
    REPLAY_REFUSED,    /* capped by a loader that started nothing */
    REPLAY_STARTED,    /* kernel, manifest, policy, and capped before that kernel started */
};

struct replay {
    enum replay_end end;
    bool has_bank[PCR_BANK_COUNT];
    bool has_other_bank; /* SHA-1, SM3 or others, which are not replayed */
    bool is_extended[PCR_COUNT];
    struct pcr_value values[PCR_BANK_COUNT][PCR_COUNT];
    size_t event_count;
    size_t measured_count;                          /* of PCR 11, before its separator */
    struct measurement measured[MEASUREMENT_COUNT]; /* those of ours, into the log */
};

/* Replays len bytes, which *out points into. Returns out->end. */
enum replay_end replay_log(const uint8_t *bytes, size_t len, struct replay *out);

/* In a few words. */
const char *replay_end_text(enum replay_end end);

#endif
