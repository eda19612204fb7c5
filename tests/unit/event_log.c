/*
 * The event log, which comes from firmware: what it says is read, and nothing outside of it.
 */
#include "image/event_log.h"

#include "tests/support/event_log_builder.h"

static struct built_log built;

static int setup(void **state)
{
    (void)state;
    memset(&built, 0, sizeof(built));
    log_begin(&built);
    return 0;
}

/* Where the fields of a header with two algorithms are. */
enum {
    AT_TYPE = 4,
    AT_DATA_LEN = 28,
    AT_SIGNATURE = 32,
    AT_COUNT = 56,
    AT_ALGORITHM = 60,
    AT_VENDOR = 68
};
#define HEADER_LEN 69u

static void test_log_header_is_as_the_profile_has_it(void **state)
{
    (void)state;
    /* Written by hand from the specification's tables; the builder must agree. */
    static const uint8_t expected[HEADER_LEN] = {
        0,   0,   0,   0,   3,   0,   0,   0,   0,   0,   0,   0,   0,   0,
        0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0, /* */
        37,  0,   0,   0,   'S', 'p', 'e', 'c', ' ', 'I', 'D', ' ', 'E', 'v',
        'e', 'n', 't', '0', '3', 0,   0,   0,   0,   0,   0,   2,   0,   2,
        2,   0,   0,   0,   4,   0,   20,  0,   11,  0,   32,  0,   0,
    };
    assert_int_equal(built.len, sizeof(expected));
    assert_memory_equal(built.bytes, expected, sizeof(expected));
    struct event_log log;
    assert_true(event_log_open(expected, sizeof(expected), &log));
    assert_int_equal(log.algorithm_count, 2);
    assert_int_equal(log.algorithms[0].id, EVENT_LOG_SHA1);
    assert_int_equal(log.algorithms[0].digest_len, 20);
    assert_int_equal(log.algorithms[1].id, EVENT_LOG_SHA256);
    assert_int_equal(log.algorithms[1].digest_len, 32);
    struct event_log_event event;
    assert_false(event_log_next(&log, &event));
    assert_false(log.is_malformed);
}

static void test_log_gives_every_event_in_order(void **state)
{
    (void)state;
    log_add_event(&built, 0, 8, 0x11, 0x22, "ab", 2);
    log_add_event(&built, 11, 0x8000000D, 0x33, 0x44, "", 0);
    struct event_log log;
    struct event_log_event event;
    assert_true(event_log_open(built.bytes, built.len, &log));
    assert_true(event_log_next(&log, &event));
    assert_int_equal(event.pcr, 0);
    assert_int_equal(event.type, 8);
    assert_int_equal(event.digest_count, 2);
    const struct event_log_digest *sha256 = event_log_find_digest(&event, EVENT_LOG_SHA256);
    assert_non_null(sha256);
    assert_int_equal(sha256->algorithm.digest_len, 32);
    assert_true(sha256->bytes[0] == 0x22 && sha256->bytes[31] == 0x22);
    assert_null(event_log_find_digest(&event, EVENT_LOG_SHA384));
    assert_int_equal(event.data_len, 2);
    assert_memory_equal(event.data, "ab", 2);
    assert_true(event_log_next(&log, &event));
    assert_int_equal(event.pcr, 11);
    assert_int_equal(event.type, 0x8000000D);
    assert_int_equal(event.data_len, 0);
    assert_false(event_log_next(&log, &event));
    assert_false(log.is_malformed);
    assert_int_equal(log.at, built.len);
}

/* Reads all of the first len bytes, which lie alone; how many events before the end or a defect. */
static unsigned read_all(const uint8_t *bytes, size_t len, bool *is_malformed)
{
    uint8_t *copy = test_allocate(len);
    struct event_log log;
    struct event_log_event event;
    unsigned count = 0;
    uint32_t sum = 0;
    memcpy(copy, bytes, len);
    if (event_log_open(copy, len, &log)) {
        while (event_log_next(&log, &event)) {
            count++;
            for (size_t i = 0; i < event.digest_count; i++)
                sum += event.digests[i].bytes[event.digests[i].algorithm.digest_len - 1];
            if (event.data_len > 0)
                sum += event.data[event.data_len - 1];
        }
        assert_true(event.data == nullptr && event.digest_count == 0);
    }
    assert_true(sum < UINT32_MAX); /* read, so that the sanitizer has seen them */
    *is_malformed = log.is_malformed;
    free(copy);
    return count;
}

