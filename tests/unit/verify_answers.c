/*
 * The verdict when the signature check misbehaves: this program has a mldsa65_verify of its own,
 * which the linker takes instead of the real one, and which answers what a test tells it to.
 */
#include "image/verify.h"

#include "tests/support/image_builder.h"

static crypto_verdict answers[2];
static unsigned call_count;

crypto_verdict mldsa65_verify(const uint8_t public_key[MLDSA65_PUBLIC_KEY_LEN], const void *message,
                              size_t len, const void *context, size_t context_len,
                              const uint8_t signature[MLDSA65_SIGNATURE_LEN])
{
    (void)public_key;
    (void)signature;
    assert_int_equal(len, NONOS_DIGEST_LEN);
    assert_non_null(message);
    assert_int_equal(context_len, strlen(NONOS_CONTEXT_KERNEL));
    assert_memory_equal(context, NONOS_CONTEXT_KERNEL, context_len);
    return answers[call_count++ % 2];
}

static struct file_bytes image;
static struct identity alice;

static int make_image(void **state)
{
    (void)state;
    alice = built_identity(1, "alice", (uint32_t)NONOS_IMAGE_KERNEL, NONOS_PROFILE_RELEASE);
    image = built_kernel(BUILT_KERNEL_RELEASE);
    built_sign_ed25519(image, NONOS_IMAGE_KERNEL, 1);
    return 0;
}

static int free_image(void **state)
{
    (void)state;
    file_free(&image);
    return 0;
}

static enum nonos_error verify(crypto_verdict first, crypto_verdict second)
{
    struct image_policy policy = {
        .wanted = NONOS_IMAGE_KERNEL,
        .trusted = &alice,
        .trusted_count = 1,
        .security_version_floor = 1,
    };
    struct image_verdict verdict;
    answers[0] = first;
    answers[1] = second;
    call_count = 0;
    enum nonos_error error =
        image_verify(image.bytes, image.len, &policy, nullptr, nullptr, &verdict);
    assert_int_equal(call_count, 2);
    assert_int_equal(image_is_verified(&verdict), error == NONOS_OK);
    return error;
}

static void test_verify_asks_mldsa65_twice(void **state)
{
    (void)state;
    assert_int_equal(verify(CRYPTO_VALID, CRYPTO_VALID), NONOS_OK);
    assert_int_equal(verify(CRYPTO_INVALID, CRYPTO_INVALID), NONOS_E_MLDSA65);
}

static void test_verify_rejects_answers_that_disagree(void **state)
{
    (void)state;
    assert_int_equal(verify(CRYPTO_VALID, CRYPTO_INVALID), NONOS_E_DISAGREE);
    assert_int_equal(verify(CRYPTO_INVALID, CRYPTO_VALID), NONOS_E_DISAGREE);
    assert_int_equal(verify(CRYPTO_VALID, 0), NONOS_E_DISAGREE);
}

static void test_verify_takes_no_other_answer_for_valid(void **state)
{
    (void)state;
    static const crypto_verdict others[] = {0, 1, UINT32_MAX, 0x80000000u, IMAGE_VERIFIED};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_int_equal(verify(others[i], others[i]), NONOS_E_MLDSA65);
    for (unsigned bit = 0; bit < 32; bit++) {
        crypto_verdict near = CRYPTO_VALID ^ (UINT32_C(1) << bit);
        assert_int_equal(verify(near, near), NONOS_E_MLDSA65);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verify_asks_mldsa65_twice),
        cmocka_unit_test(test_verify_rejects_answers_that_disagree),
        cmocka_unit_test(test_verify_takes_no_other_answer_for_valid),
    };
    return cmocka_run_group_tests_name("verify_answers", tests, make_image, free_image);
}
