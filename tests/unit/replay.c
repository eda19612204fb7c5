/*
 * Event logs replayed: the values, and what became of the boot.
 */
#include "tools/replay.h"

#include "tests/support/measured_log.h"

#include <openssl/sha.h>

static struct built_log built;
static struct replay replay;

static int set_up(void **)
{
    measured_log_fill(&built);
    return 0;
}

static void cap(uint8_t how)
{
    const uint8_t bytes[4] = {how};
    measured_log_add(&built, 11, 4, bytes, sizeof(bytes));
}

/* From memory of exactly the log's length. */
static enum replay_end end_of_log(void)
{
    uint8_t *exact = test_allocate(built.len);
    memcpy(exact, built.bytes, built.len);
    enum replay_end end = replay_log(exact, built.len, &replay);
    assert_int_equal(end, replay.end);
    assert_non_null(replay_end_text(end));
    free(exact);
    return end;
}

static void test_replay_gives_the_values_of_the_events(void **)
{
    static const char *const data[] = {MEASURED_KERNEL, MEASURED_MANIFEST, MEASURED_POLICY, ""};
    uint8_t pcr[2 * SHA256_DIGEST_LENGTH] = {0}, long_pcr[2 * SHA384_DIGEST_LENGTH] = {0};
    cap(0);
    assert_int_equal(end_of_log(), REPLAY_STARTED);
    for (unsigned i = 0; i < 4; i++) {
        size_t len = i < 3 ? strlen(data[i]) : 4;
        const char *bytes = i < 3 ? data[i] : "\0\0\0\0";
        SHA256((const uint8_t *)bytes, len, pcr + 32);
        SHA256(pcr, 64, pcr);
        SHA384((const uint8_t *)bytes, len, long_pcr + 48);
        SHA384(long_pcr, 96, long_pcr);
    }
    assert_memory_equal(replay.values[PCR_SHA256][11].bytes, pcr, 32);
    assert_memory_equal(replay.values[PCR_SHA384][11].bytes, long_pcr, 48);
    assert_true(replay.has_bank[PCR_SHA256] && replay.has_bank[PCR_SHA384]);
    assert_false(replay.has_bank[PCR_SHA512] || replay.has_other_bank);
    assert_true(replay.is_extended[4] && replay.is_extended[11]);
    assert_false(replay.is_extended[0] || replay.is_extended[7]);
    assert_int_equal(replay.event_count, 5);
    assert_int_equal(replay.measured_count, 3);
}

static void test_replay_tells_how_the_boot_ended(void **)
{
    assert_int_equal(end_of_log(), REPLAY_UNCAPPED);
    cap(1);
    assert_int_equal(end_of_log(), REPLAY_REFUSED);
    measured_log_begin(&built);
    measured_log_add(&built, 4, 4, "\0\0\0\0", 4);
    assert_int_equal(end_of_log(), REPLAY_NOTHING);
    cap(1);
    assert_int_equal(end_of_log(), REPLAY_REFUSED);
}

static void test_replay_takes_nothing_behind_the_cap(void **)
{
    cap(0);
    size_t len = built.len;
    for (uint8_t how = 0; how < 2; how++) {
        cap(how);
        assert_int_equal(end_of_log(), REPLAY_UNEXPECTED);
        built.len = len;
    }
    measured_log_add(&built, 11, 13, MEASURED_KERNEL, sizeof(MEASURED_KERNEL) - 1);
    assert_int_equal(end_of_log(), REPLAY_UNEXPECTED);
    built.len = len;
    measured_log_add(&built, 12, 13, "x", 1); /* another PCR is another matter */
    assert_int_equal(end_of_log(), REPLAY_STARTED);
}

static void add_ours(unsigned index)
{
    static const char *const data[] = {MEASURED_KERNEL, MEASURED_MANIFEST, MEASURED_POLICY};
    measured_log_add(&built, 11, 13, data[index], strlen(data[index]));
}

/* Every sequence of up to four of our events and then the cap: one of them is a start. */
static void test_replay_takes_one_order_alone(void **)
{
    size_t started = 0, tried = 0;
    for (unsigned count = 0; count <= 4; count++) {
        unsigned sequences = 1;
        for (unsigned i = 0; i < count; i++)
            sequences *= 3;
        for (unsigned sequence = 0; sequence < sequences; sequence++, tried++) {
            measured_log_begin(&built);
            for (unsigned i = 0, rest = sequence; i < count; i++, rest /= 3)
                add_ours(rest % 3);
            cap(0);
            started += end_of_log() == REPLAY_STARTED;
        }
    }
    assert_int_equal(tried, 1 + 3 + 9 + 27 + 81);
    assert_int_equal(started, 1);
}

static void assert_unexpected(uint32_t type, const char *data, size_t len)
{
    measured_log_begin(&built);
    measured_log_add(&built, 11, type, data, len);
    assert_int_equal(end_of_log(), REPLAY_UNEXPECTED);
}

