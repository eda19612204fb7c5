/*
 * An image under Ed25519 signatures that some verifier takes: S with the order added, R of small or
 * mixed order, R in another encoding, keys of small and of mixed order. The ML-DSA-65 signature is
 * right in all of them, so that nothing else is there to refuse the image.
 *
 * The signatures are made with libsodium's arithmetic.
 */
#include "tests/support/ed25519_small_order.h"
#include "tests/support/verifying.h"

#include <sodium.h>

static struct file_bytes image;
static uint8_t message[IMAGE_ED25519_MESSAGE_LEN];
static uint8_t *sig;
static uint8_t secret[32]; /* alice's scalar, modulo L */

static int make_image(void **state)
{
    uint8_t d0[NONOS_DIGEST_LEN], d1[NONOS_DIGEST_LEN], hash[64];
    struct signing_key key = built_key(1);
    if (sodium_init() < 0 || make_identities(state) != 0)
        return -1;
    image = signed_kernel(BUILT_KERNEL_RELEASE, 1);
    sig = image.bytes + image.len - NONOS_SIG_LEN;
    image_digest(image.bytes, image.len, d0, d1);
    image_ed25519_message(NONOS_IMAGE_KERNEL, d1, message);
    crypto_hash_sha512(hash, key.seed, 32);
    hash[0] &= 0xF8;
    hash[31] = (uint8_t)((hash[31] & 0x7F) | 0x40);
    memset(hash + 32, 0, 32);
    crypto_core_ed25519_scalar_reduce(secret, hash);
    return 0;
}

static int free_image(void **)
{
    file_free(&image);
    return 0;
}

/* k = SHA-512(R || A || M) mod L. */
static void challenge(const uint8_t key[32], uint8_t k[32])
{
    uint8_t hash[64];
    crypto_hash_sha512_state state;
    crypto_hash_sha512_init(&state);
    crypto_hash_sha512_update(&state, sig, 32);
    crypto_hash_sha512_update(&state, key, 32);
    crypto_hash_sha512_update(&state, message, sizeof(message));
    crypto_hash_sha512_final(&state, hash);
    crypto_core_ed25519_scalar_reduce(k, hash);
}

/* S = nonce + k a, for the R that is there. */
static void complete(const uint8_t key[32], const uint8_t nonce[32])
{
    uint8_t k[32], product[32];
    challenge(key, k);
    crypto_core_ed25519_scalar_mul(product, k, secret);
    crypto_core_ed25519_scalar_add(sig + 32, product, nonce);
}

static void check(const struct identity *identity, enum nonos_error expected)
{
    struct image_policy policy = trust(identity, 1);
    assert_int_equal(verify(image, &policy), expected);
}

static void make_nonce(uint8_t nonce[32])
{
    uint8_t wide[64];
    test_random(wide, sizeof(wide));
    crypto_core_ed25519_scalar_reduce(nonce, wide);
    assert_int_equal(crypto_scalarmult_ed25519_base_noclamp(sig, nonce), 0);
}

static void test_refuses_s_plus_the_order(void **)
{
    static const uint8_t order[32] = {0xED, 0xD3, 0xF5, 0x5C, 0x1A, 0x63, 0x12, 0x58,       0xD6,
                                      0x9C, 0xF7, 0xA2, 0xDE, 0xF9, 0xDE, 0x14, [31] = 0x10};
    built_sign_ed25519(image, NONOS_IMAGE_KERNEL, 1);
    check(&alice, NONOS_OK);
    unsigned carry = 0;
    for (unsigned i = 0; i < 32; i++) {
        carry += (unsigned)sig[32 + i] + order[i];
        sig[32 + i] = (uint8_t)carry;
        carry >>= 8;
    }
    assert_int_equal(carry, 0);
    check(&alice, NONOS_E_ED25519);
}

/* R + [j]T, T of order 8: for j = 0 an honest signature, which shows that the others are made
 * right. */
static void test_refuses_r_of_mixed_order(void **)
{
    uint8_t nonce[32], order_8[32];
    hex_decode_to(ORDER_8, order_8, sizeof(order_8));
    make_nonce(nonce);
    for (unsigned j = 0; j < 8; j++) {
        complete(alice.ed25519, nonce);
        check(&alice, j == 0 ? NONOS_OK : NONOS_E_ED25519);
        assert_int_equal(crypto_core_ed25519_add(sig, sig, order_8), 0);
    }
}

/* R of small order and S = k a: for the neutral R the equation holds. */
static void test_refuses_r_of_small_order_in_every_encoding(void **)
{
    static const uint8_t zero[32];
    for (size_t i = 0; i < SMALL_ORDER_COUNT; i++) {
        hex_decode_to(SMALL_ORDER[i], sig, 32);
        complete(alice.ed25519, zero);
        check(&alice, NONOS_E_ED25519);
    }
}

/* A of small order: where k is a multiple of 8, R = [S]B is a signature that anybody can make. */
static void test_refuses_a_key_of_small_order_in_every_encoding(void **)
{
    for (size_t i = 0; i < SMALL_ORDER_COUNT; i++) {
        struct identity identity = alice;
        uint8_t k[32] = {1};
        hex_decode_to(SMALL_ORDER[i], identity.ed25519, 32);
        for (unsigned n = 0; k[0] % 8 != 0 && n < 10000; n++) {
            uint8_t s[32];
            make_nonce(s);
            memcpy(sig + 32, s, sizeof(s));
            challenge(identity.ed25519, k);
        }
        assert_int_equal(k[0] % 8, 0);
        check(&identity, NONOS_E_ED25519);
        identity_compute_id(identity.ed25519, identity.mldsa65, identity.id);
        assert_int_equal(identity_check(&identity), NONOS_E_IDENTITY_KEY);
    }
}

/* A of mixed order never gets as far as the verifier: no identity may have such a key. */
static void test_no_identity_has_a_key_of_mixed_order(void **)
{
    uint8_t order_8[32];
    struct identity identity = alice;
    hex_decode_to(ORDER_8, order_8, sizeof(order_8));
    for (unsigned j = 0; j < 8; j++) {
        identity_compute_id(identity.ed25519, identity.mldsa65, identity.id);
        assert_int_equal(identity_check(&identity), j == 0 ? NONOS_OK : NONOS_E_IDENTITY_KEY);
        assert_int_equal(crypto_core_ed25519_add(identity.ed25519, identity.ed25519, order_8), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refuses_s_plus_the_order),
        cmocka_unit_test(test_refuses_r_of_mixed_order),
        cmocka_unit_test(test_refuses_r_of_small_order_in_every_encoding),
        cmocka_unit_test(test_refuses_a_key_of_small_order_in_every_encoding),
        cmocka_unit_test(test_no_identity_has_a_key_of_mixed_order),
    };
    return cmocka_run_group_tests_name("verify_ed25519", tests, make_image, free_image);
}
