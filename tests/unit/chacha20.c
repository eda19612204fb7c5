/*
 * The ChaCha20 block: RFC 8439's vectors, and libsodium and OpenSSL.
 */
#include "crypto/chacha20.h"

#include "tests/support/vectors.h"

#include <openssl/evp.h>
#include <sodium.h>

/* RFC 8439 §2.3.2 and §A.1, test vectors 1 and 2. */
static const struct {
    const char *key, *nonce;
    uint32_t counter;
    const char *block;
} RFC8439[] = {
    {"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", "000000090000004a00000000",
     1,
     "10f1e7e4d13b5915500fdd1fa32071c4c7d1f4c733c068030422aa9ac3d46c4e"
     "d2826446079faa0914c2d705d98b02a2b5129cd1de164eb9cbd083e8a2503c4e"},
    {"0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000",
     0,
     "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7"
     "da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586"},
    {"0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000",
     1,
     "9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed"
     "29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f"},
};

static void test_vectors_of_the_standard(void **)
{
    for (size_t i = 0; i < sizeof RFC8439 / sizeof *RFC8439; i++) {
        uint8_t key[32], nonce[12], wanted[64], out[64];
        hex_decode_to(RFC8439[i].key, key, sizeof key);
        hex_decode_to(RFC8439[i].nonce, nonce, sizeof nonce);
        hex_decode_to(RFC8439[i].block, wanted, sizeof wanted);
        chacha20_block(key, RFC8439[i].counter, nonce, out);
        assert_memory_equal(out, wanted, sizeof out);
    }
}

/* OpenSSL's nonce of 16 bytes begins with the counter. */
static void openssl_block(const uint8_t *key, uint32_t counter, const uint8_t *nonce, uint8_t *out)
{
    static const uint8_t zero[64];
    uint8_t iv[16];
    int len;
    for (unsigned i = 0; i < 4; i++)
        iv[i] = (uint8_t)(counter >> (8 * i));
    memcpy(iv + 4, nonce, 12);
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    assert_non_null(context);
    assert_int_equal(EVP_EncryptInit_ex(context, EVP_chacha20(), nullptr, key, iv), 1);
    assert_int_equal(EVP_EncryptUpdate(context, out, &len, zero, sizeof zero), 1);
    assert_int_equal(len, 64);
    EVP_CIPHER_CTX_free(context);
}

static void test_same_as_libsodium_and_openssl(void **)
{
    static const uint8_t zero[64];
    for (unsigned run = 0; run < 500; run++) {
        uint8_t key[32], nonce[12], out[64], wanted[64];
        test_random(key, sizeof key);
        test_random(nonce, sizeof nonce);
        uint32_t counter = run == 0 ? UINT32_MAX : (uint32_t)test_random_u64();
        chacha20_block(key, counter, nonce, out);
        crypto_stream_chacha20_ietf_xor_ic(wanted, zero, sizeof zero, nonce, counter, key);
        assert_memory_equal(out, wanted, sizeof out);
        openssl_block(key, counter, nonce, wanted);
        assert_memory_equal(out, wanted, sizeof out);
    }
}

int main(void)
{
    if (sodium_init() < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors_of_the_standard),
        cmocka_unit_test(test_same_as_libsodium_and_openssl),
    };
    return cmocka_run_group_tests_name("chacha20", tests, nullptr, nullptr);
}
