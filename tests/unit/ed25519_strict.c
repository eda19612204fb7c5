/*
 * Ed25519, strictly: signatures that some verifier takes and ours must not, made by hand.
 */
#include "crypto/ed25519.h"

#include "crypto/ed25519_group.h"
#include "crypto/ed25519_scalar.h"
#include "tests/support/ed25519_peers.h"
#include "tests/support/ed25519_small_order.h"
#include "tests/support/vectors.h"

/* k = SHA-512(R || A || M) mod L, by libsodium. */
static void sodium_challenge(const uint8_t *r, const uint8_t *key, const void *message, size_t len,
                             uint8_t k[32])
{
    uint8_t hash[64];
    crypto_hash_sha512_state state;
    crypto_hash_sha512_init(&state);
    crypto_hash_sha512_update(&state, r, 32);
    crypto_hash_sha512_update(&state, key, 32);
    crypto_hash_sha512_update(&state, message, len);
    crypto_hash_sha512_final(&state, hash);
    crypto_core_ed25519_scalar_reduce(k, hash);
}

/* The secret scalar of a seed, modulo L, by libsodium. */
static void sodium_secret_scalar(const uint8_t seed[32], uint8_t a[32])
{
    uint8_t hash[64];
    crypto_hash_sha512(hash, seed, 32);
    hash[0] &= 0xF8;
    hash[31] = (uint8_t)((hash[31] & 0x7F) | 0x40);
    memset(hash + 32, 0, 32);
    crypto_core_ed25519_scalar_reduce(a, hash);
}

/* A seeded nonce r and R = [r]B. */
static void make_nonce(uint8_t nonce[32], uint8_t r[32])
{
    uint8_t wide[64];
    test_random(wide, sizeof wide);
    crypto_core_ed25519_scalar_reduce(nonce, wide);
    assert_int_equal(crypto_scalarmult_ed25519_base_noclamp(r, nonce), 0);
}

/* An honest key with a point of order 8 added, which anybody who has the seed can make. */
static void make_mixed_key(const uint8_t seed[32], uint8_t key[32])
{
    uint8_t secret[64], order_8[32];
    hex_decode_to(ORDER_8, order_8, sizeof order_8);
    assert_int_equal(crypto_sign_seed_keypair(key, secret, seed), 0);
    assert_int_equal(crypto_core_ed25519_add(key, key, order_8), 0);
}

static void test_refuses_s_plus_order(void **)
{
    static const uint8_t seed[32] = {1};
    uint8_t key[32], sig[64], order[32];
    ed25519_public_key(seed, key);
    ed25519_sign(seed, "text", 4, sig);
    assert_true(ours_accepts(key, "text", 4, sig));
    scalar_to_bytes(order, &SCALAR_ORDER);
    /* All of S + L, S + 2 L, ... that fit in 256 bits. */
    for (unsigned times = 1; times < 17; times++) {
        unsigned carry = 0;
        for (unsigned i = 0; i < 32; i++) {
            carry += (unsigned)sig[32 + i] + order[i];
            sig[32 + i] = (uint8_t)carry;
            carry >>= 8;
        }
        if (carry) {
            assert_true(times > 8);
            return;
        }
        assert_false(ours_accepts(key, "text", 4, sig));
        assert_false(sodium_accepts(key, "text", 4, sig));
        assert_false(openssl_accepts(key, "text", 4, sig));
    }
    fail_msg("S + 16 L should not fit in 256 bits");
}

/*
 * Where OpenSSL is laxer than we are, and libsodium is not: A of small order (with every encoding),
 * and R of small order. With A of small order anybody makes a signature for which the equation
 * holds: where k is a multiple of 8, [k]A is neutral and R = [S]B does it.
 */
static void check_small_order_key_is_refused(const char *hex)
{
    uint8_t key[32], sig[64] = {0}, k[32];
    hex_decode_to(hex, key, sizeof key);
    assert_int_equal(ed25519_check_public_key(key), NONOS_E_IDENTITY_KEY);
    sig[32] = 5;
    assert_int_equal(crypto_scalarmult_ed25519_base_noclamp(sig, sig + 32), 0);
    unsigned m = 0;
    do
        sodium_challenge(sig, key, &m, sizeof m, k);
    while (k[0] % 8 != 0 && ++m < 10000);
    assert_true(openssl_accepts(key, &m, sizeof m, sig));
    assert_false(ours_accepts(key, &m, sizeof m, sig));
    assert_false(sodium_accepts(key, &m, sizeof m, sig));
}

