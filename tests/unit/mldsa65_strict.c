/*
 * ML-DSA-65, strictly: signatures in which everything holds but one rule of the encoding or of the
 * bounds (FIPS 204 §6.3, §7.2), so that a verifier without that rule would take them.
 *
 * The norm of z is checked by a function of PQClean that this program stands in front of
 * (tests/unit/rules.mk): without it, signing gives signatures that are too large, and verification
 * shows that the norm is all that is wrong with them.
 */
#include "crypto/mldsa65.h"

#include "node_modules/pqclean/deps/PQClean/crypto_sign/ml-dsa-65/clean/polyvec.h"
#include "tests/support/verifying.h"

#define CHALLENGE_LEN 48u
#define Z_LEN 3200u
#define OMEGA_COUNT 55u /* hints at most */
#define POLY_COUNT 6u   /* of the hint vector */
#define HINTS (CHALLENGE_LEN + Z_LEN)
#define COUNTS (HINTS + OMEGA_COUNT)
static_assert(COUNTS + POLY_COUNT == MLDSA65_SIGNATURE_LEN);
/* gamma1 - beta: a coefficient of z is below it. */
#define Z_BOUND (524288 - 196)
#define Z_POLY_COUNT 5u

static const char context[] = NONOS_CONTEXT_KERNEL;
#define CONTEXT_LEN (sizeof context - 1)

static uint8_t public_key[MLDSA65_PUBLIC_KEY_LEN];
static uint8_t secret_key[MLDSA65_SECRET_KEY_LEN];
static bool norm_is_ignored;
static unsigned seen_count;
static int32_t largest; /* coefficient of the z that was seen last, while its norm is ignored */

int __real_PQCLEAN_MLDSA65_CLEAN_poly_chknorm(const poly *a, int32_t bound);
int __wrap_PQCLEAN_MLDSA65_CLEAN_poly_chknorm(const poly *a, int32_t bound);

/* Called for each polynomial of z with that bound, and with smaller ones for what else is short. */
int __wrap_PQCLEAN_MLDSA65_CLEAN_poly_chknorm(const poly *a, int32_t bound)
{
    if (bound != Z_BOUND || !norm_is_ignored)
        return __real_PQCLEAN_MLDSA65_CLEAN_poly_chknorm(a, bound);
    if (seen_count++ % Z_POLY_COUNT == 0)
        largest = 0;
    for (size_t i = 0; i < sizeof a->coeffs / sizeof a->coeffs[0]; i++) {
        int32_t size = a->coeffs[i] < 0 ? -a->coeffs[i] : a->coeffs[i];
        largest = size > largest ? size : largest;
    }
    return 0;
}

static void ignore_norm(bool is_ignored)
{
    norm_is_ignored = is_ignored;
    seen_count = 0;
}

static int generate(void **)
{
    static const uint8_t seed[MLDSA65_SEED_LEN] = {9};
    return mldsa65_generate_key(seed, public_key, secret_key) == NONOS_OK ? 0 : -1;
}

static void sign(uint32_t message, uint8_t signature[MLDSA65_SIGNATURE_LEN])
{
    assert_int_equal(mldsa65_sign(secret_key, &message, sizeof message, context, CONTEXT_LEN,
                                  nullptr, signature),
                     NONOS_OK);
}

static bool accepts(uint32_t message, const uint8_t signature[MLDSA65_SIGNATURE_LEN])
{
    crypto_verdict answer =
        mldsa65_verify(public_key, &message, sizeof message, context, CONTEXT_LEN, signature);
    assert_true(answer == CRYPTO_VALID || answer == CRYPTO_INVALID);
    return answer == CRYPTO_VALID;
}

/* The hints as a verifier would read them that checks no order: a set of (polynomial, index). */
static void read_hints(const uint8_t *signature, bool set[POLY_COUNT][256])
{
    unsigned at = 0;
    memset(set, 0, POLY_COUNT * 256 * sizeof(bool));
    for (unsigned i = 0; i < POLY_COUNT; i++)
        for (; at < signature[COUNTS + i] && at < OMEGA_COUNT; at++)
            set[i][signature[HINTS + at]] = true;
}

static void check_refused_with_the_same_hints(uint32_t message, const uint8_t *good,
                                              const uint8_t *bad)
{
    bool wanted[POLY_COUNT][256], have[POLY_COUNT][256];
    read_hints(good, wanted);
    read_hints(bad, have);
    assert_memory_equal(have, wanted, sizeof wanted);
    assert_memory_not_equal(good, bad, MLDSA65_SIGNATURE_LEN);
    assert_true(accepts(message, good));
    assert_false(accepts(message, bad));
}

/* A message whose signature has a polynomial with two hints or more, and room for one more. */
static uint32_t sign_with_hints(uint8_t signature[MLDSA65_SIGNATURE_LEN])
{
    for (uint32_t message = 0; message < 200; message++) {
        sign(message, signature);
        if (signature[COUNTS] >= 2 && signature[COUNTS + POLY_COUNT - 1] < OMEGA_COUNT)
            return message;
    }
    fail_msg("no signature with hints to change");
    return 0;
}

static void test_refuses_hints_out_of_order(void **)
{
    uint8_t good[MLDSA65_SIGNATURE_LEN], bad[MLDSA65_SIGNATURE_LEN];
    uint32_t message = sign_with_hints(good);
    memcpy(bad, good, sizeof bad);
    bad[HINTS] = good[HINTS + 1];
    bad[HINTS + 1] = good[HINTS];
    check_refused_with_the_same_hints(message, good, bad);
}