static void test_log_that_ends_anywhere_is_malformed_but_between_events(void **state)
{
    (void)state;
    size_t ends[3] = {built.len};
    log_add_event(&built, 4, 1, 1, 2, "data", 4);
    ends[1] = built.len;
    log_add_event(&built, 5, 1, 1, 2, "", 0);
    ends[2] = built.len;
    for (size_t len = 0; len <= built.len; len++) {
        bool is_malformed;
        unsigned count = read_all(built.bytes, len, &is_malformed);
        assert_int_equal(count, len >= ends[2] ? 2 : len >= ends[1] ? 1 : 0);
        assert_int_equal(is_malformed, len != ends[0] && len != ends[1] && len != ends[2]);
    }
}

static void assert_header_refused_with(size_t at, uint8_t byte)
{
    struct event_log log;
    uint8_t kept = built.bytes[at];
    built.bytes[at] = byte;
    assert_false(event_log_open(built.bytes, built.len, &log));
    assert_true(log.is_malformed);
    assert_int_equal(log.algorithm_count, 0);
    struct event_log_event event;
    assert_false(event_log_next(&log, &event));
    built.bytes[at] = kept;
    assert_true(event_log_open(built.bytes, built.len, &log));
}

static void test_log_with_another_header_is_refused(void **state)
{
    (void)state;
    log_add_event(&built, 4, 1, 1, 2, "data", 4);
    assert_header_refused_with(AT_TYPE, 4);
    assert_header_refused_with(AT_SIGNATURE, 's');
    assert_header_refused_with(AT_SIGNATURE + 14, '2'); /* the format of TPM 1.2 */
    assert_header_refused_with(AT_SIGNATURE + 15, ' ');
    assert_header_refused_with(AT_COUNT, 0);
    assert_header_refused_with(AT_COUNT, 1); /* bytes are left */
    assert_header_refused_with(AT_COUNT, 3);
    assert_header_refused_with(AT_COUNT + 3, 0x80);
    assert_header_refused_with(AT_ALGORITHM + 2, 0); /* a digest of no bytes */
    assert_header_refused_with(AT_ALGORITHM + 2, 65);
    assert_header_refused_with(AT_ALGORITHM + 3, 1);
    assert_header_refused_with(AT_ALGORITHM + 4, 4); /* SHA-1 twice */
    assert_header_refused_with(AT_VENDOR, 1);
    assert_header_refused_with(AT_DATA_LEN, 36);
    assert_header_refused_with(AT_DATA_LEN, 38);
    assert_header_refused_with(AT_DATA_LEN, 0);
    assert_header_refused_with(AT_DATA_LEN + 3, 0xFF);
}

static void test_log_header_may_have_bytes_of_its_vendor(void **state)
{
    (void)state;
    built.bytes[AT_VENDOR] = 3;
    built.bytes[AT_DATA_LEN] += 3;
    log_add(&built, "xyz", 3);
    log_add_event(&built, 4, 1, 1, 2, "data", 4);
    bool is_malformed;
    assert_int_equal(read_all(built.bytes, built.len, &is_malformed), 1);
    assert_false(is_malformed);
}

static void test_log_has_at_most_sixteen_algorithms(void **state)
{
    (void)state;
    uint16_t algorithms[17][2];
    for (uint16_t i = 0; i < 17; i++) {
        algorithms[i][0] = i;
        algorithms[i][1] = 64;
    }
    struct event_log log;
    log_begin_with(&built, algorithms, 16);
    assert_true(event_log_open(built.bytes, built.len, &log));
    assert_int_equal(log.algorithm_count, 16);
    log_begin_with(&built, algorithms, 17);
    assert_false(event_log_open(built.bytes, built.len, &log));
}

/* An event whose fields the test changes: these are their offsets in it. */
enum { EVENT_COUNT = 8, EVENT_FIRST_ID = 12, EVENT_SECOND_ID = 34, EVENT_DATA_LEN = 68 };

