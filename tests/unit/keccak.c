#include "crypto/keccak.h"

#include "crypto/keccak_rounds.h"
#include "crypto/pqclean/fips202.h"
#include "crypto/processor.h"
#include "tests/support/vectors.h"

#include <openssl/evp.h>

#define MESSAGE_MAX_LEN 1500u
#define OUT_MAX_LEN 1500u
#define ROUND_COUNT 400u

/* The four functions, and what OpenSSL calls them. */
struct function {
    const char *name;
    uint32_t rate;
    uint8_t suffix;
    size_t out_len; /* 0: any */
};

static const struct function functions[] = {
    {"SHA3-256", KECCAK_SHA3_256_RATE, KECCAK_SHA3_SUFFIX, SHA3_256_OUT_LEN},
    {"SHA3-512", KECCAK_SHA3_512_RATE, KECCAK_SHA3_SUFFIX, SHA3_512_OUT_LEN},
    {"SHAKE128", KECCAK_SHAKE128_RATE, KECCAK_SHAKE_SUFFIX, 0},
    {"SHAKE256", KECCAK_SHAKE256_RATE, KECCAK_SHAKE_SUFFIX, 0},
};
#define FUNCTION_COUNT (sizeof functions / sizeof *functions)

static void hash_with_openssl(const struct function *function, const uint8_t *message, size_t len,
                              uint8_t *out, size_t out_len)
{
    EVP_MD *md = EVP_MD_fetch(nullptr, function->name, nullptr);
    EVP_MD_CTX *context = EVP_MD_CTX_new();

    assert_non_null(md);
    assert_non_null(context);
    assert_int_equal(EVP_DigestInit_ex(context, md, nullptr), 1);
    assert_int_equal(EVP_DigestUpdate(context, message, len), 1);
    if (function->out_len == 0) {
        assert_int_equal(EVP_DigestFinalXOF(context, out, out_len), 1);
    } else {
        unsigned have;
        assert_int_equal(EVP_DigestFinal_ex(context, out, &have), 1);
        assert_int_equal(have, out_len);
    }
    EVP_MD_CTX_free(context);
    EVP_MD_free(md);
}

/* Absorbs and squeezes in pieces of random length, some of them empty. */
static void hash_in_pieces(const struct function *function, const uint8_t *message, size_t len,
                           uint8_t *out, size_t out_len)
{
    struct keccak state;

    keccak_init(&state, function->rate);
    for (size_t done = 0, piece; done < len; done += piece) {
        piece = test_random_below(len - done + 1);
        keccak_absorb(&state, message + done, piece);
    }
    keccak_finish(&state, function->suffix);
    for (size_t done = 0, piece; done < out_len; done += piece) {
        piece = test_random_below(out_len - done + 1);
        keccak_squeeze(&state, out + done, piece);
    }
}

static void assert_hash(const struct function *function, const uint8_t *message, size_t len,
                        size_t out_len)
{
    uint8_t *wanted = test_allocate(out_len);
    uint8_t *whole = test_allocate(out_len);
    uint8_t *pieces = test_allocate(out_len);

    hash_with_openssl(function, message, len, wanted, out_len);
    keccak_hash(function->rate, function->suffix, message, len, whole, out_len);
    hash_in_pieces(function, message, len, pieces, out_len);
    if (memcmp(wanted, whole, out_len) != 0)
        fail_msg("%s of %zu bytes, %zu bytes of it, differs", function->name, len, out_len);
    if (memcmp(wanted, pieces, out_len) != 0)
        fail_msg("%s of %zu bytes in pieces, %zu bytes of it, differs", function->name, len,
                 out_len);
    free(wanted);
    free(whole);
    free(pieces);
}

static void assert_answer(const struct function *function, const char *message, const char *hex)
{
    size_t len;
    uint8_t *wanted = hex_decode(hex, &len);
    uint8_t *out = test_allocate(len);

    keccak_hash(function->rate, function->suffix, message, strlen(message), out, len);
    assert_memory_equal(out, wanted, len);
    free(out);
    free(wanted);
}

/* Example values that NIST publishes with FIPS 202. */
static void test_known_answers(void **state)
{
    (void)state;
    assert_answer(&functions[0], "",
                  "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a");
    assert_answer(&functions[0], "abc",
                  "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532");
    assert_answer(&functions[1], "",
                  "a69f73cca23a9ac5c8b567dc185a756e97c982164fe25859e0d1dcc1475c80a6"
                  "15b2123af1f5f94c11e3e9402c3ac558f500199d95b6d3e301758586281dcd26");
    assert_answer(&functions[1], "abc",
                  "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e"
                  "10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0");
    assert_answer(&functions[2], "",
                  "7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26");
    assert_answer(&functions[3], "",
                  "46b9dd2b0ba88d13233b3feb743eeb243fcd52ea62b81b82b50c27646ed5762f"
                  "d75dc4ddd8c0f200cb05019d67b592f6fc821c49479ab48640292eacb3b7c4be");

    char message[201];
    memset(message, 0xA3, 200);
    message[200] = '\0';
    assert_answer(&functions[0], message,
                  "79f38adec5c20307a98ef76e8324afbfd46cfd81b22e3973c65fa1bd9de31787");
}

static void check_permutation_of_zero(void (*permute)(uint64_t lanes[KECCAK_LANE_COUNT]))
{
    uint64_t lanes[KECCAK_LANE_COUNT] = {0};

    permute(lanes);
    assert_true(lanes[0] == UINT64_C(0xF1258F7940E1DDE7));
    assert_true(lanes[24] == UINT64_C(0xEAF1FF7B5CECA249));
}

