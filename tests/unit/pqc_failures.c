/*
 * What mlkem768.c and mldsa65.c do when PQClean tells of a failure, or answers without having taken
 * all of its randomness: an error, and outputs that hold nothing. The program stands in front of
 * PQClean's operations (tests/unit/rules.mk); none of these fails by itself with valid arguments.
 */
#include "crypto/mldsa65.h"
#include "crypto/mlkem768.h"
#include "crypto/processor.h"
#include "tests/support/vectors.h"

static enum { WORKS, FAILS, TAKES_NO_RANDOMNESS, IS_SHORT } behavior;

/* In place of an operation that draws nothing: what it leaves in its outputs, and its status. */
static int pretend(uint8_t *first, size_t first_len, uint8_t *second, size_t second_len)
{
    memset(first, 0xAA, first_len);
    if (second != nullptr)
        memset(second, 0xAA, second_len);
    return 0;
}

#define IN_FRONT_OF(name, parameters, arguments, pretended)                                        \
    int __real_PQCLEAN_##name parameters;                                                          \
    int __wrap_PQCLEAN_##name parameters;                                                          \
    int __wrap_PQCLEAN_##name parameters                                                           \
    {                                                                                              \
        if (behavior == TAKES_NO_RANDOMNESS)                                                       \
            return pretended;                                                                      \
        int status = __real_PQCLEAN_##name arguments;                                              \
        return behavior == FAILS ? -1 : status;                                                    \
    }

IN_FRONT_OF(MLKEM768_CLEAN_crypto_kem_keypair, (uint8_t *pk, uint8_t *sk), (pk, sk),
            pretend(pk, MLKEM768_ENCAPSULATION_KEY_LEN, sk, MLKEM768_DECAPSULATION_KEY_LEN))
IN_FRONT_OF(MLKEM768_CLEAN_crypto_kem_enc, (uint8_t *ct, uint8_t *ss, const uint8_t *pk),
            (ct, ss, pk), pretend(ct, MLKEM768_CIPHERTEXT_LEN, ss, MLKEM768_SHARED_SECRET_LEN))
IN_FRONT_OF(MLKEM768_CLEAN_crypto_kem_dec, (uint8_t *ss, const uint8_t *ct, const uint8_t *sk),
            (ss, ct, sk), pretend(ss, MLKEM768_SHARED_SECRET_LEN, nullptr, 0))
IN_FRONT_OF(MLDSA65_CLEAN_crypto_sign_keypair, (uint8_t *pk, uint8_t *sk), (pk, sk),
            pretend(pk, MLDSA65_PUBLIC_KEY_LEN, sk, MLDSA65_SECRET_KEY_LEN))

int __real_PQCLEAN_MLDSA65_CLEAN_crypto_sign_signature_ctx(uint8_t *sig, size_t *siglen,
                                                           const uint8_t *m, size_t mlen,
                                                           const uint8_t *ctx, size_t ctxlen,
                                                           const uint8_t *sk);
int __wrap_PQCLEAN_MLDSA65_CLEAN_crypto_sign_signature_ctx(uint8_t *sig, size_t *siglen,
                                                           const uint8_t *m, size_t mlen,
                                                           const uint8_t *ctx, size_t ctxlen,
                                                           const uint8_t *sk);
int __wrap_PQCLEAN_MLDSA65_CLEAN_crypto_sign_signature_ctx(uint8_t *sig, size_t *siglen,
                                                           const uint8_t *m, size_t mlen,
                                                           const uint8_t *ctx, size_t ctxlen,
                                                           const uint8_t *sk)
{
    if (behavior == TAKES_NO_RANDOMNESS) {
        *siglen = MLDSA65_SIGNATURE_LEN;
        return pretend(sig, MLDSA65_SIGNATURE_LEN, nullptr, 0);
    }
    int status = __real_PQCLEAN_MLDSA65_CLEAN_crypto_sign_signature_ctx(sig, siglen, m, mlen, ctx,
                                                                        ctxlen, sk);
    *siglen -= behavior == IS_SHORT;
    return behavior == FAILS ? -1 : status;
}