static void assert_event_refused_with(size_t offset, uint8_t byte)
{
    size_t at = built.last_at + offset;
    uint8_t kept = built.bytes[at];
    bool is_malformed;
    built.bytes[at] = byte;
    assert_int_equal(read_all(built.bytes, built.len, &is_malformed), 1);
    assert_true(is_malformed);
    built.bytes[at] = kept;
    assert_int_equal(read_all(built.bytes, built.len, &is_malformed), 2);
    assert_false(is_malformed);
}

static void test_log_with_a_malformed_event_ends_before_it(void **state)
{
    (void)state;
    log_add_event(&built, 4, 1, 1, 2, "first", 5);
    log_add_event(&built, 4, 1, 1, 2, "data", 4);
    assert_event_refused_with(EVENT_COUNT, 3);
    assert_event_refused_with(EVENT_COUNT + 3, 0xFF);
    assert_event_refused_with(EVENT_FIRST_ID, 5);  /* not in the header */
    assert_event_refused_with(EVENT_SECOND_ID, 4); /* SHA-1 twice */
    assert_event_refused_with(EVENT_DATA_LEN, 5);  /* more than there is */
    assert_event_refused_with(EVENT_DATA_LEN + 3, 0xFF);
}

static void test_log_may_not_go_on_with_bytes_that_are_no_event(void **state)
{
    (void)state;
    bool is_malformed;
    log_add_event(&built, 4, 1, 1, 2, "data", 4);
    built.bytes[built.last_at + EVENT_DATA_LEN] = 3;
    assert_int_equal(read_all(built.bytes, built.len, &is_malformed), 1);
    assert_true(is_malformed);
}

static void test_log_event_has_one_digest_of_an_algorithm(void **state)
{
    (void)state;
    static const uint8_t digest[20];
    bool is_malformed;
    log_add(&built, "\x09\0\0\0\x0D\0\0\0\x02\0\0", 12);
    log_add_number(&built, EVENT_LOG_SHA1, 2);
    log_add(&built, digest, sizeof(digest));
    size_t second_at = built.len;
    log_add_number(&built, EVENT_LOG_SHA1, 2);
    log_add(&built, digest, sizeof(digest));
    log_add_number(&built, 12, 4);
    log_add(&built, "twelve bytes", 12);
    assert_int_equal(read_all(built.bytes, built.len, &is_malformed), 0);
    assert_true(is_malformed);
    built.bytes[second_at] = EVENT_LOG_SHA256; /* takes the twelve bytes, and then all is well */
    memset(built.bytes + second_at + 22, 0, 16);
    assert_int_equal(read_all(built.bytes, built.len, &is_malformed), 1);
    assert_false(is_malformed);
}

static void test_log_event_may_have_fewer_digests(void **state)
{
    (void)state;
    static const uint8_t none[] = {9, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 'x'};
    log_add(&built, none, sizeof(none));
    struct event_log log;
    struct event_log_event event;
    assert_true(event_log_open(built.bytes, built.len, &log));
    assert_true(event_log_next(&log, &event));
    assert_int_equal(event.digest_count, 0);
    assert_int_equal(event.data_len, 1);
}

static void test_log_length_is_found_from_its_last_entry(void **state)
{
    (void)state;
    enum { MAX = BUILT_LOG_SIZE };
    assert_int_equal(event_log_find_len(built.bytes, MAX, 0), HEADER_LEN);
    log_add_event(&built, 4, 1, 1, 2, "first", 5);
    log_add_event(&built, 4, 1, 1, 2, "second", 6);
    size_t len = built.len;
    size_t last_at = built.last_at;
    log_add(&built, "what firmware has behind its log", 32);
    assert_int_equal(event_log_find_len(built.bytes, MAX, last_at), len);
    assert_int_equal(event_log_find_len(built.bytes, len, last_at), len);
    for (size_t max_len = 0; max_len < len; max_len++)
        assert_int_equal(event_log_find_len(built.bytes, max_len, last_at), 0);
    assert_int_equal(event_log_find_len(built.bytes, MAX, HEADER_LEN), last_at);
}