static void test_refuses_key_of_small_order(void **)
{
    for (size_t i = 0; i < SMALL_ORDER_CANONICAL_COUNT; i++)
        check_small_order_key_is_refused(SMALL_ORDER[i]);
}

static void test_refuses_key_of_small_order_in_another_encoding(void **)
{
    for (size_t i = SMALL_ORDER_CANONICAL_COUNT; i < SMALL_ORDER_COUNT; i++)
        check_small_order_key_is_refused(SMALL_ORDER[i]);
}

/* Every R of small order: [j]T with T of order 8, the key A + T, S = k a. The equation holds where
 * j + k is a multiple of 8; OpenSSL sees nothing wrong with that. */
static void test_refuses_r_of_small_order(void **)
{
    uint8_t seed[32], key[32], sig[64] = {1}, k[32], a[32], order_8[32];
    test_random(seed, sizeof seed);
    make_mixed_key(seed, key);
    sodium_secret_scalar(seed, a);
    hex_decode_to(ORDER_8, order_8, sizeof order_8);
    for (unsigned j = 0; j < 8; j++) {
        unsigned m = 0;
        do
            sodium_challenge(sig, key, &m, sizeof m, k);
        while ((k[0] + j) % 8 != 0 && ++m < 10000);
        crypto_core_ed25519_scalar_mul(sig + 32, k, a);
        assert_true(openssl_accepts(key, &m, sizeof m, sig));
        assert_false(ours_accepts(key, &m, sizeof m, sig));
        assert_false(sodium_accepts(key, &m, sizeof m, sig));
        assert_int_equal(crypto_core_ed25519_add(sig, sig, order_8), 0);
    }
}

/* R in another encoding: only for points of small order can one make such a signature at all,
 * S = k a for the neutral R. Nobody takes it who compares the encodings. */
static void test_refuses_r_not_canonical(void **)
{
    uint8_t seed[32], key[32], secret[64], sig[64], k[32], a[32];
    test_random(seed, sizeof seed);
    assert_int_equal(crypto_sign_seed_keypair(key, secret, seed), 0);
    sodium_secret_scalar(seed, a);
    for (size_t i = SMALL_ORDER_CANONICAL_COUNT; i < SMALL_ORDER_COUNT; i++) {
        hex_decode_to(SMALL_ORDER[i], sig, 32);
        sodium_challenge(sig, key, "m", 1, k);
        crypto_core_ed25519_scalar_mul(sig + 32, k, a);
        assert_false(ours_accepts(key, "m", 1, sig));
        assert_false(sodium_accepts(key, "m", 1, sig));
        assert_false(openssl_accepts(key, "m", 1, sig));
    }
}

/* y + p, for every y that has this second encoding (0 to 18), with both signs. No signature can be
 * made for these points (but those of small order above), so it is the key check that is asked. */
static void test_refuses_key_not_canonical(void **)
{
    size_t on_curve = 0;
    for (unsigned y = 0; y < 19; y++) {
        for (unsigned sign = 0; sign < 2; sign++) {
            uint8_t key[32], low[32] = {(uint8_t)y};
            memset(key, 0xFF, sizeof key);
            key[0] = (uint8_t)(0xED + y);
            key[31] = (uint8_t)(0x7F | sign << 7);
            low[31] = (uint8_t)(sign << 7);
            struct group_point point;
            on_curve += group_decode(&point, low);
            assert_false(group_decode(&point, key));
            assert_int_equal(ed25519_check_public_key(key), NONOS_E_IDENTITY_KEY);
        }
    }
    assert_true(on_curve > 4);
}

/* The equation without cofactor: a key A + T and an honest S are good where k is a multiple of 8
 * (then [k]T is neutral) and only there; a verifier with the cofactor would take them all. */
