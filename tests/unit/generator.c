#include "kernel/generator.h"

#include "abi/handoff.h"
#include "crypto/bytes.h"
#include "crypto/random.h"
#include "kernel/cpu/features.h"
#include "kernel/panic.h"
#include "tests/support/vectors.h"

/* The kernel around the generator: a processor of our choice, a panic that can be expected, and in
 * place of ChaCha20 (tests/unit/random.c) something that keeps what it was seeded with. */
static struct cpu_features features;
static jmp_buf panicked;
static uint8_t seed[512];
static size_t seed_len;
static bool wants_seed;
static int secret_depth;

const struct cpu_features *features_get(void)
{
    return &features;
}

void panic(const char *format, ...)
{
    (void)format;
    longjmp(panicked, 1);
}

void panic_secret_enter(void)
{
    secret_depth++;
}

void panic_secret_leave(void)
{
    secret_depth--;
}

void random_seed(struct random *random, const void *entropy, size_t len, bool credited)
{
    assert_int_equal(secret_depth, 1); /* a panic in here shows no registers */
    assert_in_range(len, 64, sizeof seed);
    memcpy(seed, entropy, len);
    seed_len = len;
    random->seeded = random->seeded || credited;
    wants_seed = wants_seed && !credited;
}

enum nonos_error random_bytes(struct random *random, void *out, size_t len)
{
    assert_int_equal(secret_depth, 1);
    memset(out, 0xA5, len);
    return random->seeded ? NONOS_OK : NONOS_E_NOT_SEEDED;
}

bool random_wants_seed(const struct random *random)
{
    return !random->seeded || wants_seed;
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
    wants_seed = false;
    memset(seed, 0, sizeof seed);
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
    features.rdrand = __builtin_cpu_supports("rdrnd");
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

static void need_rdrand(void)
{
    if (!__builtin_cpu_supports("rdrnd")) {
        print_message("skipped: this processor has no RDRAND\n");
        skip();
    }
    features.rdrand = true;
}

static unsigned count_zero_words(void)
{
    unsigned count = 0;

    for (size_t i = 0; i + 8 <= seed_len; i += 8)
        count += bytes_are_zero(seed + i, 8);
    return count;
}

static void test_takes_the_processors_source([[maybe_unused]] void **state)
{
    uint8_t entropy[GENERATOR_ENTROPY_LEN] = {};
    unsigned zeros_without;

    assert_int_equal(generator_init(entropy, 0), NONOS_E_NOT_SEEDED);
    zeros_without = count_zero_words();
    need_rdrand();
    assert_int_equal(generator_init(entropy, 0), NONOS_OK);
    assert_int_equal(generator_sources(), NONOS_ENTROPY_RDRAND);
    assert_int_equal(zeros_without - count_zero_words(), 8); /* 512 bits of it */
    assert_false(bytes_panic());
}

static void test_reseeds_when_it_is_due([[maybe_unused]] void **state)
{
    uint8_t entropy[GENERATOR_ENTROPY_LEN];
    uint32_t before;

    need_rdrand();
    fill(entropy);
    assert_int_equal(generator_init(entropy, NONOS_ENTROPY_FIRMWARE), NONOS_OK);
    before = generator_seed_count();
    assert_false(bytes_panic());
    assert_int_equal(generator_seed_count(), before);
    wants_seed = true;
    assert_false(bytes_panic());
    assert_int_equal(generator_seed_count(), before + 1);
    fill(entropy);
    assert_false(seed_contains(entropy, sizeof entropy)); /* that was for the first one alone */
    assert_false(bytes_panic());
    assert_int_equal(generator_seed_count(), before + 1);
}

static void test_wipe_ends_it([[maybe_unused]] void **state)
{
    uint8_t entropy[GENERATOR_ENTROPY_LEN];

    fill(entropy);
    assert_int_equal(generator_init(entropy, NONOS_ENTROPY_FIRMWARE), NONOS_OK);
    generator_wipe();
    assert_true(bytes_panic());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_answers_nothing_before_it_is_seeded, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refuses_to_be_seeded_from_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_takes_the_handoffs_entropy_and_wipes_it, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_takes_the_processors_source, setup, teardown),
        cmocka_unit_test_setup_teardown(test_mixes_in_jitter_that_differs, setup, teardown),
        cmocka_unit_test_setup_teardown(test_reseeds_when_it_is_due, setup, teardown),
        cmocka_unit_test_setup_teardown(test_wipe_ends_it, setup, teardown),
    };

    return cmocka_run_group_tests_name("generator", tests, nullptr, nullptr);
}