static void test_log_length_needs_an_entry_where_the_last_one_shall_be(void **state)
{
    (void)state;
    log_add_event(&built, 4, 1, 1, 2, "first", 5);
    size_t first_at = built.last_at;
    log_add_event(&built, 4, 1, 1, 2, "second", 6);
    for (size_t at = 1; at < built.len; at++) {
        if (at != first_at && at != built.last_at)
            assert_int_equal(event_log_find_len(built.bytes, built.len, at), 0);
    }
    assert_int_equal(event_log_find_len(built.bytes, built.len, built.len), 0);
    assert_int_equal(event_log_find_len(built.bytes, built.len, SIZE_MAX), 0);
    built.bytes[first_at + EVENT_COUNT] = 3;
    assert_int_equal(event_log_find_len(built.bytes, built.len, built.last_at), 0);
    built.bytes[AT_SIGNATURE] = 'X';
    assert_int_equal(event_log_find_len(built.bytes, built.len, 0), 0);
}

static void test_log_event_extends_its_pcr_unless_it_says_no(void **state)
{
    (void)state;
    struct event_log_event event = {.pcr = 11, .type = 13};
    assert_true(event_log_extends(&event, 11));
    assert_false(event_log_extends(&event, 12));
    event.type = EVENT_LOG_EV_NO_ACTION;
    assert_false(event_log_extends(&event, 11));
}

static void test_log_of_any_bytes_is_read_within_its_bounds(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 12; i++)
        log_add_event(&built, i, 13, 1, 2, "some data of an event", 20 - i);
    size_t len = built.len;
    static uint8_t original[BUILT_LOG_SIZE];
    memcpy(original, built.bytes, len);
    srandom(1);
    unsigned malformed = 0;
    for (unsigned round = 0; round < 20000; round++) {
        bool is_malformed;
        memcpy(built.bytes, original, len);
        for (unsigned i = 0; i <= round % 3; i++)
            built.bytes[(size_t)random() % len] = (uint8_t)random();
        (void)read_all(built.bytes, len, &is_malformed);
        malformed += is_malformed;
    }
    assert_true(malformed > 1000 && malformed < 20000);
}

static void test_log_names_the_types_that_are_known(void **state)
{
    (void)state;
    assert_string_equal(event_log_type_name(4), "separator");
    assert_string_equal(event_log_type_name(13), "IPL");
    assert_string_equal(event_log_type_name(0x80000003), "application");
    assert_string_equal(event_log_type_name(0x800000E0), "authority");
    assert_string_equal(event_log_type_name(0x800000E2), "SPDM config");
    assert_null(event_log_type_name(0));
    assert_null(event_log_type_name(0x80000000));
    assert_null(event_log_type_name(0xE0));
    assert_null(event_log_type_name(0x104));
    assert_null(event_log_type_name(0x8000FFFF));
    for (uint32_t type = 0; type < 0x100; type++) {
        const char *name = event_log_type_name(type);
        assert_true(name == nullptr || strlen(name) <= EVENT_LOG_TYPE_NAME_MAX_LEN);
        name = event_log_type_name(type | 0x80000000);
        assert_true(name == nullptr || strlen(name) <= EVENT_LOG_TYPE_NAME_MAX_LEN);
    }
}

#define LOG_TEST(test) cmocka_unit_test_setup(test, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOG_TEST(test_log_header_is_as_the_profile_has_it),
        LOG_TEST(test_log_gives_every_event_in_order),
        LOG_TEST(test_log_that_ends_anywhere_is_malformed_but_between_events),
        LOG_TEST(test_log_with_another_header_is_refused),
        LOG_TEST(test_log_header_may_have_bytes_of_its_vendor),
        LOG_TEST(test_log_has_at_most_sixteen_algorithms),
        LOG_TEST(test_log_with_a_malformed_event_ends_before_it),
        LOG_TEST(test_log_may_not_go_on_with_bytes_that_are_no_event),
        LOG_TEST(test_log_event_has_one_digest_of_an_algorithm),
        LOG_TEST(test_log_event_may_have_fewer_digests),
        LOG_TEST(test_log_length_is_found_from_its_last_entry),
        LOG_TEST(test_log_length_needs_an_entry_where_the_last_one_shall_be),
        LOG_TEST(test_log_event_extends_its_pcr_unless_it_says_no),
        LOG_TEST(test_log_of_any_bytes_is_read_within_its_bounds),
        LOG_TEST(test_log_names_the_types_that_are_known),
    };
    return cmocka_run_group_tests_name("event_log", tests, nullptr, nullptr);
}
