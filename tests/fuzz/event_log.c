/* Any event log, replayed: values within its banks, events in our order, and nothing behind its
 * end. */
#include "tests/fuzz/fuzz.h"

#include "crypto/bytes.h"
#include "tools/replay.h"

static void check_banks(const struct replay *replay)
{
    for (unsigned bank = 0; bank < PCR_BANK_COUNT; bank++) {
        size_t len = pcr_bank_info(bank)->len;
        for (unsigned pcr = 0; pcr < PCR_COUNT; pcr++) {
            const struct pcr_value *value = &replay->values[bank][pcr];
            fuzz_require(bytes_are_zero(value->bytes + len, PCR_MAX_LEN - len));
            if (replay->is_extended[pcr] && replay->has_bank[bank])
                fuzz_require(!bytes_are_zero(value->bytes, len));
        }
    }
}

static void check_events(const struct replay *replay, const uint8_t *bytes, size_t len)
{
    fuzz_require(replay->measured_count <= MEASUREMENT_COUNT);
    for (size_t i = 0; i < replay->measured_count; i++) {
        const struct measurement *event = &replay->measured[i];
        const uint8_t *data = (const uint8_t *)event->bytes;
        fuzz_require(event->event_type == MEASUREMENT_EV_IPL && event->len > 0);
        fuzz_require(data > bytes && data + event->len <= bytes + len);
    }
    if (replay->end == REPLAY_STARTED)
        fuzz_require(replay->measured_count == MEASUREMENT_COUNT);
    if (replay->end == REPLAY_NOTHING)
        fuzz_require(replay->measured_count == 0 && !replay->is_extended[MEASUREMENT_PCR]);
    else if (replay->end != REPLAY_MALFORMED)
        fuzz_require(replay->is_extended[MEASUREMENT_PCR]);
}

/* What is replayed again is the same, and of what is cut off by a byte the last event is gone. */
static void check_again(const struct replay *replay, const uint8_t *bytes, size_t len)
{
    struct replay again;
    fuzz_require(replay_log(bytes, len, &again) == replay->end);
    fuzz_require(memcmp(again.values, replay->values, sizeof(again.values)) == 0);
    if (len > 0 && replay->end != REPLAY_MALFORMED)
        fuzz_require(replay_log(bytes, len - 1, &again) == REPLAY_MALFORMED);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct fuzz_input input = {bytes, len};
    size_t log_len = 0;
    uint8_t *log = fuzz_take_rest(&input, &log_len);
    struct replay replay;
    enum replay_end end = replay_log(log, log_len, &replay);
    fuzz_require(end == replay.end && replay_end_text(end) != nullptr);
    if (end == REPLAY_MALFORMED)
        fuzz_require(replay.event_count == 0 && replay.measured_count == 0);
    check_banks(&replay);
    check_events(&replay, log, log_len);
    check_again(&replay, log, log_len);
    free(log);
    return 0;
}