static void test_permutation_of_zero(void **state)
{
    (void)state;
    check_permutation_of_zero(keccak_permute);
    check_permutation_of_zero(keccak_permute_plain);
}

/* That of the two which this machine would not choose is tested, too. */
static void test_both_builds_permute_alike(void **state)
{
    uint64_t plain[KECCAK_LANE_COUNT];
    uint64_t bmi[KECCAK_LANE_COUNT];

    (void)state;
    if (!processor_has(PROCESSOR_BMI)) {
        print_message("skipped: this processor has no BMI\n");
        skip();
    }
    check_permutation_of_zero(keccak_permute_bmi);
    for (unsigned round = 0; round < ROUND_COUNT; round++) {
        test_random(plain, sizeof plain);
        memcpy(bmi, plain, sizeof bmi);
        keccak_permute_plain(plain);
        keccak_permute_bmi(bmi);
        assert_memory_equal(plain, bmi, sizeof plain);
    }
}

/* Every length up to three blocks of the longest rate: each place where padding can fall. */
static void test_every_message_length_matches_openssl(void **state)
{
    uint8_t *message = test_allocate(3 * KECCAK_SHAKE128_RATE);

    (void)state;
    test_random(message, 3 * KECCAK_SHAKE128_RATE);
    for (size_t i = 0; i < FUNCTION_COUNT; i++)
        for (size_t len = 0; len <= 3 * KECCAK_SHAKE128_RATE; len++)
            assert_hash(&functions[i], message, len,
                        functions[i].out_len ? functions[i].out_len : 32);
    free(message);
}

static void test_random_lengths_match_openssl(void **state)
{
    (void)state;
    for (unsigned round = 0; round < ROUND_COUNT; round++) {
        const struct function *function = &functions[round % FUNCTION_COUNT];
        size_t len = test_random_below(MESSAGE_MAX_LEN);
        uint8_t *message = test_allocate(len);
        size_t out_len = function->out_len ? function->out_len : 1 + test_random_below(OUT_MAX_LEN);

        test_random(message, len);
        assert_hash(function, message, len, out_len);
        free(message);
    }
}

static void test_nothing_may_be_a_null_pointer(void **state)
{
    struct keccak keccak;
    uint8_t out[32];
    uint8_t wanted[32];

    (void)state;
    hash_with_openssl(&functions[0], nullptr, 0, wanted, sizeof wanted);
    keccak_init(&keccak, KECCAK_SHA3_256_RATE);
    keccak_absorb(&keccak, nullptr, 0);
    keccak_finish(&keccak, KECCAK_SHA3_SUFFIX);
    keccak_squeeze(&keccak, nullptr, 0);
    keccak_squeeze(&keccak, out, sizeof out);
    assert_memory_equal(out, wanted, sizeof out);
}

/* The functions as PQClean calls them. */
static void test_pqclean_interface_matches_openssl(void **state)
{
    uint8_t message[333];
    uint8_t wanted[5 * SHAKE128_RATE];
    uint8_t out[5 * SHAKE128_RATE];
    struct keccak keccak;

    (void)state;
    test_random(message, sizeof message);

    hash_with_openssl(&functions[0], message, sizeof message, wanted, 32);
    sha3_256(out, message, sizeof message);
    assert_memory_equal(out, wanted, 32);

    hash_with_openssl(&functions[1], message, sizeof message, wanted, 64);
    sha3_512(out, message, sizeof message);
    assert_memory_equal(out, wanted, 64);

    hash_with_openssl(&functions[2], message, sizeof message, wanted, sizeof wanted);
    shake128_absorb(&keccak, message, sizeof message);
    shake128_squeezeblocks(out, 3, &keccak);
    shake128_squeezeblocks(out + 3 * SHAKE128_RATE, 2, &keccak);
    shake128_ctx_release(&keccak);
    assert_memory_equal(out, wanted, sizeof wanted);

    shake128_inc_init(&keccak);
    shake128_inc_absorb(&keccak, message, 32);
    shake128_inc_absorb(&keccak, message + 32, sizeof message - 32);
    shake128_inc_finalize(&keccak);
    shake128_inc_squeeze(out, 1, &keccak);
    shake128_inc_squeeze(out + 1, sizeof out - 1, &keccak);
    shake128_inc_ctx_release(&keccak);
    assert_memory_equal(out, wanted, sizeof wanted);

    hash_with_openssl(&functions[3], message, sizeof message, wanted, sizeof wanted);
    shake256_inc_init(&keccak);
    shake256_inc_absorb(&keccak, message, 7);
    shake256_inc_absorb(&keccak, message + 7, sizeof message - 7);
    shake256_inc_finalize(&keccak);
    shake256_inc_squeeze(out, SHAKE256_RATE, &keccak);
    shake256_inc_squeeze(out + SHAKE256_RATE, sizeof out - SHAKE256_RATE, &keccak);
    shake256_inc_ctx_release(&keccak);
    assert_memory_equal(out, wanted, sizeof wanted);

    memcpy(out, message, sizeof message);
    shake256(out, sizeof out, out, sizeof message);
    assert_memory_equal(out, wanted, sizeof wanted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_answers),
        cmocka_unit_test(test_permutation_of_zero),
        cmocka_unit_test(test_both_builds_permute_alike),
        cmocka_unit_test(test_every_message_length_matches_openssl),
        cmocka_unit_test(test_random_lengths_match_openssl),
        cmocka_unit_test(test_nothing_may_be_a_null_pointer),
        cmocka_unit_test(test_pqclean_interface_matches_openssl),
    };

    return cmocka_run_group_tests_name("keccak", tests, nullptr, nullptr);
}
