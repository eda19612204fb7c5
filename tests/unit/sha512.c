/*
 * SHA-512: the standard's examples, and OpenSSL and libsodium.
 */
#include "crypto/sha512.h"

#include "tests/support/vectors.h"

#include <openssl/sha.h>
#include <sodium.h>

/* FIPS 180-4's examples (NIST, "SHA512.pdf"), and the empty message. */
static const struct {
    const char *message, *digest;
} EXAMPLES[] = {
    {"", "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
         "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"},
    {"abc", "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
            "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
    {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
     "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
     "8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018"
     "501d289e4900f7e4331b99dec4b5433ac7d329eeb6dd26545e96e55b874be909"},
};

static void test_examples_of_the_standard(void **)
{
    for (size_t i = 0; i < sizeof EXAMPLES / sizeof *EXAMPLES; i++) {
        uint8_t out[SHA512_OUT_LEN], wanted[SHA512_OUT_LEN];
        hex_decode_to(EXAMPLES[i].digest, wanted, sizeof wanted);
        sha512_hash(EXAMPLES[i].message, strlen(EXAMPLES[i].message), out);
        assert_memory_equal(out, wanted, sizeof out);
    }
}

/* A million times "a", in pieces that do not fit the block. */
static void test_long_example(void **)
{
    uint8_t piece[1000], out[SHA512_OUT_LEN], wanted[SHA512_OUT_LEN];
    struct sha512 state;
    memset(piece, 'a', sizeof piece);
    sha512_init(&state);
    for (unsigned i = 0; i < 1000; i++)
        sha512_update(&state, piece, sizeof piece);
    sha512_final(&state, out);
    hex_decode_to("e718483d0ce769644e2e42c7bc15b4638e1f98b13b2044285632a803afa973eb"
                  "de0ff244877ea60a4cb0432ce577c31beb009c5c2c49aa2e4eadb217ad8cc09b",
                  wanted, sizeof wanted);
    assert_memory_equal(out, wanted, sizeof out);
}

static void test_every_length_as_openssl_and_libsodium(void **)
{
    for (size_t run = 0; run < 600; run++) {
        size_t len = run < 400 ? run : test_random_below(20000);
        uint8_t *message = test_allocate(len);
        uint8_t out[SHA512_OUT_LEN], wanted[SHA512_OUT_LEN];
        test_random(message, len);
        sha512_hash(message, len, out);
        SHA512(message, len, wanted);
        assert_memory_equal(out, wanted, sizeof out);
        crypto_hash_sha512(wanted, message, len);
        assert_memory_equal(out, wanted, sizeof out);
        free(message);
    }
}

static void test_pieces_do_not_matter(void **)
{
    for (size_t split = 1; split <= 2 * SHA512_BLOCK_LEN + 1; split++) {
        uint8_t message[700], out[SHA512_OUT_LEN], wanted[SHA512_OUT_LEN];
        struct sha512 state;
        test_random(message, sizeof message);
        sha512_init(&state);
        for (size_t done = 0; done < sizeof message; done += split) {
            size_t left = sizeof message - done;
            sha512_update(&state, message + done, left < split ? left : split);
            sha512_update(&state, nullptr, 0);
        }
        sha512_final(&state, out);
        SHA512(message, sizeof message, wanted);
        assert_memory_equal(out, wanted, sizeof out);
    }
}

/* The length in bits needs its upper word from 2^61 bytes on, and no test can feed so many: the
 * field is set as if it had been done, in ours and in libsodium's state alike. */
static void test_length_of_more_than_64_bits(void **)
{
    struct sha512 state;
    crypto_hash_sha512_state other;
    uint8_t out[SHA512_OUT_LEN], wanted[SHA512_OUT_LEN];
    sha512_init(&state);
    crypto_hash_sha512_init(&other);
    state.len = UINT64_C(5) << 61;
    other.count[0] = 5;
    other.count[1] = 0;
    sha512_update(&state, "abc", 3);
    crypto_hash_sha512_update(&other, (const uint8_t *)"abc", 3);
    sha512_final(&state, out);
    crypto_hash_sha512_final(&other, wanted);
    assert_memory_equal(out, wanted, sizeof out);
}

static void test_final_wipes_the_state(void **)
{
    struct sha512 state;
    uint8_t out[SHA512_OUT_LEN];
    static const struct sha512 zero;
    sha512_init(&state);
    sha512_update(&state, "secret", 6);
    sha512_final(&state, out);
    assert_memory_equal(&state, &zero, sizeof state);
}

int main(void)
{
    if (sodium_init() < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examples_of_the_standard),
        cmocka_unit_test(test_long_example),
        cmocka_unit_test(test_every_length_as_openssl_and_libsodium),
        cmocka_unit_test(test_pieces_do_not_matter),
        cmocka_unit_test(test_length_of_more_than_64_bits),
        cmocka_unit_test(test_final_wipes_the_state),
    };
    return cmocka_run_group_tests_name("sha512", tests, nullptr, nullptr);
}
