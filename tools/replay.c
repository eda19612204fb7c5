#include "tools/replay.h"

#include "image/text.h"

#include <string.h>

#define KERNEL_PREFIX "nonos-kernel blake3:"
#define KERNEL_LEN (sizeof(KERNEL_PREFIX) - 1 + (size_t)2 * NONOS_DIGEST_LEN)
#define STARTUP_LOCALITY "StartupLocality" /* with its NUL, and behind it the locality */

/* PCRs of a dynamic launch are all ones until there is one (PC Client Platform TPM Profile §4.6.2).
 */
#define FIRST_DYNAMIC_PCR 17u
#define LAST_DYNAMIC_PCR 22u

static void set_up(struct replay *out, const struct event_log *log)
{
    for (size_t i = 0; i < log->algorithm_count; i++) {
        bool is_known = false;
        for (unsigned bank = 0; bank < PCR_BANK_COUNT; bank++) {
            const struct pcr_bank_info *info = pcr_bank_info(bank);
            if (log->algorithms[i].id != info->algorithm ||
                log->algorithms[i].digest_len != info->len)
                continue;
            out->has_bank[bank] = is_known = true;
            for (unsigned pcr = FIRST_DYNAMIC_PCR; pcr <= LAST_DYNAMIC_PCR; pcr++)
                memset(out->values[bank][pcr].bytes, 0xFF, info->len);
        }
        out->has_other_bank = out->has_other_bank || !is_known;
    }
}

/* Where the TPM was started from another locality, PCR 0 begins with its number. */
static void take_locality(struct replay *out, const struct event_log_event *event)
{
    if (event->pcr != 0 || event->data_len != sizeof(STARTUP_LOCALITY) + 1 || out->is_extended[0] ||
        memcmp(event->data, STARTUP_LOCALITY, sizeof(STARTUP_LOCALITY)) != 0)
        return;
    for (unsigned bank = 0; bank < PCR_BANK_COUNT; bank++)
        out->values[bank][0].bytes[pcr_bank_info(bank)->len - 1] =
            event->data[sizeof(STARTUP_LOCALITY)];
}

/* False where the event is none that a TPM could have been extended by. */
static bool extend(struct replay *out, const struct event_log_event *event)
{
    if (event->pcr >= PCR_COUNT)
        return false;
    for (unsigned bank = 0; bank < PCR_BANK_COUNT; bank++) {
        if (!out->has_bank[bank])
            continue;
        const struct event_log_digest *digest =
            event_log_find_digest(event, pcr_bank_info(bank)->algorithm);
        if (digest == nullptr)
            return false;
        pcr_extend(bank, &out->values[bank][event->pcr], digest->bytes);
    }
    out->is_extended[event->pcr] = true;
    return true;
}

/* Whether the digests are those of the data that stands beside them. */
static bool data_is_what_was_measured(const struct replay *out, const struct event_log_event *event)
{
    for (unsigned bank = 0; bank < PCR_BANK_COUNT; bank++) {
        if (!out->has_bank[bank])
            continue;
        struct pcr_value expected;
        const struct event_log_digest *digest =
            event_log_find_digest(event, pcr_bank_info(bank)->algorithm);
        pcr_digest(bank, event->data, event->data_len, &expected);
        if (memcmp(digest->bytes, expected.bytes, pcr_bank_info(bank)->len) != 0)
            return false;
    }
    return true;
}

static bool is_separator(const struct event_log_event *event, enum measurement_end end)
{
    uint8_t bytes[MEASUREMENT_SEPARATOR_LEN];
    measurement_separator(end, bytes);
    return event->type == MEASUREMENT_EV_SEPARATOR && event->data_len == sizeof(bytes) &&
           memcmp(event->data, bytes, sizeof(bytes)) == 0;
}

static bool is_expected(const struct measurement *event, size_t index)
{
    static const char *const begins[MEASUREMENT_COUNT] = {
        [MEASUREMENT_KERNEL] = KERNEL_PREFIX,
        [MEASUREMENT_MANIFEST] = "NONOS-MANIFEST 1\n",
        [MEASUREMENT_POLICY] = "NONOS-POLICY 1\n",
    };
    size_t prefix_len = sizeof(KERNEL_PREFIX) - 1;
    return index < MEASUREMENT_COUNT && event->event_type == MEASUREMENT_EV_IPL &&
           text_starts(event->bytes, event->len, begins[index]) &&
           (index != MEASUREMENT_KERNEL ||
            (event->len == KERNEL_LEN &&
             text_read_hex(event->bytes + prefix_len, event->len - prefix_len, nullptr,
                           NONOS_DIGEST_LEN)));
}

/* Goes on by an event of PCR 11. */
static enum replay_end judge(struct replay *out, const struct event_log_event *event)
{
    bool is_open = out->end == REPLAY_NOTHING || out->end == REPLAY_UNCAPPED;
    if (!is_open || !data_is_what_was_measured(out, event))
        return REPLAY_UNEXPECTED;
    if (is_separator(event, MEASUREMENT_END_REFUSAL))
        return REPLAY_REFUSED;
    if (is_separator(event, MEASUREMENT_END_JUMP))
        return out->measured_count == MEASUREMENT_COUNT ? REPLAY_STARTED : REPLAY_UNEXPECTED;
    struct measurement measured = {
        .event_type = event->type,
        .bytes = (const char *)event->data,
        .len = event->data_len,
    };
    if (!is_expected(&measured, out->measured_count))
        return REPLAY_UNEXPECTED;
    out->measured[out->measured_count++] = measured;
    return REPLAY_UNCAPPED;
}

static bool has_any_bank(const struct replay *out)
{
    bool has_any = false;
    for (unsigned bank = 0; bank < PCR_BANK_COUNT; bank++)
        has_any = has_any || out->has_bank[bank];
    return has_any;
}

/* False at an event that is none. */
static bool take_event(struct replay *out, const struct event_log_event *event)
{
    out->event_count++;
    if (event->type == EVENT_LOG_EV_NO_ACTION) {
        take_locality(out, event);
        return true;
    }
    if (!extend(out, event))
        return false;
    if (event->pcr == MEASUREMENT_PCR)
        out->end = judge(out, event);
    return true;
}

enum replay_end replay_log(const uint8_t *bytes, size_t len, struct replay *out)
{
    struct event_log log;
    struct event_log_event event;
    *out = (struct replay){.end = REPLAY_NOTHING};
    bool is_whole = event_log_open(bytes, len, &log);
    if (is_whole)
        set_up(out, &log);
    while (is_whole && event_log_next(&log, &event))
        is_whole = take_event(out, &event);
    /* A log without any bank that can be replayed shows nothing. */
    if (!is_whole || log.is_malformed || !has_any_bank(out))
        *out = (struct replay){.end = REPLAY_MALFORMED};
    return out->end;
}

const char *replay_end_text(enum replay_end end)
{
    switch (end) {
    case REPLAY_MALFORMED:
        return "no event log of a TPM 2.0, or not all of one";
    case REPLAY_NOTHING:
        return "nothing was measured into PCR 11";
    case REPLAY_UNEXPECTED:
        return "PCR 11 has other events than a NONOS loader makes, or in another order";
    case REPLAY_UNCAPPED:
        return "PCR 11 was left open: what ran later could extend it";
    case REPLAY_REFUSED:
        return "refused: PCR 11 was capped, and no kernel was started";
    case REPLAY_STARTED:
        return "kernel, manifest and policy, in order; PCR 11 was capped at the jump";
    }
    return "unknown";
}
