/*
 * An image that gets its signatures one after the other: the same bytes, or not one changed.
 */
#include "tools/offline.h"

#include "tests/support/image_builder.h"
#include "tools/sign.h"

struct signers {
    struct identity trusted[2];
    struct identity revoked[1];
    struct trust trust;
};

static struct identity identity_of(uint8_t fill, uint32_t roles, enum nonos_profile profile)
{
    struct signing_key key = built_key(fill);
    struct identity identity;
    assert_int_equal(key_identity(&key, "a", roles, profile, &identity), NONOS_OK);
    return identity;
}

static void set_up(struct signers *signers, struct identity identity)
{
    *signers = (struct signers){.trusted = {identity}};
    signers->trust.trusted = (struct trust_list){signers->trusted, 1};
}

static void sign_next(struct file_bytes image, enum nonos_image_type type, uint8_t fill,
                      struct message *message, uint8_t *signature)
{
    struct signing_key key = built_key(fill);
    assert_int_equal(offline_next(image.bytes, image.len, type, message), NONOS_OK);
    assert_int_equal(message_sign(message, &key, signature), NONOS_OK);
}

static enum nonos_error attach(struct file_bytes image, enum message_half half,
                               const uint8_t *signature, const struct signers *signers)
{
    struct structure structure;
    const struct identity *signer = nullptr;
    struct file_bytes before = built_copy(image);
    assert_int_equal(structure_read(image.bytes, image.len, &structure), NONOS_OK);
    enum nonos_error error = offline_attach(image.bytes, image.len, &structure.manifest, half,
                                            signature, &signers->trust, &signer);
    if (error != NONOS_OK) {
        assert_null(signer);
        assert_memory_equal(before.bytes, image.bytes, image.len);
    } else {
        assert_non_null(signer);
    }
    file_free(&before);
    return error;
}

static void check_same_bytes(struct file_bytes image, enum nonos_image_type type)
{
    struct signing_key key = built_key(0x42);
    struct identity signer;
    struct signers signers;
    struct message message;
    uint8_t signature[NONOS_PQSIG_LEN];
    struct file_bytes direct = built_copy(image);
    assert_int_equal(sign_image(direct.bytes, direct.len, &key, &signer), NONOS_OK);
    set_up(&signers, signer);
    sign_next(image, type, 0x42, &message, signature);
    assert_int_equal(message.half, MESSAGE_MLDSA65);
    assert_int_equal(attach(image, MESSAGE_MLDSA65, signature, &signers), NONOS_OK);
    sign_next(image, type, 0x42, &message, signature);
    assert_int_equal(message.half, MESSAGE_ED25519);
    assert_int_equal(attach(image, MESSAGE_ED25519, signature, &signers), NONOS_OK);
    assert_memory_equal(direct.bytes, image.bytes, image.len);
    assert_int_equal(offline_next(image.bytes, image.len, type, &message), NONOS_E_SIGNED);
    assert_int_equal(message.len, 0);
    file_free(&direct);
    file_free(&image);
}

static void test_offline_gives_the_bytes_of_direct_signing(void **state)
{
    (void)state;
    check_same_bytes(built_kernel(BUILT_KERNEL_DEV), NONOS_IMAGE_KERNEL);
    check_same_bytes(built_kernel(BUILT_KERNEL_RELEASE), NONOS_IMAGE_KERNEL);
    check_same_bytes(built_capsule(BUILT_CAPSULE_DEV), NONOS_IMAGE_CAPSULE);
}

static void test_offline_takes_the_halves_in_their_order(void **state)
{
    (void)state;
    struct file_bytes image = built_kernel(BUILT_KERNEL_DEV);
    struct signers signers;
    struct message message;
    uint8_t signature[NONOS_PQSIG_LEN];
    set_up(&signers, identity_of(0x42, 1, NONOS_PROFILE_DEV));
    sign_next(image, NONOS_IMAGE_KERNEL, 0x42, &message, signature);
    assert_int_equal(attach(image, MESSAGE_ED25519, signature, &signers), NONOS_E_UNSIGNED);
    assert_int_equal(attach(image, MESSAGE_MLDSA65, signature, &signers), NONOS_OK);
    assert_int_equal(attach(image, MESSAGE_MLDSA65, signature, &signers), NONOS_E_SIGNED);
    image.bytes[image.len - 1] = 1;
    assert_int_equal(attach(image, MESSAGE_ED25519, signature, &signers), NONOS_E_SIGNED);
    file_free(&image);
}