static void test_mixed_order_key_is_judged_without_cofactor(void **)
{
    uint8_t seed[32], nonce[32], key[32], sig[64], k[32], a[32];
    unsigned accepted = 0;
    test_random(seed, sizeof seed);
    make_mixed_key(seed, key);
    sodium_secret_scalar(seed, a);
    make_nonce(nonce, sig);
    for (unsigned m = 0; m < 256; m++) {
        sodium_challenge(sig, key, &m, sizeof m, k);
        crypto_core_ed25519_scalar_mul(sig + 32, k, a);
        crypto_core_ed25519_scalar_add(sig + 32, sig + 32, nonce);
        bool wanted = k[0] % 8 == 0;
        accepted += wanted;
        assert_int_equal(ours_accepts(key, &m, sizeof m, sig), wanted);
        assert_int_equal(sodium_accepts(key, &m, sizeof m, sig), wanted);
        assert_int_equal(openssl_accepts(key, &m, sizeof m, sig), wanted);
    }
    assert_true(accepted > 0);
}

/* The same with R + T and an honest key: [S]B = R, so it is never good. */
static void test_refuses_r_with_part_of_small_order(void **)
{
    uint8_t seed[32], nonce[32], key[32], secret[64], sig[64], k[32], a[32], order_8[32];
    test_random(seed, sizeof seed);
    assert_int_equal(crypto_sign_seed_keypair(key, secret, seed), 0);
    sodium_secret_scalar(seed, a);
    hex_decode_to(ORDER_8, order_8, sizeof order_8);
    make_nonce(nonce, sig);
    for (unsigned j = 0; j < 8; j++) {
        sodium_challenge(sig, key, "m", 1, k);
        crypto_core_ed25519_scalar_mul(sig + 32, k, a);
        crypto_core_ed25519_scalar_add(sig + 32, sig + 32, nonce);
        assert_int_equal(ours_accepts(key, "m", 1, sig), j == 0);
        assert_int_equal(sodium_accepts(key, "m", 1, sig), j == 0);
        assert_int_equal(openssl_accepts(key, "m", 1, sig), j == 0);
        assert_int_equal(crypto_core_ed25519_add(sig, sig, order_8), 0);
    }
}

static void test_key_check_refuses_mixed_order(void **)
{
    uint8_t seed[32], key[32], order_8[32];
    test_random(seed, sizeof seed);
    make_mixed_key(seed, key);
    hex_decode_to(ORDER_8, order_8, sizeof order_8);
    for (unsigned j = 1; j < 8; j++) {
        assert_int_equal(ed25519_check_public_key(key), NONOS_E_IDENTITY_KEY);
        assert_int_equal(crypto_core_ed25519_add(key, key, order_8), 0);
    }
    assert_int_equal(ed25519_check_public_key(key), NONOS_OK);
}

/* All bytes 0, and all bytes 255, in every combination of key, R and S. */
static void test_refuses_extreme_bytes(void **)
{
    for (unsigned i = 0; i < 8; i++) {
        uint8_t key[32], sig[64];
        memset(key, i & 1 ? 0xFF : 0, sizeof key);
        memset(sig, i & 2 ? 0xFF : 0, 32);
        memset(sig + 32, i & 4 ? 0xFF : 0, 32);
        assert_false(ours_accepts(key, "", 0, sig));
        assert_false(sodium_accepts(key, "", 0, sig));
    }
}

int main(void)
{
    if (sodium_init() < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refuses_s_plus_order),
        cmocka_unit_test(test_refuses_key_of_small_order),
        cmocka_unit_test(test_refuses_key_of_small_order_in_another_encoding),
        cmocka_unit_test(test_refuses_r_of_small_order),
        cmocka_unit_test(test_refuses_r_not_canonical),
        cmocka_unit_test(test_refuses_key_not_canonical),
        cmocka_unit_test(test_mixed_order_key_is_judged_without_cofactor),
        cmocka_unit_test(test_refuses_r_with_part_of_small_order),
        cmocka_unit_test(test_key_check_refuses_mixed_order),
        cmocka_unit_test(test_refuses_extreme_bytes),
    };
    return cmocka_run_group_tests_name("ed25519_strict", tests, nullptr, nullptr);
}
