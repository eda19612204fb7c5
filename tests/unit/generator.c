#include "kernel/generator.h"

#include "abi/handoff.h"
#include "crypto/bytes.h"
#include "crypto/random.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/features.h"
#include "kernel/cpu/interrupt_flag.h"
#include "kernel/cpu/rdrand.h"
#include "kernel/panic.h"
#include "tests/support/vectors.h"

/* The kernel around the generators: processors of our choice, a panic that can be expected, and in
 * place of ChaCha20 (tests/unit/random.c) something that keeps what it was seeded with. */
static struct cpu_features features;
static struct cpu cpus[2];
static uint32_t running;
static jmp_buf panicked;
static uint8_t seed[512];
static size_t seed_len;
static struct random *seeded_last;
static unsigned seed_count;
static int secret_depth;
static size_t longest_piece;

/* What RDRAND and RDSEED answer. */
enum behaviour { LIVELY, STUCK, ONES, ZEROS, SILENT };
static enum behaviour rdrand, rdseed;

static bool answer(enum behaviour behaviour, uint64_t *value)
{
    static uint64_t x = 0x9E3779B97F4A7C15;

    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    *value = behaviour == LIVELY  ? x
             : behaviour == STUCK ? 0x0123456789ABCDEF
             : behaviour == ONES  ? UINT64_MAX
                                  : 0;
    return behaviour != SILENT;
}

bool rdrand_attempt(uint64_t *value)
{
    assert_true(features.rdrand);
    return answer(rdrand, value);
}

bool rdrand_seed_attempt(uint64_t *value)
{
    assert_true(features.rdseed);
    return answer(rdseed, value);
}

const struct cpu_features *features_get(void)
{
    return &features;
}

struct cpu *cpu_current(void)
{
    return &cpus[running];
}

void panic(const char *format, ...)
{
    (void)format;
    longjmp(panicked, 1);
}

void panic_secret_enter(void)
{
    assert_false(interrupts_are_on());
    secret_depth++;
}

void panic_secret_leave(void)
{
    assert_false(interrupts_are_on());
    secret_depth--;
}

void random_seed(struct random *random, const void *entropy, size_t len, bool credited)
{
    assert_true(secret_depth > 0); /* a panic in here shows no registers */
    assert_in_range(len, 64, sizeof seed);
    memset(seed, 0, sizeof seed);
    memcpy(seed, entropy, len);
    seed_len = len;
    seeded_last = random;
    seed_count++;
    random->seeded = random->seeded || credited;
}

enum nonos_error random_bytes(struct random *random, void *out, size_t len)
{
    assert_true(secret_depth > 0);
    longest_piece = len > longest_piece ? len : longest_piece;
    memset(out, 0xA5, len);
    return random->seeded ? NONOS_OK : NONOS_E_NOT_SEEDED;
}

/* Whether the last seed has these bytes in it. */
static bool seed_contains(const void *bytes, size_t len)
{
    return memmem(seed, seed_len, bytes, len) != nullptr;
}

static bool bytes_panic(void)
{
    uint8_t out[8];

    if (setjmp(panicked) != 0)
        return true;
    generator_bytes(out, sizeof out);
    return false;
}

static int teardown([[maybe_unused]] void **state)
{
    return secret_depth == 0 ? 0 : -1;
}

static int setup([[maybe_unused]] void **state)
{
    features = (struct cpu_features){};
    cpus[1].index = 1;
    running = 0;
    rdrand = LIVELY;
    rdseed = LIVELY;
    seed_count = 0;
    longest_piece = 0;
    machine_interrupts_are_on = false;
    generator_wipe();
    return 0;
}

static void fill(uint8_t entropy[GENERATOR_ENTROPY_LEN])
{
    for (size_t i = 0; i < GENERATOR_ENTROPY_LEN; i++)
        entropy[i] = (uint8_t)(i * 7 + 1);
}

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

static void test_a_source_that_is_silent_is_no_source([[maybe_unused]] void **state)
{
    uint8_t entropy[GENERATOR_ENTROPY_LEN] = {};

    features.rdrand = true;
    rdrand = SILENT;
    assert_int_equal(generator_init(entropy, 0), NONOS_E_NOT_SEEDED);
    assert_true(bytes_panic());
}

static void init(void)
{
    uint8_t entropy[GENERATOR_ENTROPY_LEN];

    fill(entropy);
    assert_int_equal(generator_init(entropy, NONOS_ENTROPY_FIRMWARE), NONOS_OK);
}

static unsigned calls_to_the_next_seed(void)
{
    unsigned before = seed_count;
    unsigned calls = 0;

    for (; seed_count == before; calls++)
        assert_false(bytes_panic());
    return calls;
}

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
        TEST(test_answers_nothing_before_it_is_seeded),
        TEST(test_refuses_to_be_seeded_from_nothing),
        TEST(test_takes_the_handoffs_entropy_and_wipes_it),
        TEST(test_takes_the_processors_sources),
        TEST(test_a_source_that_fails_its_tests_is_named_and_no_source),
        TEST(test_a_source_that_is_silent_is_no_source),
        TEST(test_mixes_in_jitter_that_differs),
        TEST(test_seeds_anew_after_4096_calls),
        TEST(test_seeds_anew_after_a_megabyte),
        TEST(test_tries_again_soon_when_no_source_counted),
        TEST(test_a_source_that_failed_is_tested_again),
        TEST(test_fills_all_of_a_long_output_in_pieces),
        TEST(test_lets_interrupts_in_again_only_if_they_were_on),
        TEST(test_another_processor_has_a_generator_of_its_own),
        TEST(test_wipe_ends_it_on_all_processors),
    };

    return cmocka_run_group_tests_name("generator", tests, nullptr, nullptr);
}
