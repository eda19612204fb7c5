#include "crypto/mldsa65.h"

#include "crypto/bytes.h"
#include "tests/support/vectors.h"

struct keys {
    uint8_t public_key[MLDSA65_PUBLIC_KEY_LEN];
    uint8_t secret_key[MLDSA65_SECRET_KEY_LEN];
};

static const char context[] = "a context";
#define CONTEXT_LEN (sizeof context - 1)

static void generate(struct keys *keys)
{
    uint8_t seed[MLDSA65_SEED_LEN];

    test_random(seed, sizeof seed);
    assert_int_equal(mldsa65_generate_key(seed, keys->public_key, keys->secret_key), NONOS_OK);
}

static bool is_pure(const json_t *group)
{
    return strcmp(vectors_text(group, "signatureInterface"), "external") == 0 &&
           strcmp(vectors_text(group, "preHash"), "pure") == 0;
}

static void test_generate_key_acvp(void **state)
{
    json_t *root = vectors_load("acvp-ml-dsa-keygen-ml-dsa-65.json");
    json_t *group;
    json_t *test;
    size_t case_count = 0;
    size_t i;
    size_t j;

    (void)state;
    json_array_foreach(vectors_array(root, "testGroups"), i, group)
    {
        assert_string_equal(vectors_text(group, "parameterSet"), "ML-DSA-65");
        json_array_foreach(vectors_array(group, "tests"), j, test)
        {
            struct keys keys;
            uint8_t *seed = vectors_bytes_of(test, "seed", MLDSA65_SEED_LEN);
            uint8_t *pk = vectors_bytes_of(test, "pk", sizeof keys.public_key);
            uint8_t *sk = vectors_bytes_of(test, "sk", sizeof keys.secret_key);

            assert_int_equal(mldsa65_generate_key(seed, keys.public_key, keys.secret_key),
                             NONOS_OK);
            assert_memory_equal(keys.public_key, pk, sizeof keys.public_key);
            assert_memory_equal(keys.secret_key, sk, sizeof keys.secret_key);
            free(seed);
            free(pk);
            free(sk);
            case_count++;
        }
    }
    assert_int_equal(case_count, 25);
    json_decref(root);
}

/* Signs one case: with its rnd when it has one (hedged), else deterministically. */
static void assert_signature(const json_t *test, bool deterministic)
{
    uint8_t signature[MLDSA65_SIGNATURE_LEN];
    size_t len;
    size_t context_len;
    uint8_t *sk = vectors_bytes_of(test, "sk", MLDSA65_SECRET_KEY_LEN);
    uint8_t *message = vectors_bytes(test, "message", &len);
    uint8_t *given = vectors_bytes(test, "context", &context_len);
    uint8_t *wanted = vectors_bytes_of(test, "signature", sizeof signature);
    uint8_t *rnd = deterministic ? nullptr : vectors_bytes_of(test, "rnd", MLDSA65_RND_LEN);

    assert_int_equal(mldsa65_sign(sk, message, len, given, context_len, rnd, signature), NONOS_OK);
    assert_memory_equal(signature, wanted, sizeof signature);
    free(sk);
    free(message);
    free(given);
    free(wanted);
    free(rnd);
}

static void test_sign_acvp(void **state)
{
    json_t *root = vectors_load("acvp-ml-dsa-siggen-ml-dsa-65.json");
    json_t *group;
    json_t *test;
    size_t deterministic_count = 0;
    size_t hedged_count = 0;
    size_t i;
    size_t j;

    (void)state;
    json_array_foreach(vectors_array(root, "testGroups"), i, group)
    {
        bool deterministic = vectors_bool(group, "deterministic");

        if (!is_pure(group))
            continue;
        json_array_foreach(vectors_array(group, "tests"), j, test)
        {
            assert_signature(test, deterministic);
            if (deterministic)
                deterministic_count++;
            else
                hedged_count++;
        }
    }
    assert_int_equal(deterministic_count, 15);
    assert_int_equal(hedged_count, 15);
    json_decref(root);
}

