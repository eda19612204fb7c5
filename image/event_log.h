/*
 * event_log.h - the TCG event log, in the crypto-agile format: what was extended into which PCR.
 *
 * Source: TCG PC Client Platform Firmware Profile §10.2 (TCG_PCR_EVENT2, TCG_EfiSpecIDEvent) and
 * §10.4.1 (types of events). All numbers are little-endian and nothing is aligned.
 *
 * The log comes from firmware: every length is checked against the bytes that are there, and no
 * byte of an event's data is interpreted. Nothing here allocates; an event points into the log. The
 * log proves nothing by itself: who wants proof replays it and compares with a quote of the PCRs.
 */
#ifndef NONOS_IMAGE_EVENT_LOG_H
#define NONOS_IMAGE_EVENT_LOG_H

#include <stddef.h>
#include <stdint.h>

#define EVENT_LOG_MAX_ALGORITHMS 16u
#define EVENT_LOG_MAX_DIGEST_LEN 64u

/* TCG Algorithm Registry, table 3. */
#define EVENT_LOG_SHA1 0x0004u
#define EVENT_LOG_SHA256 0x000Bu
#define EVENT_LOG_SHA384 0x000Cu
#define EVENT_LOG_SHA512 0x000Du

/* These are in the log and in no PCR. */
#define EVENT_LOG_EV_NO_ACTION 0x03u

struct event_log_algorithm {
    uint16_t id;
    uint16_t digest_len; /* 1 to EVENT_LOG_MAX_DIGEST_LEN */
};

/* A log and the place in it; the caller reads, and changes nothing. */
struct event_log {
    const uint8_t *bytes;
    size_t len;
    size_t at; /* where the next event begins */
    size_t algorithm_count;
    struct event_log_algorithm algorithms[EVENT_LOG_MAX_ALGORITHMS]; /* each once */
    bool is_malformed; /* what begins at `at` is no event */
};

struct event_log_digest {
    struct event_log_algorithm algorithm;
    const uint8_t *bytes;
};

struct event_log_event {
    uint32_t pcr; /* any number: firmware wrote it */
    uint32_t type;
    size_t digest_count; /* 0 to algorithm_count, each algorithm at most once */
    struct event_log_digest digests[EVENT_LOG_MAX_ALGORITHMS];
    const uint8_t *data;
    size_t data_len;
};

/* Reads the header, which is the log's first entry, and stands before the first event. False, and
 * is_malformed, when there is no such header. */
[[nodiscard]] bool event_log_open(const uint8_t *bytes, size_t len, struct event_log *log);

/* Reads the event at log->at and steps over it. False at the end of the log, and where is_malformed
 * says so there are bytes left that are no event; *event is zero then. */
[[nodiscard]] bool event_log_next(struct event_log *log, struct event_log_event *event);

/* How long a log is whose last entry begins at last_at (0: its header): firmware tells no more than
 * that. max_len: how many bytes may be looked at. 0 when no entry begins there, or when one of
 * those before it or itself is malformed or ends behind max_len. */
[[nodiscard]] size_t event_log_find_len(const uint8_t *bytes, size_t max_len, size_t last_at);

/* The event's digest of that algorithm, or null. */
[[nodiscard]] const struct event_log_digest *
event_log_find_digest(const struct event_log_event *event, unsigned algorithm);

/* Whether the event is one of this PCR that extended it. */
[[nodiscard]] bool event_log_extends(const struct event_log_event *event, uint32_t pcr);

/* A short name for a type of event, at most EVENT_LOG_TYPE_NAME_MAX_LEN characters; null for one
 * that is not known here. */
#define EVENT_LOG_TYPE_NAME_MAX_LEN 13u
[[nodiscard]] const char *event_log_type_name(uint32_t type);

#endif