static void test_refuses_a_hint_that_stands_twice(void **)
{
    uint8_t good[MLDSA65_SIGNATURE_LEN], bad[MLDSA65_SIGNATURE_LEN];
    uint32_t message = sign_with_hints(good);
    memcpy(bad, good, sizeof bad);
    memcpy(bad + HINTS + 1, good + HINTS, OMEGA_COUNT - 1);
    for (unsigned i = 0; i < POLY_COUNT; i++)
        bad[COUNTS + i]++;
    check_refused_with_the_same_hints(message, good, bad);
}

static void test_refuses_bytes_behind_the_hints(void **)
{
    uint8_t good[MLDSA65_SIGNATURE_LEN], bad[MLDSA65_SIGNATURE_LEN];
    uint32_t message = sign_with_hints(good);
    for (unsigned at = good[COUNTS + POLY_COUNT - 1]; at < OMEGA_COUNT; at++) {
        memcpy(bad, good, sizeof bad);
        bad[HINTS + at] = 1;
        check_refused_with_the_same_hints(message, good, bad);
    }
}

/* 55 hints fit. A count above that is refused before anything is read there; the bytes behind it
 * are the counts themselves, and behind those the signature ends. */
static void test_refuses_more_than_55_hints(void **)
{
    uint8_t good[MLDSA65_SIGNATURE_LEN], bad[MLDSA65_SIGNATURE_LEN];
    uint32_t message = sign_with_hints(good);
    for (unsigned count = OMEGA_COUNT + 1; count < 256; count++)
        for (unsigned i = 0; i < POLY_COUNT; i++) {
            memcpy(bad, good, sizeof bad);
            memset(bad + COUNTS + i, (int)count, POLY_COUNT - i);
            assert_false(accepts(message, bad));
        }
}

static void test_refuses_counts_that_descend(void **)
{
    uint8_t good[MLDSA65_SIGNATURE_LEN], bad[MLDSA65_SIGNATURE_LEN];
    uint32_t message = sign_with_hints(good);
    for (unsigned i = 1; i < POLY_COUNT; i++) {
        memcpy(bad, good, sizeof bad);
        bad[COUNTS + i] = (uint8_t)(good[COUNTS + i - 1] - 1);
        assert_false(accepts(message, bad));
    }
}

/* Found by trying: signed without the check of the norm, the largest coefficient of z is the bound
 * less one for the first of these messages, and the bound itself for the second. */
#define MESSAGE_BELOW_BOUND 1543u
#define MESSAGE_AT_BOUND 195u

static void test_refuses_z_at_the_bound_and_takes_it_below(void **)
{
    uint8_t signature[MLDSA65_SIGNATURE_LEN];
    ignore_norm(true);
    sign(MESSAGE_BELOW_BOUND, signature);
    assert_int_equal(largest, Z_BOUND - 1);
    ignore_norm(false);
    assert_true(accepts(MESSAGE_BELOW_BOUND, signature));

    ignore_norm(true);
    sign(MESSAGE_AT_BOUND, signature);
    assert_int_equal(largest, Z_BOUND);
    assert_true(accepts(MESSAGE_AT_BOUND, signature));
    ignore_norm(false);
    assert_false(accepts(MESSAGE_AT_BOUND, signature));
}

/* The same in an image: both signatures are made with the right keys, and one is too large. */
static void test_verify_refuses_an_image_whose_z_is_too_large(void **)
{
    struct image_policy policy = trust(&alice, 1);
    unsigned too_large = 0;
    for (unsigned i = 0; i < 40 && too_large == 0; i++) {
        struct file_bytes image = built_kernel(BUILT_KERNEL_RELEASE);
        image.bytes[load_le64(built_program_header(image, BUILT_X) + 8)] = (uint8_t)i;
        ignore_norm(true);
        built_sign(image, NONOS_IMAGE_KERNEL, 1);
        bool is_too_large = largest >= Z_BOUND;
        assert_int_equal(verify(image, &policy), NONOS_OK);
        ignore_norm(false);
        assert_int_equal(verify(image, &policy), is_too_large ? NONOS_E_MLDSA65 : NONOS_OK);
        too_large += is_too_large;
        file_free(&image);
    }
    assert_int_equal(too_large, 1);
}

/* The length of the context is signed: its end cannot move into the message. */
static void test_refuses_another_split_of_context_and_message(void **)
{
    uint8_t signature[MLDSA65_SIGNATURE_LEN];
    assert_int_equal(mldsa65_sign(secret_key, "cd", 2, "ab", 2, nullptr, signature), NONOS_OK);
    assert_int_equal(mldsa65_verify(public_key, "cd", 2, "ab", 2, signature), CRYPTO_VALID);
    assert_int_equal(mldsa65_verify(public_key, "d", 1, "abc", 3, signature), CRYPTO_INVALID);
    assert_int_equal(mldsa65_verify(public_key, "bcd", 3, "a", 1, signature), CRYPTO_INVALID);
    assert_int_equal(mldsa65_verify(public_key, "abcd", 4, "", 0, signature), CRYPTO_INVALID);
}

int main(void)
{
    if (make_identities(nullptr) != 0)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refuses_hints_out_of_order),
        cmocka_unit_test(test_refuses_a_hint_that_stands_twice),
        cmocka_unit_test(test_refuses_bytes_behind_the_hints),
        cmocka_unit_test(test_refuses_more_than_55_hints),
        cmocka_unit_test(test_refuses_counts_that_descend),
        cmocka_unit_test(test_refuses_z_at_the_bound_and_takes_it_below),
        cmocka_unit_test(test_verify_refuses_an_image_whose_z_is_too_large),
        cmocka_unit_test(test_refuses_another_split_of_context_and_message),
    };
    return cmocka_run_group_tests_name("mldsa65_strict", tests, generate, nullptr);
}
