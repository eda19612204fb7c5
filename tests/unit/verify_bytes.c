/*
 * The verdict on files that differ from a verified one: by one bit, by their end, by their body.
 */
#include "tests/support/verifying.h"

static void test_verify_rejects_any_changed_byte(void **state)
{
    (void)state;
    struct image_policy policy = trust(&alice, 1);
    struct file_bytes image = signed_kernel(BUILT_KERNEL_RELEASE, 1);
    size_t count = 0;
    for (size_t at = 0; at < image.len; at += 1 + test_random_below(24)) {
        uint8_t bit = (uint8_t)(1u << test_random_below(8));
        image.bytes[at] ^= bit;
        assert_int_equal(verify(image, &policy), NONOS_E_ED25519);
        image.bytes[at] ^= bit;
        count++;
    }
    assert_true(count > 500);
    for (size_t bit = 0; bit < 8 * NONOS_SIG_LEN; bit++) {
        uint8_t *at = image.bytes + image.len - NONOS_SIG_LEN + bit / 8;
        *at ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(verify(image, &policy), NONOS_E_ED25519);
        *at ^= (uint8_t)(1u << bit % 8);
    }
    assert_int_equal(verify(image, &policy), NONOS_OK);
    file_free(&image);
}

/* Someone who has broken Ed25519 signs again: the other signature still holds the body. */
static void test_verify_rejects_a_changed_body_under_a_forged_ed25519(void **state)
{
    (void)state;
    struct image_policy policy = trust(&alice, 1);
    struct file_bytes image = signed_kernel(BUILT_KERNEL_RELEASE, 1);
    for (size_t at = 0; at < image.len - NONOS_SIG_LEN; at += 1 + test_random_below(1000)) {
        image.bytes[at] ^= 4;
        built_sign_ed25519(image, NONOS_IMAGE_KERNEL, 1);
        assert_int_equal(verify(image, &policy), NONOS_E_MLDSA65);
        image.bytes[at] ^= 4;
    }
    file_free(&image);
}

static void test_verify_rejects_truncation_and_appended_bytes(void **state)
{
    (void)state;
    struct image_policy policy = trust(&alice, 1);
    struct file_bytes image = signed_kernel(BUILT_KERNEL_RELEASE, 1);
    for (size_t len = 4096; len < image.len; len += 1 + test_random_below(100)) {
        struct file_bytes cut = built_copy((struct file_bytes){image.bytes, len});
        assert_int_not_equal(verify(cut, &policy), NONOS_OK);
        free(cut.bytes);
    }
    uint8_t *grown = calloc(1, image.len + 64);
    assert_non_null(grown);
    memcpy(grown, image.bytes, image.len);
    for (size_t more = 1; more <= 64; more++)
        assert_int_not_equal(verify((struct file_bytes){grown, image.len + more}, &policy),
                             NONOS_OK);
    free(grown);
    file_free(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verify_rejects_any_changed_byte),
        cmocka_unit_test(test_verify_rejects_a_changed_body_under_a_forged_ed25519),
        cmocka_unit_test(test_verify_rejects_truncation_and_appended_bytes),
    };
    return cmocka_run_group_tests_name("verify_bytes", tests, make_identities, nullptr);
}
