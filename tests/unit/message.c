/*
 * Messages: what is signed, as bytes that can go to another machine, and nothing else.
 */
#include "tools/message.h"

#include "tests/support/image_builder.h"

#include <stdlib.h>

static const enum message_half halves[] = {MESSAGE_MLDSA65, MESSAGE_ED25519};
static const enum nonos_image_type types[] = {NONOS_IMAGE_KERNEL, NONOS_IMAGE_CAPSULE};

static void test_message_has_the_context_of_its_type_in_it(void **state)
{
    (void)state;
    uint8_t digest[NONOS_DIGEST_LEN];
    struct message message;
    memset(digest, 0xA5, sizeof(digest));
    message_make(MESSAGE_MLDSA65, NONOS_IMAGE_CAPSULE, digest, &message);
    assert_int_equal(message.len, 50);
    assert_memory_equal(message.bytes, "\0\x10NONOS-CAPSULE-v1", 18);
    assert_memory_equal(message.bytes + 18, digest, 32);
    message_make(MESSAGE_MLDSA65, NONOS_IMAGE_KERNEL, digest, &message);
    assert_int_equal(message.len, 49);
    assert_memory_equal(message.bytes, "\0\x0FNONOS-KERNEL-v1", 17);
    assert_memory_equal(message.bytes + 17, digest, 32);
    message_make(MESSAGE_ED25519, NONOS_IMAGE_KERNEL, digest, &message);
    assert_int_equal(message.len, 48);
    assert_memory_equal(message.bytes, "NONOS-KERNEL-v1", 16);
    assert_memory_equal(message.bytes + 16, digest, 32);
}

static void test_message_is_read_as_what_was_made(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        uint8_t digest[NONOS_DIGEST_LEN];
        struct message made, read;
        test_random(digest, sizeof(digest));
        message_make(halves[i / 2], types[i % 2], digest, &made);
        assert_int_equal(message_read(made.bytes, made.len, &read), NONOS_OK);
        assert_int_equal(read.half, made.half);
        assert_int_equal(read.type, made.type);
        assert_int_equal(read.len, made.len);
        assert_memory_equal(read.bytes, made.bytes, sizeof(made.bytes));
        assert_memory_equal(read.digest, digest, sizeof(digest));
    }
}

/* Every length from none to two, and every bit of what is not the digest. */
static void test_message_refuses_all_others(void **state)
{
    (void)state;
    static const struct message none;
    for (size_t i = 0; i < 4; i++) {
        uint8_t digest[NONOS_DIGEST_LEN], bytes[2 * MESSAGE_MAX_LEN] = {0};
        struct message made, read;
        test_random(digest, sizeof(digest));
        message_make(halves[i / 2], types[i % 2], digest, &made);
        memcpy(bytes, made.bytes, made.len);
        for (size_t len = 0; len <= sizeof(bytes); len++) {
            if (len == made.len)
                continue;
            uint8_t *exact = malloc(len + 1);
            assert_non_null(exact);
            memcpy(exact, bytes, len);
            assert_int_equal(message_read(exact, len, &read), NONOS_E_MESSAGE);
            assert_memory_equal(&read, &none, sizeof(read));
            free(exact);
        }
        for (size_t bit = 0; bit < 8 * (made.len - NONOS_DIGEST_LEN); bit++) {
            bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
            assert_int_equal(message_read(bytes, made.len, &read), NONOS_E_MESSAGE);
            bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        }
    }
}

static void test_message_of_a_bundle_is_none(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        uint8_t digest[NONOS_DIGEST_LEN] = {1};
        struct message made, read;
        message_make(halves[i], NONOS_IMAGE_BUNDLE, digest, &made);
        assert_int_equal(message_read(made.bytes, made.len, &read), NONOS_E_MESSAGE);
    }
}

static struct identity identity_of(const struct signing_key *key)
{
    struct identity identity;
    assert_int_equal(key_identity(key, "a", 7, NONOS_PROFILE_RELEASE, &identity), NONOS_OK);
    return identity;
}

static void test_message_signature_holds_for_that_message_and_key_alone(void **state)
{
    (void)state;
    struct signing_key key = built_key(0x42), other = built_key(0x43);
    struct identity signer = identity_of(&key), stranger = identity_of(&other);
    for (size_t i = 0; i < 4; i++) {
        uint8_t digest[NONOS_DIGEST_LEN] = {7}, signature[NONOS_PQSIG_LEN] = {0};
        struct message message, wrong;
        message_make(halves[i / 2], types[i % 2], digest, &message);
        assert_int_equal(message_sign(&message, &key, signature), NONOS_OK);
        assert_int_equal(message_verify(&message, &signer, signature), NONOS_OK);
        assert_int_equal(message_verify(&message, &stranger, signature), NONOS_E_SIGNATURE);
        message_make(halves[i / 2], types[1 - i % 2], digest, &wrong);
        assert_int_equal(message_verify(&wrong, &signer, signature), NONOS_E_SIGNATURE);
        digest[31] ^= 1;
        message_make(halves[i / 2], types[i % 2], digest, &wrong);
        assert_int_equal(message_verify(&wrong, &signer, signature), NONOS_E_SIGNATURE);
        signature[message_signature_len(message.half) - 1] ^= 1;
        assert_int_equal(message_verify(&message, &signer, signature), NONOS_E_SIGNATURE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_message_has_the_context_of_its_type_in_it),
        cmocka_unit_test(test_message_is_read_as_what_was_made),
        cmocka_unit_test(test_message_refuses_all_others),
        cmocka_unit_test(test_message_of_a_bundle_is_none),
        cmocka_unit_test(test_message_signature_holds_for_that_message_and_key_alone),
    };
    return cmocka_run_group_tests_name("message", tests, nullptr, nullptr);
}