static uint8_t ek[MLKEM768_ENCAPSULATION_KEY_LEN], dk[MLKEM768_DECAPSULATION_KEY_LEN];
static uint8_t pk[MLDSA65_PUBLIC_KEY_LEN], sk[MLDSA65_SECRET_KEY_LEN];
static const uint8_t seed[MLKEM768_SEED_LEN] = {7};
static_assert(MLDSA65_SEED_LEN <= sizeof seed && MLKEM768_MESSAGE_LEN <= sizeof seed);

#define assert_wiped(bytes)                                                                        \
    for (size_t wiped_i = 0; wiped_i < sizeof(bytes); wiped_i++)                                   \
    assert_int_equal((bytes)[wiped_i], 0)

static int make_keys(void **state)
{
    (void)state;
    behavior = WORKS;
    return mlkem768_generate_key(seed, ek, dk) == NONOS_OK &&
                   mldsa65_generate_key(seed, pk, sk) == NONOS_OK
               ? 0
               : -1;
}

static void test_key_generation_that_fails_leaves_no_key(void **state)
{
    (void)state;
    for (behavior = FAILS; behavior <= TAKES_NO_RANDOMNESS; behavior++) {
        memset(ek, 1, sizeof ek);
        memset(dk, 1, sizeof dk);
        assert_int_equal(mlkem768_generate_key(seed, ek, dk), NONOS_E_INTERNAL);
        assert_wiped(ek);
        assert_wiped(dk);
        memset(pk, 1, sizeof pk);
        memset(sk, 1, sizeof sk);
        assert_int_equal(mldsa65_generate_key(seed, pk, sk), NONOS_E_INTERNAL);
        assert_wiped(pk);
        assert_wiped(sk);
    }
}

static void test_encapsulation_that_fails_leaves_no_secret(void **state)
{
    uint8_t ciphertext[MLKEM768_CIPHERTEXT_LEN], secret[MLKEM768_SHARED_SECRET_LEN];

    (void)state;
    for (behavior = FAILS; behavior <= TAKES_NO_RANDOMNESS; behavior++) {
        memset(secret, 1, sizeof secret);
        assert_int_equal(mlkem768_encapsulate(ek, seed, ciphertext, secret), NONOS_E_INTERNAL);
        assert_wiped(ciphertext);
        assert_wiped(secret);
    }
}

static void test_decapsulation_that_fails_leaves_no_secret(void **state)
{
    uint8_t ciphertext[MLKEM768_CIPHERTEXT_LEN], secret[MLKEM768_SHARED_SECRET_LEN];

    (void)state;
    assert_int_equal(mlkem768_encapsulate(ek, seed, ciphertext, secret), NONOS_OK);
    behavior = FAILS;
    assert_int_equal(mlkem768_decapsulate(dk, ciphertext, secret), NONOS_E_INTERNAL);
    assert_wiped(secret);
}

static void test_signing_that_fails_leaves_no_signature(void **state)
{
    static uint8_t signature[MLDSA65_SIGNATURE_LEN];

    (void)state;
    assert_int_equal(mldsa65_sign(sk, "m", 1, "", 0, nullptr, signature), NONOS_OK);
    for (behavior = FAILS; behavior <= IS_SHORT; behavior++) {
        memset(signature, 1, sizeof signature);
        assert_int_equal(mldsa65_sign(sk, "m", 1, "", 0, nullptr, signature), NONOS_E_INTERNAL);
        assert_wiped(signature);
    }
}

/* Keccak has two permutations; a processor without BMI makes the same keys. */
static void test_a_processor_without_bmi_makes_the_same_keys(void **state)
{
    static uint8_t other_ek[sizeof ek], other_dk[sizeof dk];

    (void)state;
    processor_known = processor_detect() & ~PROCESSOR_BMI;
    enum nonos_error error = mlkem768_generate_key(seed, other_ek, other_dk);
    (void)processor_detect();
    assert_int_equal(error, NONOS_OK);
    assert_memory_equal(other_ek, ek, sizeof ek);
    assert_memory_equal(other_dk, dk, sizeof dk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_key_generation_that_fails_leaves_no_key, make_keys),
        cmocka_unit_test_setup(test_encapsulation_that_fails_leaves_no_secret, make_keys),
        cmocka_unit_test_setup(test_decapsulation_that_fails_leaves_no_secret, make_keys),
        cmocka_unit_test_setup(test_signing_that_fails_leaves_no_signature, make_keys),
        cmocka_unit_test_setup(test_a_processor_without_bmi_makes_the_same_keys, make_keys),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
