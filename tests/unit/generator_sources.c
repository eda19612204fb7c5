/* kernel/generator.c: what counts as a source, and when. */
#include "tests/support/generator_machine.h"

static void test_answers_nothing_before_it_is_seeded([[maybe_unused]] void **state)
{
    assert_true(bytes_panic());
    features.rdrand = true;
    assert_true(bytes_panic()); /* it must not help itself either */
}

static void test_refuses_to_be_seeded_from_nothing([[maybe_unused]] void **state)
{
    uint8_t entropy[GENERATOR_ENTROPY_LEN];

    fill(entropy); /* bytes, but nobody vouches for them */
    assert_int_equal(generator_init(entropy, 0), NONOS_E_NOT_SEEDED);
    assert_true(bytes_are_zero(entropy, sizeof entropy));
    assert_true(bytes_panic());
    /* A source is named, but there are no bytes. */
    assert_int_equal(generator_init(entropy, NONOS_ENTROPY_FIRMWARE), NONOS_E_NOT_SEEDED);
    assert_true(bytes_panic());
    fill(entropy);
    assert_int_equal(generator_init(entropy, ~NONOS_ENTROPY_ALL), NONOS_E_NOT_SEEDED);
    assert_int_equal(generator_sources(), 0);
}

static void test_takes_the_handoffs_entropy_and_wipes_it([[maybe_unused]] void **state)
{
    uint8_t entropy[GENERATOR_ENTROPY_LEN];
    uint8_t copy[GENERATOR_ENTROPY_LEN];

    fill(entropy);
    fill(copy);
    assert_int_equal(generator_init(entropy, NONOS_ENTROPY_FIRMWARE), NONOS_OK);
    assert_true(seed_contains(copy, sizeof copy));
    assert_true(bytes_are_zero(entropy, sizeof entropy));
    assert_int_equal(generator_sources(), NONOS_ENTROPY_FIRMWARE);
    assert_false(bytes_panic());
}

/* With no processor source and no handoff bytes, what is not zero in a seed is jitter. */
static void test_mixes_in_jitter_that_differs([[maybe_unused]] void **state)
{
    uint8_t entropy[GENERATOR_ENTROPY_LEN] = {};
    uint8_t first[sizeof seed];

    assert_int_equal(generator_init(entropy, 0), NONOS_E_NOT_SEEDED);
    memcpy(first, seed, sizeof first);
    assert_false(bytes_are_zero(seed, seed_len));
    assert_int_equal(generator_init(entropy, 0), NONOS_E_NOT_SEEDED);
    assert_memory_not_equal(first, seed, sizeof first);
}

static unsigned count_zero_words(void)
{
    unsigned count = 0;

    for (size_t i = 0; i + 8 <= seed_len; i += 8)
        count += bytes_are_zero(seed + i, 8);
    return count;
}

static void test_takes_the_processors_sources([[maybe_unused]] void **state)
{
    uint8_t entropy[GENERATOR_ENTROPY_LEN] = {};
    unsigned zeros_without;

    assert_int_equal(generator_init(entropy, 0), NONOS_E_NOT_SEEDED);
    zeros_without = count_zero_words();
    features.rdrand = true;
    assert_int_equal(generator_init(entropy, 0), NONOS_OK);
    assert_int_equal(generator_sources(), NONOS_ENTROPY_RDRAND);
    assert_int_equal(zeros_without - count_zero_words(), 8); /* 512 bits of it */
    features.rdseed = true;
    assert_int_equal(generator_init(entropy, 0), NONOS_OK);
    assert_int_equal(generator_sources(), NONOS_ENTROPY_RDRAND | NONOS_ENTROPY_RDSEED);
    assert_int_equal(zeros_without - count_zero_words(), 16);
    assert_int_equal(generator_failed(), 0);
    assert_false(bytes_panic());
}

static void test_a_source_that_fails_its_tests_is_named_and_no_source([[maybe_unused]] void **state)
{
    static const enum behaviour bad[] = {STUCK, ONES, ZEROS};

    features.rdrand = true;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint8_t entropy[GENERATOR_ENTROPY_LEN] = {};

        rdrand = bad[i];
        assert_int_equal(generator_init(entropy, 0), NONOS_E_NOT_SEEDED);
        assert_int_equal(generator_sources(), 0);
        assert_int_equal(generator_failed(), NONOS_ENTROPY_RDRAND);
        assert_true(bytes_panic());
        /* The other one is enough. */
        features.rdseed = true;
        assert_int_equal(generator_init(entropy, 0), NONOS_OK);
        assert_int_equal(generator_sources(), NONOS_ENTROPY_RDSEED);
        assert_int_equal(generator_failed(), NONOS_ENTROPY_RDRAND);
        features.rdseed = false;
        generator_wipe();
    }
}

