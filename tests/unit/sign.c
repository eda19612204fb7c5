/*
 * Signing: deterministic, checked by others, and never a change to what cannot be signed.
 */
#include "tools/sign.h"

#include "image/verify.h"
#include "tests/support/image_builder.h"

#include <openssl/evp.h>

static void test_sign_gives_the_same_bytes_each_time(void **state)
{
    (void)state;
    struct file_bytes image = built_kernel(BUILT_KERNEL_DEV);
    struct signing_key key = built_key(0x42);
    struct identity signer;
    assert_int_equal(sign_image(image.bytes, image.len, &key, &signer), NONOS_OK);
    struct file_bytes first = built_copy(image);
    assert_int_equal(sign_image(image.bytes, image.len, &key, &signer), NONOS_OK);
    assert_memory_equal(first.bytes, image.bytes, image.len);
    /* Signing over another key's signatures gives the same as signing an unsigned image. */
    struct signing_key other = built_key(0x43);
    assert_int_equal(sign_image(image.bytes, image.len, &other, &signer), NONOS_OK);
    assert_memory_not_equal(first.bytes, image.bytes, image.len);
    assert_int_equal(sign_image(image.bytes, image.len, &key, &signer), NONOS_OK);
    assert_memory_equal(first.bytes, image.bytes, image.len);
    file_free(&first);
    file_free(&image);
}

/* libsodium signs, crypto/ signs: the same bytes, so the same scheme. */
static void test_sign_agrees_with_our_own_signer(void **state)
{
    (void)state;
    struct file_bytes image = built_kernel(BUILT_KERNEL_DEV);
    struct signing_key key = built_key(0x42);
    struct identity signer;
    assert_int_equal(sign_image(image.bytes, image.len, &key, &signer), NONOS_OK);
    struct file_bytes ours = built_copy(image);
    memset(ours.bytes + ours.len - NONOS_TRAILER_LEN, 0, NONOS_TRAILER_LEN);
    built_sign(ours, NONOS_IMAGE_KERNEL, 0x42);
    assert_memory_equal(ours.bytes, image.bytes, image.len);
    file_free(&ours);
    file_free(&image);
}

static void test_sign_makes_an_ed25519_signature_that_openssl_verifies(void **state)
{
    (void)state;
    struct file_bytes image = built_kernel(BUILT_KERNEL_DEV);
    struct signing_key key = built_key(0x42);
    struct identity signer;
    assert_int_equal(sign_image(image.bytes, image.len, &key, &signer), NONOS_OK);
    uint8_t d0[32], d1[32], message[48] = "NONOS-KERNEL-v1";
    image_digest(image.bytes, image.len, d0, d1);
    memcpy(message + 16, d1, 32);
    EVP_PKEY *public_key =
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, signer.ed25519, 32);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    assert_int_equal(EVP_DigestVerifyInit(context, nullptr, nullptr, nullptr, public_key), 1);
    assert_int_equal(EVP_DigestVerify(context, image.bytes + image.len - 64, 64, message, 48), 1);
    message[47] ^= 1;
    assert_int_equal(EVP_DigestVerify(context, image.bytes + image.len - 64, 64, message, 48), 0);
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(public_key);
    file_free(&image);
}

static void test_sign_signs_capsules_with_their_own_context(void **state)
{
    (void)state;
    struct file_bytes image = built_capsule(BUILT_CAPSULE_DEV);
    struct signing_key key = built_key(0x42);
    struct identity signer;
    assert_int_equal(sign_image(image.bytes, image.len, &key, &signer), NONOS_OK);
    assert_int_equal(signer.roles, NONOS_IMAGE_CAPSULE);
    struct image_policy policy = {
        .wanted = NONOS_IMAGE_CAPSULE, .trusted = &signer, .trusted_count = 1, .allow_dev = true};
    struct image_verdict verdict;
    assert_int_equal(image_verify(image.bytes, image.len, &policy, nullptr, nullptr, &verdict),
                     NONOS_OK);
    file_free(&image);
}

static void assert_not_signed(struct file_bytes image, enum nonos_error expected)
{
    struct file_bytes before = built_copy(image);
    struct signing_key key = built_key(0x42);
    struct identity signer;
    assert_int_equal(sign_image(image.bytes, image.len, &key, &signer), expected);
    assert_memory_equal(before.bytes, image.bytes, image.len);
    assert_memory_equal(&signer, &(struct identity){0}, sizeof(signer));
    file_free(&before);
    file_free(&image);
}

static void test_sign_refuses_what_would_not_verify(void **state)
{
    (void)state;
    struct file_bytes image = built_kernel(BUILT_KERNEL_DEV);
    store_le32(built_program_header(image, BUILT_X) + 4, 7);
    assert_not_signed(image, NONOS_E_SEGMENT_WX);
    image = built_kernel(BUILT_MANIFEST_TEXT(BUILT_HEAD("kernel", "1", "other", "dev"), ""));
    assert_not_signed(image, NONOS_E_POLICY_TARGET);
    image = built_kernel(
        BUILT_MANIFEST_TEXT(BUILT_HEAD("kernel", "1", NONOS_TARGET, "dev"), "grant=log:write\n"));
    assert_not_signed(image, NONOS_E_POLICY_GRANT);
    image = built_kernel(BUILT_KERNEL_DEV);
    image.len -= 1;
    assert_not_signed(image, NONOS_E_SECTION_TABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sign_gives_the_same_bytes_each_time),
        cmocka_unit_test(test_sign_agrees_with_our_own_signer),
        cmocka_unit_test(test_sign_makes_an_ed25519_signature_that_openssl_verifies),
        cmocka_unit_test(test_sign_signs_capsules_with_their_own_context),
        cmocka_unit_test(test_sign_refuses_what_would_not_verify),
    };
    return cmocka_run_group_tests_name("sign", tests, nullptr, nullptr);
}