static void test_offline_needs_a_signer_of_that_role_and_profile(void **state)
{
    (void)state;
    struct file_bytes image = built_kernel(BUILT_KERNEL_DEV);
    struct signers signers;
    struct message message;
    uint8_t signature[NONOS_PQSIG_LEN];
    sign_next(image, NONOS_IMAGE_KERNEL, 0x42, &message, signature);
    const struct identity wrong[] = {identity_of(0x42, 2, NONOS_PROFILE_DEV),
                                     identity_of(0x42, 7, NONOS_PROFILE_RELEASE),
                                     identity_of(0x43, 7, NONOS_PROFILE_DEV)};
    for (size_t i = 0; i < 3; i++) {
        set_up(&signers, wrong[i]);
        assert_int_equal(attach(image, MESSAGE_MLDSA65, signature, &signers), NONOS_E_SIGNATURE);
    }
    signers.trusted[1] = identity_of(0x42, 1, NONOS_PROFILE_DEV);
    signers.trust.trusted.count = 2;
    signers.revoked[0] = identity_of(0x42, 2, NONOS_PROFILE_RELEASE);
    signers.trust.revoked = (struct trust_list){signers.revoked, 1};
    assert_int_equal(attach(image, MESSAGE_MLDSA65, signature, &signers), NONOS_E_REVOKED);
    signers.trust.revoked.count = 0;
    assert_int_equal(attach(image, MESSAGE_MLDSA65, signature, &signers), NONOS_OK);
    file_free(&image);
}

/* Both halves hold, each by another one. */
static void test_offline_needs_one_signer_for_both(void **state)
{
    (void)state;
    struct file_bytes image = built_kernel(BUILT_KERNEL_DEV);
    struct signers signers;
    struct message message;
    uint8_t signature[NONOS_PQSIG_LEN];
    set_up(&signers, identity_of(0x42, 1, NONOS_PROFILE_DEV));
    signers.trusted[1] = identity_of(0x43, 1, NONOS_PROFILE_DEV);
    signers.trust.trusted.count = 2;
    sign_next(image, NONOS_IMAGE_KERNEL, 0x42, &message, signature);
    assert_int_equal(attach(image, MESSAGE_MLDSA65, signature, &signers), NONOS_OK);
    sign_next(image, NONOS_IMAGE_KERNEL, 0x43, &message, signature);
    assert_int_equal(attach(image, MESSAGE_ED25519, signature, &signers), NONOS_E_MLDSA65);
    file_free(&image);
}

/* What direct signing refuses, the last half does not complete. */
static void test_offline_completes_nothing_that_would_not_verify(void **state)
{
    (void)state;
    struct file_bytes image =
        built_kernel(BUILT_MANIFEST_TEXT(BUILT_HEAD("kernel", "1", "other", "dev"), ""));
    struct signers signers;
    struct message message;
    uint8_t signature[NONOS_PQSIG_LEN];
    set_up(&signers, identity_of(0x42, 1, NONOS_PROFILE_DEV));
    sign_next(image, NONOS_IMAGE_KERNEL, 0x42, &message, signature);
    assert_int_equal(attach(image, MESSAGE_MLDSA65, signature, &signers), NONOS_OK);
    sign_next(image, NONOS_IMAGE_KERNEL, 0x42, &message, signature);
    assert_int_equal(attach(image, MESSAGE_ED25519, signature, &signers), NONOS_E_POLICY_TARGET);
    file_free(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_offline_gives_the_bytes_of_direct_signing),
        cmocka_unit_test(test_offline_takes_the_halves_in_their_order),
        cmocka_unit_test(test_offline_needs_a_signer_of_that_role_and_profile),
        cmocka_unit_test(test_offline_needs_one_signer_for_both),
        cmocka_unit_test(test_offline_completes_nothing_that_would_not_verify),
    };
    return cmocka_run_group_tests_name("offline", tests, nullptr, nullptr);
}