static void test_a_device_is_a_source_while_it_passes([[maybe_unused]] void **state)
{
    uint8_t entropy[GENERATOR_ENTROPY_LEN] = {};
    uint8_t answer_bytes[64];

    memset(answer_bytes, 0xD1, sizeof answer_bytes);
    device_answers = true;
    assert_int_equal(generator_init(entropy, 0), NONOS_OK);
    assert_int_equal(generator_sources(), GENERATOR_VIRTIO);
    assert_true(seed_contains(answer_bytes, sizeof answer_bytes));
    assert_int_equal(device_requests, 0);
    assert_false(bytes_panic());
    assert_false(bytes_panic());
    assert_int_equal(device_requests, 1); /* for the next seed */
    device_passes = false;
    assert_int_equal(generator_init(entropy, 0), NONOS_E_NOT_SEEDED);
    assert_true(seed_contains(answer_bytes, sizeof answer_bytes)); /* mixed in all the same */
    assert_int_equal(generator_failed(), GENERATOR_VIRTIO);
}

static void test_what_a_device_answers_later_is_mixed_in([[maybe_unused]] void **state)
{
    uint8_t entropy[GENERATOR_ENTROPY_LEN];
    uint8_t answer_bytes[64];

    memset(answer_bytes, 0xD1, sizeof answer_bytes);
    fill(entropy);
    assert_int_equal(generator_init(entropy, NONOS_ENTROPY_FIRMWARE), NONOS_OK);
    device_answers = true;
    generator_collect();
    assert_true(seed_contains(answer_bytes, sizeof answer_bytes));
    assert_int_equal(device_requests, 0); /* or each answer would lead to the next */
}

static void test_a_source_that_is_silent_is_no_source([[maybe_unused]] void **state)
{
    uint8_t entropy[GENERATOR_ENTROPY_LEN] = {};

    features.rdrand = true;
    rdrand = SILENT;
    assert_int_equal(generator_init(entropy, 0), NONOS_E_NOT_SEEDED);
    assert_true(bytes_panic());
}

static void test_tries_again_soon_when_no_source_counted([[maybe_unused]] void **state)
{
    init();
    assert_int_equal(calls_to_the_next_seed(), 4097);
    assert_int_equal(calls_to_the_next_seed(), 256);
}

/* One that failed does not count again before it has passed 1024 samples: 16 seeds. */
static void test_a_source_that_failed_is_tested_again([[maybe_unused]] void **state)
{
    features.rdrand = true;
    init();
    assert_int_equal(generator_failed(), 0);
    rdrand = ONES;
    (void)calls_to_the_next_seed();
    assert_int_equal(generator_failed(), NONOS_ENTROPY_RDRAND);
    rdrand = LIVELY;
    for (unsigned i = 0; i < 15; i++) {
        assert_int_equal(calls_to_the_next_seed(), 256);
        assert_int_equal(generator_failed(), NONOS_ENTROPY_RDRAND);
    }
    (void)calls_to_the_next_seed();
    assert_int_equal(generator_failed(), 0);
    assert_int_equal(calls_to_the_next_seed(), 4096);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_answers_nothing_before_it_is_seeded),
        TEST(test_refuses_to_be_seeded_from_nothing),
        TEST(test_takes_the_handoffs_entropy_and_wipes_it),
        TEST(test_mixes_in_jitter_that_differs),
        TEST(test_takes_the_processors_sources),
        TEST(test_a_source_that_fails_its_tests_is_named_and_no_source),
        TEST(test_a_device_is_a_source_while_it_passes),
        TEST(test_what_a_device_answers_later_is_mixed_in),
        TEST(test_a_source_that_is_silent_is_no_source),
        TEST(test_tries_again_soon_when_no_source_counted),
        TEST(test_a_source_that_failed_is_tested_again),
    };

    return cmocka_run_group_tests_name("generator_sources", tests, nullptr, nullptr);
}
