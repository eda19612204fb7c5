/*
 * Signing keys: what is derived from a seed, checked by b3sum and OpenSSL.
 */
#include "tools/key.h"

#include "tests/support/image_builder.h"

#include <openssl/evp.h>

static void test_key_derives_the_mldsa65_seed_as_b3sum_does(void **state)
{
    (void)state;
    struct signing_key key = {.token = nullptr};
    uint8_t seed[32], expected[32];
    char octal[4 * sizeof(key.seed) + 1], command[256], hex[65] = {0};
    test_random(key.seed, sizeof(key.seed));
    for (size_t i = 0; i < sizeof(key.seed); i++)
        snprintf(octal + 4 * i, 5, "\\%03o", key.seed[i]);
    snprintf(command, sizeof(command),
             "printf '%s' | b3sum --no-names --derive-key NONOS:SIGN:ML-DSA-65:v1", octal);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    assert_int_equal(fread(hex, 1, 64, pipe), 64);
    assert_int_equal(pclose(pipe), 0);
    hex_decode_to(hex, expected, 32);
    key_derive_mldsa65_seed(&key, seed);
    assert_memory_equal(seed, expected, 32);
}

static void test_key_identity_has_the_ed25519_key_that_openssl_computes(void **state)
{
    (void)state;
    for (uint8_t fill = 1; fill < 20; fill++) {
        struct signing_key key = built_key(fill);
        struct identity identity;
        uint8_t expected[32];
        size_t len = sizeof(expected);
        assert_int_equal(key_identity(&key, "a", 1, NONOS_PROFILE_DEV, &identity), NONOS_OK);
        EVP_PKEY *theirs =
            EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, key.seed, sizeof(key.seed));
        assert_int_equal(EVP_PKEY_get_raw_public_key(theirs, expected, &len), 1);
        EVP_PKEY_free(theirs);
        assert_memory_equal(identity.ed25519, expected, 32);
    }
}

static void test_key_identity_refuses_what_is_no_identity(void **state)
{
    (void)state;
    struct signing_key key = built_key(1);
    struct identity identity;
    static const char *const names[] = {"", "A", "a b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_int_equal(key_identity(&key, names[i], 1, NONOS_PROFILE_DEV, &identity),
                         NONOS_E_IDENTITY_SYNTAX);
        assert_memory_equal(&identity, &(struct identity){0}, sizeof(identity));
    }
    assert_int_equal(key_identity(&key, "a", 0, NONOS_PROFILE_DEV, &identity),
                     NONOS_E_IDENTITY_SYNTAX);
}

static void test_key_wipe_leaves_nothing(void **state)
{
    (void)state;
    struct signing_key key = built_key(9);
    key_wipe(&key);
    assert_memory_equal(&key, &(struct signing_key){0}, sizeof(key));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_key_derives_the_mldsa65_seed_as_b3sum_does),
        cmocka_unit_test(test_key_identity_has_the_ed25519_key_that_openssl_computes),
        cmocka_unit_test(test_key_identity_refuses_what_is_no_identity),
        cmocka_unit_test(test_key_wipe_leaves_nothing),
    };
    return cmocka_run_group_tests_name("key", tests, nullptr, nullptr);
}
