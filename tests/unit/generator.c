#include "kernel/generator.h"

#include "tests/support/generator_machine.h"

static void test_seeds_anew_after_4096_calls([[maybe_unused]] void **state)
{
    uint8_t entropy[GENERATOR_ENTROPY_LEN];

    features.rdrand = true;
    init();
    assert_int_equal(seed_count, 1);
    assert_int_equal(calls_to_the_next_seed(), 4097);
    fill(entropy);
    assert_false(seed_contains(entropy, sizeof entropy)); /* that was for the first one alone */
    assert_int_equal(calls_to_the_next_seed(), 4096);     /* the call that seeds gives bytes too */
}

static void test_seeds_anew_after_a_megabyte([[maybe_unused]] void **state)
{
    static uint8_t out[1 << 20];
    uint8_t one[1];

    features.rdrand = true;
    init();
    generator_bytes(out, sizeof out);
    assert_int_equal(seed_count, 1);
    generator_bytes(one, sizeof one);
    assert_int_equal(seed_count, 2);
}

static void test_fills_all_of_a_long_output_in_pieces([[maybe_unused]] void **state)
{
    static uint8_t out[100001];

    init();
    generator_bytes(out, sizeof out - 1);
    for (size_t i = 0; i < sizeof out - 1; i++)
        assert_int_equal(out[i], 0xA5);
    assert_int_equal(out[sizeof out - 1], 0);
    assert_in_range(longest_piece, 1, 256);
}

static void test_lets_interrupts_in_again_only_if_they_were_on([[maybe_unused]] void **state)
{
    init();
    assert_false(bytes_panic());
    assert_false(interrupts_are_on());
    interrupts_enable();
    assert_false(bytes_panic());
    assert_true(interrupts_are_on());
}

static void test_another_processor_has_a_generator_of_its_own([[maybe_unused]] void **state)
{
    struct random *first;

    features.rdrand = true;
    init();
    first = seeded_last;
    running = 1;
    assert_true(bytes_panic());
    running = 0;
    generator_prepare(1);
    assert_ptr_not_equal(seeded_last, first);
    assert_int_equal(seed_len, 64); /* the first one's output, and before a byte of its own ... */
    assert_int_equal(seed[0], 0xA5);
    running = 1;
    assert_int_equal(calls_to_the_next_seed(), 1); /* ... its processor's sources */
    assert_true(seed_len > 64);
    assert_ptr_not_equal(seeded_last, first);
    assert_int_equal(calls_to_the_next_seed(), 256); /* none of which has passed its tests yet */
}

static void test_wipe_ends_it_on_all_processors([[maybe_unused]] void **state)
{
    struct random *second;

    init();
    generator_prepare(1);
    second = seeded_last;
    memset(second->key, 0x5A, sizeof second->key);
    memset(second->buffer, 0x5A, sizeof second->buffer);
    generator_wipe();
    assert_true(bytes_panic());
    running = 1;
    assert_true(bytes_panic());
    assert_true(bytes_are_zero(second->key, sizeof second->key));
    assert_true(bytes_are_zero(second->buffer, sizeof second->buffer));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_seeds_anew_after_4096_calls),
        TEST(test_seeds_anew_after_a_megabyte),
        TEST(test_fills_all_of_a_long_output_in_pieces),
        TEST(test_lets_interrupts_in_again_only_if_they_were_on),
        TEST(test_another_processor_has_a_generator_of_its_own),
        TEST(test_wipe_ends_it_on_all_processors),
    };

    return cmocka_run_group_tests_name("generator", tests, nullptr, nullptr);
}
