/*
 * event_log_builder.h - TCG event logs for the tests, written field by field.
 *
 * The digests are made up: a parser does not judge them. SHA-1 and SHA-256 unless the test writes
 * the header itself.
 */
#ifndef NONOS_TESTS_SUPPORT_EVENT_LOG_BUILDER_H
#define NONOS_TESTS_SUPPORT_EVENT_LOG_BUILDER_H

#include "tests/support/vectors.h"

#include "crypto/bytes.h"

/* More than the loader hands over. */
#define BUILT_LOG_SIZE (100u * 1024)

struct built_log {
    size_t len;
    size_t last_at; /* of the entry added last */
    uint8_t bytes[BUILT_LOG_SIZE];
};

static inline void log_add(struct built_log *log, const void *bytes, size_t len)
{
    assert_true(len <= sizeof(log->bytes) - log->len);
    if (len > 0)
        memcpy(log->bytes + log->len, bytes, len);
    log->len += len;
}

static inline void log_add_number(struct built_log *log, uint64_t number, size_t len)
{
    uint8_t bytes[8];
    store_le64(bytes, number);
    log_add(log, bytes, len);
}

/* The first entry, with these algorithms: pairs of id and length of a digest. */
static inline void log_begin_with(struct built_log *log, const uint16_t algorithms[][2],
                                  uint32_t count)
{
    static const uint8_t zeroes[20];
    log->len = log->last_at = 0;
    log_add_number(log, 0, 4);
    log_add_number(log, 3, 4);
    log_add(log, zeroes, 20);
    log_add_number(log, 28 + 4 * (uint64_t)count + 1, 4);
    log_add(log, "Spec ID Event03", 16);
    log_add_number(log, 0, 4);           /* platform class: client */
    log_add(log, "\x00\x02\x00\x02", 4); /* version 2.0, errata 0, UINTN of 64 bits */
    log_add_number(log, count, 4);
    for (uint32_t i = 0; i < count; i++) {
        log_add_number(log, algorithms[i][0], 2);
        log_add_number(log, algorithms[i][1], 2);
    }
    log_add_number(log, 0, 1);
}

static inline void log_begin(struct built_log *log)
{
    log_begin_with(log, (const uint16_t[][2]){{4, 20}, {11, 32}}, 2);
}

/* One event, its digests full of these two bytes. */
static inline void log_add_event(struct built_log *log, uint32_t pcr, uint32_t type, uint8_t sha1,
                                 uint8_t sha256, const void *data, size_t data_len)
{
    uint8_t digest[32];
    log->last_at = log->len;
    log_add_number(log, pcr, 4);
    log_add_number(log, type, 4);
    log_add_number(log, 2, 4);
    log_add_number(log, 4, 2);
    memset(digest, sha1, sizeof(digest));
    log_add(log, digest, 20);
    log_add_number(log, 11, 2);
    memset(digest, sha256, sizeof(digest));
    log_add(log, digest, 32);
    log_add_number(log, data_len, 4);
    log_add(log, data, data_len);
}

#endif
