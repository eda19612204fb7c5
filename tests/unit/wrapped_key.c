/*
 * Keys under a passphrase: the format, its bounds, and that nothing opens but the right passphrase
 * with every byte as it was. The costs are the lowest there are.
 */
#include "tools/wrapped_key.h"

#include "crypto/bytes.h"
#include "tests/support/vectors.h"

#include <sodium.h>
#include <sys/resource.h>

#define AT_PASSES 16u
#define AT_MEMORY 20u
#define HEADER_LEN 64u

static const struct wrapping_cost cheap = {1, WRAPPED_KEY_MIN_MEMORY_KIB};
static const uint8_t seed[ED25519_SEED_LEN] = {1, 2, 3, 4, [31] = 0xFF};
static const char passphrase[] = "correct horse";
#define PASSPHRASE_LEN (sizeof(passphrase) - 1)

static uint8_t wrapped[WRAPPED_KEY_LEN];

static int wrap(void **state)
{
    (void)state;
    return wrapped_key_make(seed, passphrase, PASSPHRASE_LEN, cheap, wrapped) == NONOS_OK ? 0 : -1;
}

static void expect(const uint8_t *bytes, size_t len, const char *words, enum nonos_error expected)
{
    uint8_t opened[ED25519_SEED_LEN];
    memset(opened, 0xEE, sizeof(opened));
    assert_int_equal(wrapped_key_open(bytes, len, words, strlen(words), opened), expected);
    if (expected == NONOS_OK)
        assert_memory_equal(opened, seed, sizeof(seed));
    else
        assert_true(bytes_are_zero(opened, sizeof(opened)));
}

static void test_wrapped_key_open_gives_what_make_took(void **state)
{
    (void)state;
    struct wrapping_cost cost;
    assert_true(wrapped_key_is(wrapped, sizeof(wrapped)));
    assert_int_equal(wrapped_key_check(wrapped, sizeof(wrapped), &cost), NONOS_OK);
    assert_int_equal(cost.passes, cheap.passes);
    assert_int_equal(cost.memory_kib, cheap.memory_kib);
    expect(wrapped, sizeof(wrapped), passphrase, NONOS_OK);
}

/* The page docs/keys.md, in other words: the primitives called one by one. */
static void test_wrapped_key_is_the_format_of_the_documents(void **state)
{
    (void)state;
    uint8_t key[32], opened[ED25519_SEED_LEN];
    assert_memory_equal(wrapped, "NONOS-WRAPPED 1\n\1\0\0\0\10\0\0\0", 24);
    assert_int_equal(crypto_pwhash_argon2id(key, 32, passphrase, PASSPHRASE_LEN, wrapped + 24, 1,
                                            8192, crypto_pwhash_argon2id_ALG_ARGON2ID13),
                     0);
    assert_int_equal(crypto_aead_xchacha20poly1305_ietf_decrypt(opened, nullptr, nullptr,
                                                                wrapped + 64, 48, wrapped, 64,
                                                                wrapped + 40, key),
                     0);
    assert_memory_equal(opened, seed, sizeof(seed));
}

static void test_wrapped_key_make_never_repeats_salt_or_nonce(void **state)
{
    (void)state;
    uint8_t other[WRAPPED_KEY_LEN];
    assert_int_equal(wrapped_key_make(seed, passphrase, PASSPHRASE_LEN, cheap, other), NONOS_OK);
    assert_memory_not_equal(other + 24, wrapped + 24, 16);
    assert_memory_not_equal(other + 40, wrapped + 40, 24);
    assert_memory_not_equal(other + 64, wrapped + 64, 48);
}

static void test_wrapped_key_open_refuses_another_passphrase(void **state)
{
    (void)state;
    expect(wrapped, sizeof(wrapped), "correct horsf", NONOS_E_KEY_PASSPHRASE);
    expect(wrapped, sizeof(wrapped), "correct hors", NONOS_E_KEY_PASSPHRASE);
    expect(wrapped, sizeof(wrapped), "correct horse ", NONOS_E_KEY_PASSPHRASE);
    expect(wrapped, sizeof(wrapped), "", NONOS_E_KEY_PASSPHRASE);
}

/* Each bit: of the magic it is no wrapped key, of everything behind the cost the same code as for
 * a wrong passphrase. Costs that would take long are only checked. */
static void test_wrapped_key_open_refuses_every_changed_bit(void **state)
{
    (void)state;
    for (size_t bit = 0; bit < 8 * sizeof(wrapped); bit++) {
        struct wrapping_cost cost;
        uint8_t changed[WRAPPED_KEY_LEN];
        memcpy(changed, wrapped, sizeof(changed));
        changed[bit / 8] ^= (uint8_t)(1u << bit % 8);
        bool bounded = wrapped_key_check(changed, sizeof(changed), &cost) == NONOS_OK;
        assert_int_equal(bounded, bit / 8 >= AT_PASSES && (bit / 8 >= 24 || cost.passes != 0));
        if (bounded && cost.memory_kib <= 4096)
            expect(changed, sizeof(changed), passphrase, NONOS_E_KEY_PASSPHRASE);
        else if (!bounded)
            expect(changed, sizeof(changed), passphrase, NONOS_E_KEY_WRAPPED);
    }
}

static void test_wrapped_key_open_refuses_another_length(void **state)
{
    (void)state;
    uint8_t longer[WRAPPED_KEY_LEN + 1] = {0};
    memcpy(longer, wrapped, sizeof(wrapped));
    for (size_t len = 0; len <= sizeof(longer); len++)
        if (len != sizeof(wrapped))
            expect(longer, len, passphrase, NONOS_E_KEY_WRAPPED);
    /* Cut off, it is still no plain key. */
    assert_true(wrapped_key_is(longer, ED25519_SEED_LEN));
    assert_true(wrapped_key_is(longer, 14));
    assert_false(wrapped_key_is(longer, 13));
}