static void test_verify_acvp(void **state)
{
    json_t *root = vectors_load("acvp-ml-dsa-sigver-ml-dsa-65.json");
    json_t *group;
    json_t *test;
    size_t case_count = 0;
    size_t valid_count = 0;
    size_t i;
    size_t j;

    (void)state;
    json_array_foreach(vectors_array(root, "testGroups"), i, group)
    {
        if (!is_pure(group))
            continue;
        json_array_foreach(vectors_array(group, "tests"), j, test)
        {
            size_t len;
            size_t context_len;
            uint8_t *pk = vectors_bytes_of(test, "pk", MLDSA65_PUBLIC_KEY_LEN);
            uint8_t *message = vectors_bytes(test, "message", &len);
            uint8_t *given = vectors_bytes(test, "context", &context_len);
            uint8_t *signature = vectors_bytes_of(test, "signature", MLDSA65_SIGNATURE_LEN);
            bool valid = vectors_bool(test, "testPassed");

            assert_int_equal(mldsa65_verify(pk, message, len, given, context_len, signature),
                             valid ? CRYPTO_VALID : CRYPTO_INVALID);
            valid_count += valid;
            case_count++;
            free(pk);
            free(message);
            free(given);
            free(signature);
        }
    }
    assert_int_equal(case_count, 15);
    assert_in_range(valid_count, 1, 14);
    json_decref(root);
}

static void test_signature_verifies(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 10; i++) {
        struct keys keys;
        uint8_t rnd[MLDSA65_RND_LEN];
        uint8_t signature[MLDSA65_SIGNATURE_LEN];
        size_t len = test_random_below(5000);
        uint8_t *message = test_allocate(len);

        generate(&keys);
        test_random(rnd, sizeof rnd);
        test_random(message, len);
        assert_int_equal(
            mldsa65_sign(keys.secret_key, message, len, context, CONTEXT_LEN, rnd, signature),
            NONOS_OK);
        assert_int_equal(
            mldsa65_verify(keys.public_key, message, len, context, CONTEXT_LEN, signature),
            CRYPTO_VALID);
        free(message);
    }
}

static void test_empty_message_and_context_may_be_null(void **state)
{
    struct keys keys;
    uint8_t signature[MLDSA65_SIGNATURE_LEN];

    (void)state;
    generate(&keys);
    assert_int_equal(mldsa65_sign(keys.secret_key, nullptr, 0, nullptr, 0, nullptr, signature),
                     NONOS_OK);
    assert_int_equal(mldsa65_verify(keys.public_key, nullptr, 0, nullptr, 0, signature),
                     CRYPTO_VALID);
    assert_int_equal(mldsa65_verify(keys.public_key, "", 1, nullptr, 0, signature), CRYPTO_INVALID);
    assert_int_equal(mldsa65_verify(keys.public_key, nullptr, 0, "", 1, signature), CRYPTO_INVALID);
}

static void test_without_rnd_signing_is_deterministic(void **state)
{
    const uint8_t zero[MLDSA65_RND_LEN] = {0};
    const uint8_t other[MLDSA65_RND_LEN] = {1};
    struct keys keys;
    uint8_t first[MLDSA65_SIGNATURE_LEN];
    uint8_t second[MLDSA65_SIGNATURE_LEN];

    (void)state;
    generate(&keys);
    assert_int_equal(mldsa65_sign(keys.secret_key, "m", 1, nullptr, 0, nullptr, first), NONOS_OK);
    assert_int_equal(mldsa65_sign(keys.secret_key, "m", 1, nullptr, 0, zero, second), NONOS_OK);
    assert_memory_equal(first, second, sizeof first);
    assert_int_equal(mldsa65_sign(keys.secret_key, "m", 1, nullptr, 0, other, second), NONOS_OK);
    assert_memory_not_equal(first, second, sizeof first);
}

