/*
 * measured_log.h - event logs with true digests, SHA-256 and SHA-384, as a measured boot leaves
 * them.
 */
#ifndef NONOS_TESTS_SUPPORT_MEASURED_LOG_H
#define NONOS_TESTS_SUPPORT_MEASURED_LOG_H

#include "tests/support/event_log_builder.h"
#include "tools/pcr.h"

#define MEASURED_KERNEL                                                                            \
    "nonos-kernel blake3:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define MEASURED_MANIFEST "NONOS-MANIFEST 1\ntype=kernel\n"
#define MEASURED_POLICY "NONOS-POLICY 1\nprofile=dev\nfloor=1\n"

static inline void measured_log_begin(struct built_log *log)
{
    log_begin_with(log, (const uint16_t[][2]){{11, 32}, {12, 48}}, 2);
}

static inline void measured_log_add(struct built_log *log, uint32_t pcr, uint32_t type,
                                    const void *data, size_t len)
{
    log->last_at = log->len;
    log_add_number(log, pcr, 4);
    log_add_number(log, type, 4);
    log_add_number(log, 2, 4);
    for (unsigned bank = PCR_SHA256; bank <= PCR_SHA384; bank++) {
        struct pcr_value digest;
        pcr_digest(bank, data, len, &digest);
        log_add_number(log, pcr_bank_info(bank)->algorithm, 2);
        log_add(log, digest.bytes, pcr_bank_info(bank)->len);
    }
    log_add_number(log, len, 4);
    log_add(log, data, len);
}

/* Firmware's separator in PCR 4, then what a loader measures into PCR 11, up to the cap. */
static inline void measured_log_fill(struct built_log *log)
{
    measured_log_begin(log);
    measured_log_add(log, 4, 4, "\0\0\0\0", 4);
    measured_log_add(log, 11, 13, MEASURED_KERNEL, sizeof(MEASURED_KERNEL) - 1);
    measured_log_add(log, 11, 13, MEASURED_MANIFEST, sizeof(MEASURED_MANIFEST) - 1);
    measured_log_add(log, 11, 13, MEASURED_POLICY, sizeof(MEASURED_POLICY) - 1);
}

#endif