static void expect_cost(uint32_t passes, uint32_t memory_kib, enum nonos_error expected)
{
    struct wrapping_cost cost;
    uint8_t changed[WRAPPED_KEY_LEN];
    memcpy(changed, wrapped, sizeof(changed));
    store_le32(changed + AT_PASSES, passes);
    store_le32(changed + AT_MEMORY, memory_kib);
    assert_int_equal(wrapped_key_check(changed, sizeof(changed), &cost), expected);
    if (expected == NONOS_OK)
        return;
    assert_int_equal(cost.passes + cost.memory_kib, 0);
    struct rusage before, after;
    getrusage(RUSAGE_SELF, &before);
    expect(changed, sizeof(changed), passphrase, expected);
    getrusage(RUSAGE_SELF, &after);
    /* Nothing was computed: no memory was taken. */
    assert_true(after.ru_maxrss - before.ru_maxrss < 1024);
}

static void test_wrapped_key_bounds_the_cost_before_it_is_paid(void **state)
{
    (void)state;
    expect_cost(1, 8, NONOS_OK);
    expect_cost(4, 1024 * 1024, NONOS_OK);
    expect_cost(0, 8, NONOS_E_KEY_WRAPPED);
    expect_cost(5, 8, NONOS_E_KEY_WRAPPED);
    expect_cost(UINT32_MAX, 8, NONOS_E_KEY_WRAPPED);
    expect_cost(1, 7, NONOS_E_KEY_WRAPPED);
    expect_cost(1, 0, NONOS_E_KEY_WRAPPED);
    expect_cost(1, 1024 * 1024 + 1, NONOS_E_KEY_WRAPPED);
    expect_cost(4, UINT32_MAX, NONOS_E_KEY_WRAPPED);
}

static void expect_not_made(const uint8_t *from, const char *words, size_t len,
                            struct wrapping_cost cost, enum nonos_error expected)
{
    uint8_t out[WRAPPED_KEY_LEN];
    memset(out, 0xEE, sizeof(out));
    assert_int_equal(wrapped_key_make(from, words, len, cost, out), expected);
    assert_true(bytes_are_zero(out, sizeof(out)));
}

static void test_wrapped_key_make_refuses_what_could_not_be_opened(void **state)
{
    (void)state;
    static const uint8_t zero[ED25519_SEED_LEN];
    static char longest[PASSPHRASE_MAX_LEN + 2];
    memset(longest, 'a', sizeof(longest) - 1);
    expect_not_made(seed, "", 0, cheap, NONOS_E_SIZE);
    expect_not_made(seed, longest, PASSPHRASE_MAX_LEN + 1, cheap, NONOS_E_SIZE);
    expect_not_made(zero, passphrase, PASSPHRASE_LEN, cheap, NONOS_E_KEY_ZERO);
    expect_not_made(seed, passphrase, PASSPHRASE_LEN, (struct wrapping_cost){5, 8},
                    NONOS_E_KEY_WRAPPED);
    expect_not_made(seed, passphrase, PASSPHRASE_LEN, (struct wrapping_cost){1, 7},
                    NONOS_E_KEY_WRAPPED);
}

/* Somebody with the passphrase can still wrap a key that is none. */
static void test_wrapped_key_open_refuses_a_seed_of_zeroes(void **state)
{
    (void)state;
    static const uint8_t zero[ED25519_SEED_LEN];
    uint8_t key[32], forged[WRAPPED_KEY_LEN];
    memcpy(forged, wrapped, HEADER_LEN);
    assert_int_equal(crypto_pwhash_argon2id(key, 32, passphrase, PASSPHRASE_LEN, forged + 24, 1,
                                            8192, crypto_pwhash_argon2id_ALG_ARGON2ID13),
                     0);
    crypto_aead_xchacha20poly1305_ietf_encrypt(forged + HEADER_LEN, nullptr, zero, 32, forged,
                                               HEADER_LEN, nullptr, forged + 40, key);
    expect(forged, sizeof(forged), passphrase, NONOS_E_KEY_ZERO);
}

static void test_wrapping_cost_read_knows_three_words(void **state)
{
    (void)state;
    struct wrapping_cost cost;
    assert_true(wrapping_cost_read("interactive", &cost));
    assert_true(cost.passes == 2 && cost.memory_kib == 64 * 1024);
    assert_true(wrapping_cost_read("moderate", &cost));
    assert_true(cost.passes == 3 && cost.memory_kib == 256 * 1024);
    assert_true(wrapping_cost_read("sensitive", &cost));
    assert_true(cost.passes == 4 && cost.memory_kib == 1024 * 1024);
    assert_false(wrapping_cost_read("", &cost));
    assert_false(wrapping_cost_read("minimum", &cost));
    assert_int_equal(cost.passes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrapped_key_open_gives_what_make_took),
        cmocka_unit_test(test_wrapped_key_is_the_format_of_the_documents),
        cmocka_unit_test(test_wrapped_key_make_never_repeats_salt_or_nonce),
        cmocka_unit_test(test_wrapped_key_open_refuses_another_passphrase),
        cmocka_unit_test(test_wrapped_key_open_refuses_every_changed_bit),
        cmocka_unit_test(test_wrapped_key_open_refuses_another_length),
        cmocka_unit_test(test_wrapped_key_bounds_the_cost_before_it_is_paid),
        cmocka_unit_test(test_wrapped_key_make_refuses_what_could_not_be_opened),
        cmocka_unit_test(test_wrapped_key_open_refuses_a_seed_of_zeroes),
        cmocka_unit_test(test_wrapping_cost_read_knows_three_words),
    };
    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, wrap, nullptr);
}
