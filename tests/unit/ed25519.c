/*
 * Ed25519: the RFC's vectors, Wycheproof, and libsodium and OpenSSL as second and third opinions.
 * What makes the verifier strict is in ed25519_strict.c.
 */
#include "crypto/ed25519.h"

#include "tests/support/ed25519_peers.h"
#include "tests/support/vectors.h"

#define DIFFERENTIAL_RUNS 200
#define COUNT(array) (sizeof(array) / sizeof *(array))

/* RFC 8032 §7.1: TEST 1, TEST 2, TEST 3, TEST SHA(abc). */
static const struct {
    const char *seed, *public_key, *message, *signature;
} RFC8032[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b"
     "4"
     "6bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11"
     "d"
     "8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc"
     "6"
     "594a7c15e9716ed28dc027beceea1ec40a"},
    {"833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
     "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3fee"
     "b"
     "bd454d4423643ce80e2a9ac94fa54ca49f",
     "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e"
     "0"
     "303dca179c138ac17ad9bef1177331a704"},
};

static void openssl_sign(const uint8_t *seed, const void *message, size_t len, uint8_t *key,
                         uint8_t *sig)
{
    EVP_PKEY *pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed, 32);
    assert_non_null(pkey);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    assert_non_null(context);
    size_t key_len = 32, sig_len = 64;
    assert_int_equal(EVP_PKEY_get_raw_public_key(pkey, key, &key_len), 1);
    assert_int_equal(EVP_DigestSignInit(context, nullptr, nullptr, nullptr, pkey), 1);
    assert_int_equal(EVP_DigestSign(context, sig, &sig_len, message, len), 1);
    assert_int_equal(sig_len, 64);
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(pkey);
}

static void test_rfc8032_vectors_sign_and_verify(void **)
{
    for (size_t i = 0; i < COUNT(RFC8032); i++) {
        uint8_t seed[32], key[32], wanted_key[32], sig[64], wanted_sig[64];
        size_t len;
        uint8_t *message = hex_decode(RFC8032[i].message, &len);
        hex_decode_to(RFC8032[i].seed, seed, sizeof seed);
        hex_decode_to(RFC8032[i].public_key, wanted_key, sizeof wanted_key);
        hex_decode_to(RFC8032[i].signature, wanted_sig, sizeof wanted_sig);
        ed25519_public_key(seed, key);
        assert_memory_equal(key, wanted_key, sizeof key);
        ed25519_sign(seed, message, len, sig);
        assert_memory_equal(sig, wanted_sig, sizeof sig);
        assert_true(ours_accepts(key, message, len, sig));
        assert_int_equal(ed25519_check_public_key(key), NONOS_OK);
        free(message);
    }
}

/* RFC 8032 §7.1, TEST 1024, whose 1023 bytes are among the Wycheproof vectors. */
static void test_rfc8032_long_message(void **)
{
    uint8_t seed[32], key[32], sig[64];
    unsigned found = 0;
    hex_decode_to("f5e5767cf153319517630f226876b86c8160cc583bc013744c6bf255f5cc0ee5", seed, 32);
    ed25519_public_key(seed, key);
    json_t *root = vectors_load("wycheproof-ed25519.json");
    json_t *group, *test;
    size_t i, j;
    json_array_foreach(vectors_array(root, "testGroups"), i, group)
    {
        uint8_t *group_key = vectors_bytes_of(vectors_member(group, "publicKey"), "pk", 32);
        json_array_foreach(vectors_array(group, "tests"), j, test)
        {
            size_t len;
            uint8_t *message = vectors_bytes(test, "msg", &len);
            if (len == 1023 && memcmp(group_key, key, 32) == 0) {
                uint8_t *wanted = vectors_bytes_of(test, "sig", 64);
                ed25519_sign(seed, message, len, sig);
                assert_memory_equal(sig, wanted, 64);
                free(wanted);
                found++;
            }
            free(message);
        }
        free(group_key);
    }
    assert_int_equal(found, 1);
    json_decref(root);
}