static void test_context_may_have_255_bytes_and_no_more(void **state)
{
    struct keys keys;
    uint8_t long_context[MLDSA65_CONTEXT_MAX_LEN + 1];
    uint8_t signature[MLDSA65_SIGNATURE_LEN];

    (void)state;
    generate(&keys);
    test_random(long_context, sizeof long_context);
    assert_int_equal(mldsa65_sign(keys.secret_key, "m", 1, long_context, MLDSA65_CONTEXT_MAX_LEN,
                                  nullptr, signature),
                     NONOS_OK);
    assert_int_equal(
        mldsa65_verify(keys.public_key, "m", 1, long_context, MLDSA65_CONTEXT_MAX_LEN, signature),
        CRYPTO_VALID);
    assert_int_equal(
        mldsa65_verify(keys.public_key, "m", 1, long_context, sizeof long_context, signature),
        CRYPTO_INVALID);
    assert_int_equal(mldsa65_sign(keys.secret_key, "m", 1, long_context, sizeof long_context,
                                  nullptr, signature),
                     NONOS_E_SIZE);
    assert_true(bytes_are_zero(signature, sizeof signature));
}

static void test_verify_rejects_every_change(void **state)
{
    struct keys keys;
    struct keys others;
    uint8_t message[100];
    uint8_t signature[MLDSA65_SIGNATURE_LEN];

    (void)state;
    generate(&keys);
    generate(&others);
    test_random(message, sizeof message);
    assert_int_equal(mldsa65_sign(keys.secret_key, message, sizeof message, context, CONTEXT_LEN,
                                  nullptr, signature),
                     NONOS_OK);

    /* One bit in each stretch of the signature: challenge, response and hint are all met. */
    for (size_t i = 0; i < sizeof signature; i += 1 + test_random_below(64)) {
        uint8_t bit = (uint8_t)(1u << test_random_below(8));
        signature[i] ^= bit;
        if (mldsa65_verify(keys.public_key, message, sizeof message, context, CONTEXT_LEN,
                           signature) != CRYPTO_INVALID)
            fail_msg("bit mask 0x%02x of signature byte %zu is not checked", bit, i);
        signature[i] ^= bit;
    }
    for (unsigned i = 0; i < 10; i++) {
        size_t where = test_random_below(sizeof message);
        message[where] ^= 0x10;
        assert_int_equal(mldsa65_verify(keys.public_key, message, sizeof message, context,
                                        CONTEXT_LEN, signature),
                         CRYPTO_INVALID);
        message[where] ^= 0x10;
        where = test_random_below(sizeof keys.public_key);
        keys.public_key[where] ^= 0x10;
        assert_int_equal(mldsa65_verify(keys.public_key, message, sizeof message, context,
                                        CONTEXT_LEN, signature),
                         CRYPTO_INVALID);
        keys.public_key[where] ^= 0x10;
    }
    assert_int_equal(
        mldsa65_verify(others.public_key, message, sizeof message, context, CONTEXT_LEN, signature),
        CRYPTO_INVALID);
    assert_int_equal(mldsa65_verify(keys.public_key, message, sizeof message, context,
                                    CONTEXT_LEN - 1, signature),
                     CRYPTO_INVALID);
    assert_int_equal(mldsa65_verify(keys.public_key, message, sizeof message - 1, context,
                                    CONTEXT_LEN, signature),
                     CRYPTO_INVALID);
    assert_int_equal(
        mldsa65_verify(keys.public_key, message, sizeof message, context, CONTEXT_LEN, signature),
        CRYPTO_VALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_generate_key_acvp),
        cmocka_unit_test(test_sign_acvp),
        cmocka_unit_test(test_verify_acvp),
        cmocka_unit_test(test_signature_verifies),
        cmocka_unit_test(test_empty_message_and_context_may_be_null),
        cmocka_unit_test(test_without_rnd_signing_is_deterministic),
        cmocka_unit_test(test_context_may_have_255_bytes_and_no_more),
        cmocka_unit_test(test_verify_rejects_every_change),
    };

    return cmocka_run_group_tests_name("mldsa65", tests, nullptr, nullptr);
}