static void test_replay_knows_our_events_by_type_and_text(void **)
{
    size_t len = sizeof(MEASURED_KERNEL) - 1;
    char upper[] = MEASURED_KERNEL;
    assert_unexpected(14, MEASURED_KERNEL, len);
    assert_unexpected(13, MEASURED_KERNEL, len - 1);
    assert_unexpected(13, MEASURED_KERNEL, len + 1);
    upper[len - 1] = 'F';
    assert_unexpected(13, upper, len);
    assert_unexpected(13, "linux", 5);
    assert_unexpected(13, "", 0);
    assert_unexpected(4, "\2\0\0\0", 4);
    assert_unexpected(4, "\0\0\0", 3);
}

/* A log that says one thing and was extended by another. */
static void test_replay_compares_data_with_every_digest(void **)
{
    cap(0);
    size_t at = built.last_at + 12 + 2; /* the first digest of the cap */
    for (unsigned i = 0; i < 2; i++) {
        built.bytes[at] ^= 1;
        assert_int_equal(end_of_log(), REPLAY_UNEXPECTED);
        built.bytes[at] ^= 1;
        at += 32 + 2;
    }
    assert_int_equal(end_of_log(), REPLAY_STARTED);
    built.bytes[built.len - sizeof(MEASURED_POLICY)] ^= 1;
    assert_int_not_equal(end_of_log(), REPLAY_STARTED);
}

static void test_replay_refuses_a_log_that_is_cut_off(void **)
{
    cap(0);
    size_t whole = built.len, ends = 0, started = 0;
    for (built.len = 0; built.len <= whole; built.len++) {
        enum replay_end end = end_of_log();
        ends += end != REPLAY_MALFORMED;
        started += end == REPLAY_STARTED;
        if (end == REPLAY_MALFORMED)
            assert_int_equal(replay.event_count, 0);
    }
    assert_int_equal(ends, 6); /* behind the header and behind each event */
    assert_int_equal(started, 1);
}

static void test_replay_needs_a_bank_that_it_knows(void **)
{
    log_begin_with(&built, (const uint16_t[][2]){{4, 20}}, 1);
    assert_int_equal(end_of_log(), REPLAY_MALFORMED);
    log_begin(&built); /* SHA-1 and SHA-256 */
    assert_int_equal(end_of_log(), REPLAY_NOTHING);
    assert_true(replay.has_bank[PCR_SHA256] && replay.has_other_bank);
    log_begin_with(&built, (const uint16_t[][2]){{11, 20}}, 1); /* SHA-256 of 20 bytes */
    assert_int_equal(end_of_log(), REPLAY_MALFORMED);
}

static void test_replay_refuses_events_that_extend_no_pcr(void **)
{
    measured_log_begin(&built);
    measured_log_add(&built, 23, 13, "x", 1);
    assert_int_equal(end_of_log(), REPLAY_NOTHING);
    measured_log_add(&built, 24, 3, "x", 1); /* no action */
    assert_int_equal(end_of_log(), REPLAY_NOTHING);
    measured_log_add(&built, 24, 13, "x", 1);
    assert_int_equal(end_of_log(), REPLAY_MALFORMED);
    measured_log_begin(&built); /* one digest where the header names two */
    log_add_number(&built, 11, 4);
    log_add_number(&built, 4, 4);
    log_add_number(&built, 0, 4);
    log_add_number(&built, 0, 4);
    assert_int_equal(end_of_log(), REPLAY_MALFORMED);
}

static void test_replay_starts_where_the_tpm_does(void **)
{
    uint8_t pcr[64] = {0}, all_ones[64];
    memset(all_ones, 0xFF, 32);
    measured_log_begin(&built);
    measured_log_add(&built, 0, 3, "StartupLocality\0\3", 17);
    measured_log_add(&built, 0, 8, "x", 1);
    measured_log_add(&built, 17, 8, "x", 1);
    assert_int_equal(end_of_log(), REPLAY_NOTHING);
    pcr[31] = 3;
    SHA256((const uint8_t *)"x", 1, pcr + 32);
    SHA256((const uint8_t *)"x", 1, all_ones + 32);
    SHA256(pcr, 64, pcr);
    SHA256(all_ones, 64, all_ones);
    assert_memory_equal(replay.values[PCR_SHA256][0].bytes, pcr, 32);
    assert_memory_equal(replay.values[PCR_SHA256][17].bytes, all_ones, 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_replay_gives_the_values_of_the_events, set_up),
        cmocka_unit_test_setup(test_replay_tells_how_the_boot_ended, set_up),
        cmocka_unit_test_setup(test_replay_takes_nothing_behind_the_cap, set_up),
        cmocka_unit_test_setup(test_replay_takes_one_order_alone, set_up),
        cmocka_unit_test_setup(test_replay_knows_our_events_by_type_and_text, set_up),
        cmocka_unit_test_setup(test_replay_compares_data_with_every_digest, set_up),
        cmocka_unit_test_setup(test_replay_refuses_a_log_that_is_cut_off, set_up),
        cmocka_unit_test_setup(test_replay_needs_a_bank_that_it_knows, set_up),
        cmocka_unit_test_setup(test_replay_refuses_events_that_extend_no_pcr, set_up),
        cmocka_unit_test_setup(test_replay_starts_where_the_tpm_does, set_up),
    };
    return cmocka_run_group_tests_name("replay", tests, nullptr, nullptr);
}