static void test_wycheproof_all(void **)
{
    json_t *root = vectors_load("wycheproof-ed25519.json");
    json_t *groups = vectors_array(root, "testGroups");
    size_t cases = 0, valid = 0, wrong_len = 0, i, j;
    json_t *group, *test;
    json_array_foreach(groups, i, group)
    {
        uint8_t *key = vectors_bytes_of(vectors_member(group, "publicKey"), "pk", 32);
        json_array_foreach(vectors_array(group, "tests"), j, test)
        {
            size_t message_len, sig_len;
            uint8_t *message = vectors_bytes(test, "msg", &message_len);
            uint8_t *sig = vectors_bytes(test, "sig", &sig_len);
            bool wanted = strcmp(vectors_text(test, "result"), "valid") == 0;
            cases++;
            valid += wanted;
            /* Our signatures have one length, in the type; other lengths cannot be passed. */
            bool accepted = sig_len == 64 && ours_accepts(key, message, message_len, sig);
            wrong_len += sig_len != 64;
            if (accepted != wanted)
                fail_msg("tcId %lld: %s", vectors_integer(test, "tcId"),
                         accepted ? "accepted" : "refused");
            free(message);
            free(sig);
        }
        free(key);
    }
    assert_int_equal(cases, 151);
    assert_int_equal(vectors_integer(root, "numberOfTests"), cases);
    assert_true(valid > 0 && valid < cases);
    print_message("%zu cases, %zu valid, %zu of another length\n", cases, valid, wrong_len);
    json_decref(root);
}

static void test_signatures_are_those_of_libsodium_and_openssl(void **)
{
    for (size_t run = 0; run < DIFFERENTIAL_RUNS; run++) {
        uint8_t seed[32], key[32], sig[64], other_key[32], other_sig[64], secret[64];
        size_t len = run < 300 ? run : test_random_below(5000);
        uint8_t *message = test_allocate(len);
        test_random(seed, sizeof seed);
        test_random(message, len);
        ed25519_public_key(seed, key);
        ed25519_sign(seed, message, len, sig);

        assert_int_equal(crypto_sign_seed_keypair(other_key, secret, seed), 0);
        assert_memory_equal(key, other_key, sizeof key);
        assert_int_equal(crypto_sign_detached(other_sig, nullptr, message, len, secret), 0);
        assert_memory_equal(sig, other_sig, sizeof sig);
        openssl_sign(seed, message, len, other_key, other_sig);
        assert_memory_equal(key, other_key, sizeof key);
        assert_memory_equal(sig, other_sig, sizeof sig);

        assert_true(ours_accepts(key, message, len, sig));
        assert_int_equal(ed25519_check_public_key(key), NONOS_OK);
        free(message);
    }
}

/* One changed bit in key, signature or message: all three must refuse. A changed key can be no
 * point, or one with a part of small order, but it cannot make this signature valid. */
static void test_one_changed_bit_is_refused_by_all(void **)
{
    for (size_t run = 0; run < DIFFERENTIAL_RUNS; run++) {
        uint8_t seed[32], input[32 + 64 + 50];
        uint8_t *key = input, *sig = input + 32, *message = input + 96;
        size_t len = 1 + test_random_below(50);
        test_random(seed, sizeof seed);
        test_random(message, len);
        ed25519_public_key(seed, key);
        ed25519_sign(seed, message, len, sig);
        size_t bit = test_random_below(8 * (96 + len));
        input[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        if (ours_accepts(key, message, len, sig))
            fail_msg("bit %zu", bit);
        assert_false(sodium_accepts(key, message, len, sig));
        assert_false(openssl_accepts(key, message, len, sig));
    }
}

/* Any bytes: half are no point, and of the others seven in eight are not of prime order. */
static void test_key_check_is_that_of_libsodium(void **)
{
    unsigned good = 0;
    for (size_t run = 0; run < DIFFERENTIAL_RUNS; run++) {
        uint8_t key[32];
        test_random(key, sizeof key);
        bool wanted = crypto_core_ed25519_is_valid_point(key) == 1;
        good += wanted;
        assert_int_equal(ed25519_check_public_key(key) == NONOS_OK, wanted);
    }
    assert_true(good > 0 && good < DIFFERENTIAL_RUNS);
}

int main(void)
{
    if (sodium_init() < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rfc8032_vectors_sign_and_verify),
        cmocka_unit_test(test_rfc8032_long_message),
        cmocka_unit_test(test_wycheproof_all),
        cmocka_unit_test(test_signatures_are_those_of_libsodium_and_openssl),
        cmocka_unit_test(test_one_changed_bit_is_refused_by_all),
        cmocka_unit_test(test_key_check_is_that_of_libsodium),
    };
    return cmocka_run_group_tests_name("ed25519", tests, nullptr, nullptr);
}
