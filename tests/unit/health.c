#include "kernel/health.h"

#include "tests/support/vectors.h"

/* A source of lively words: xorshift64 (Marsaglia). */
static uint64_t next_word(void)
{
    static uint64_t x = 0x9E3779B97F4A7C15;

    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return x;
}

static void feed(struct health *health, uint64_t word)
{
    health_feed(health, &word, 1);
}

static void feed_good(struct health *health, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        feed(health, next_word());
}

#define START_WORDS (HEALTH_START_COUNT / 8)

static struct health passing(void)
{
    struct health health = {};

    feed_good(&health, START_WORDS);
    assert_true(health_passes(&health));
    assert_false(health.failed);
    return health;
}

static void test_counts_after_1024_good_samples_and_no_sooner([[maybe_unused]] void **state)
{
    struct health health = {};

    feed_good(&health, START_WORDS - 1);
    assert_false(health_passes(&health));
    feed_good(&health, 1);
    assert_true(health_passes(&health));
}

static void test_a_million_good_words_raise_no_alarm([[maybe_unused]] void **state)
{
    struct health health = passing();

    for (unsigned i = 0; i < 1000000; i++) {
        feed(&health, next_word());
        assert_true(health_passes(&health));
    }
}

/* Fails at once, and passes again after as many good samples as at the start. */
static void expect_failure(struct health *health)
{
    assert_false(health_passes(health));
    assert_true(health->failed);
    feed_good(health, START_WORDS - 1);
    assert_false(health_passes(health));
    assert_true(health->failed);
    feed_good(health, 1);
    assert_true(health_passes(health));
    assert_false(health->failed);
}

static void test_all_ones_fail([[maybe_unused]] void **state)
{
    struct health health = passing();

    feed(&health, UINT64_MAX);
    expect_failure(&health);
}

static void test_all_zeros_fail([[maybe_unused]] void **state)
{
    struct health health = passing();

    feed(&health, 0);
    expect_failure(&health);
}

static void test_the_word_before_fails([[maybe_unused]] void **state)
{
    struct health health = passing();
    uint64_t word = next_word();

    feed(&health, word);
    assert_true(health_passes(&health));
    feed(&health, word);
    expect_failure(&health);
}

static void test_the_batch_before_fails([[maybe_unused]] void **state)
{
    struct health health = passing();
    uint64_t batch[4] = {next_word(), next_word(), next_word(), next_word()};

    health_feed(&health, batch, 4);
    assert_true(health_passes(&health));
    health_feed(&health, batch, 4);
    assert_false(health_passes(&health));
    for (unsigned i = 0; i < 100; i++)
        health_feed(&health, batch, 4);
    assert_false(health_passes(&health));
    assert_true(health.failed);
}

/* Bytes that are different but for a run of the same one across words. */
static void feed_run(struct health *health, unsigned length)
{
    uint64_t words[2] = {0x0706050403020100 + length, 0x1716151413121110}; /* not as before */
    uint8_t bytes[16];

    memcpy(bytes, words, sizeof bytes);
    memset(bytes + 3, 0xA5, length);
    memcpy(words, bytes, sizeof words);
    health_feed(health, words, 2);
}

static void test_a_byte_nine_times_in_a_row_fails([[maybe_unused]] void **state)
{
    struct health health = passing();

    feed_run(&health, HEALTH_REPEAT_CUTOFF - 1);
    assert_true(health_passes(&health));
    feed_run(&health, HEALTH_REPEAT_CUTOFF);
    expect_failure(&health);
}

/* In a window that begins with a byte, that byte count times in all; none is next to another. */
static void feed_window(struct health *health, unsigned count)
{
    uint8_t bytes[HEALTH_WINDOW_COUNT];
    uint64_t words[HEALTH_WINDOW_COUNT / 8];

    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(1 + i % 3 + i / 3 % 80 * 3);
    for (unsigned i = 0; i < count; i++)
        bytes[(size_t)7 * i] = 0xFF;
    bytes[1] = (uint8_t)count; /* not as the batch before */
    memcpy(words, bytes, sizeof words);
    health_feed(health, words, sizeof words / sizeof words[0]);
}

static void test_a_byte_71_times_in_512_fails([[maybe_unused]] void **state)
{
    struct health health = passing();

    assert_int_equal(health.position, 0);
    feed_window(&health, HEALTH_WINDOW_CUTOFF - 1);
    assert_true(health_passes(&health));
    feed_window(&health, HEALTH_WINDOW_CUTOFF);
    assert_false(health_passes(&health));
    assert_true(health.failed);
}

static void test_a_source_that_is_stuck_never_passes([[maybe_unused]] void **state)
{
    struct health health = {};

    for (unsigned i = 0; i < 10 * START_WORDS; i++) {
        feed(&health, 0x0123456789ABCDEF);
        assert_false(health_passes(&health));
    }
    assert_true(health.failed);
}

/* Two words in turn are not the one before, but their four bytes come too often. */
static void test_two_words_in_turn_never_pass([[maybe_unused]] void **state)
{
    struct health health = {};

    for (unsigned i = 0; i < 10 * START_WORDS; i++) {
        feed(&health, i % 2 == 0 ? 0x1122334422334411 : 0x4411332211224433);
        assert_false(health_passes(&health));
    }
    assert_true(health.failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts_after_1024_good_samples_and_no_sooner),
        cmocka_unit_test(test_a_million_good_words_raise_no_alarm),
        cmocka_unit_test(test_all_ones_fail),
        cmocka_unit_test(test_all_zeros_fail),
        cmocka_unit_test(test_the_word_before_fails),
        cmocka_unit_test(test_the_batch_before_fails),
        cmocka_unit_test(test_a_byte_nine_times_in_a_row_fails),
        cmocka_unit_test(test_a_byte_71_times_in_512_fails),
        cmocka_unit_test(test_a_source_that_is_stuck_never_passes),
        cmocka_unit_test(test_two_words_in_turn_never_pass),
    };

    return cmocka_run_group_tests_name("health", tests, nullptr, nullptr);
}
