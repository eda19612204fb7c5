/*
 * The verdict: signatures, identities and policy. The structure's rules are in elf.c.
 */
#include "image/verify.h"

#include "tests/support/verifying.h"

static void observe(void *context, enum image_step step, const struct image_verdict *so_far)
{
    char *steps = context;
    assert_false(image_is_verified(so_far));
    steps[strlen(steps)] = (char)('0' + (int)step);
}

static void test_verify_accepts_a_signed_kernel(void **state)
{
    (void)state;
    struct file_bytes image = signed_kernel(BUILT_KERNEL_RELEASE, 1);
    struct image_policy policy = trust(&alice, 1);
    char steps[8] = {0};
    assert_int_equal(image_verify(image.bytes, image.len, &policy, observe, steps, &verdict),
                     NONOS_OK);
    assert_string_equal(steps, "0123");
    assert_int_equal(verdict.value, IMAGE_VERIFIED);
    assert_int_equal(verdict.complement, ~IMAGE_VERIFIED);
    assert_true(image_is_verified(&verdict));
    assert_ptr_equal(verdict.signer, &alice);
    assert_int_equal(verdict.elf.segment_count, 3);
    assert_int_equal(verdict.manifest.security_version, 3);
    uint8_t d0[32], d1[32];
    image_digest(image.bytes, image.len, d0, d1);
    assert_memory_equal(verdict.d0, d0, 32);
    assert_memory_equal(verdict.d1, d1, 32);
    file_free(&image);
}

static void test_verify_accepts_any_trusted_signer(void **state)
{
    (void)state;
    struct identity both[] = {bob, carol, alice};
    struct image_policy policy = trust(both, 3);
    struct file_bytes image = signed_kernel(BUILT_KERNEL_RELEASE, 1);
    assert_int_equal(verify(image, &policy), NONOS_OK);
    assert_ptr_equal(verdict.signer, &both[2]);
    file_free(&image);
}

static void test_verify_accepts_a_capsule_as_one(void **state)
{
    (void)state;
    struct identity both[] = {bob, alice};
    struct image_policy policy = trust(both, 2);
    policy.wanted = NONOS_IMAGE_CAPSULE;
    policy.allow_dev = true;
    struct file_bytes image = built_capsule(BUILT_CAPSULE_DEV);
    built_sign(image, NONOS_IMAGE_CAPSULE, 2);
    assert_int_equal(verify(image, &policy), NONOS_OK);
    policy.wanted = NONOS_IMAGE_KERNEL;
    assert_refused(image, &policy, NONOS_E_ED25519);
}

/* A verdict that was only partly written, or never. */
static void test_verify_takes_only_a_whole_verdict(void **state)
{
    (void)state;
    struct image_verdict partial = {0};
    assert_false(image_is_verified(&partial));
    partial.value = IMAGE_VERIFIED;
    assert_false(image_is_verified(&partial));
    partial.complement = ~IMAGE_VERIFIED;
    assert_true(image_is_verified(&partial));
    partial.error = NONOS_E_REVOKED;
    assert_false(image_is_verified(&partial));
    assert_in_range(__builtin_popcount(IMAGE_VERIFIED), 12, 20);
}

static void test_verify_rejects_a_file_of_the_wrong_length(void **state)
{
    (void)state;
    struct image_policy policy = trust(&alice, 1);
    size_t longest = NONOS_IMAGE_MAX_LEN;
    struct file_bytes file = {calloc(1, longest + 1), longest + 1};
    assert_non_null(file.bytes);
    assert_int_equal(verify((struct file_bytes){file.bytes, 0}, &policy), NONOS_E_IMAGE_SHORT);
    assert_int_equal(verify((struct file_bytes){file.bytes, 4095}, &policy), NONOS_E_IMAGE_SHORT);
    assert_int_equal(verify((struct file_bytes){file.bytes, 4096}, &policy), NONOS_E_UNSIGNED);
    assert_refused(file, &policy, NONOS_E_IMAGE_LONG);
}

static void test_verify_rejects_a_signer_it_does_not_know(void **state)
{
    (void)state;
    struct image_policy policy = trust(&bob, 1);
    assert_refused(signed_kernel(BUILT_KERNEL_RELEASE, 1), &policy, NONOS_E_ED25519);
    assert_null(verdict.signer);
}

static void test_verify_rejects_where_nobody_has_the_role(void **state)
{
    (void)state;
    struct image_policy nobody = trust(nullptr, 0);
    assert_refused(signed_kernel(BUILT_KERNEL_RELEASE, 1), &nobody, NONOS_E_NO_IDENTITY);
    struct image_policy policy = trust(&carol, 1);
    assert_refused(signed_kernel(BUILT_KERNEL_RELEASE, 3), &policy, NONOS_E_NO_IDENTITY);
}

/* Carol may sign capsules; her kernel is nobody's, even with the context of a kernel. */
static void test_verify_rejects_a_signer_without_the_role(void **state)
{
    (void)state;
    struct identity both[] = {carol, alice};
    struct image_policy policy = trust(both, 2);
    assert_refused(signed_kernel(BUILT_KERNEL_RELEASE, 3), &policy, NONOS_E_ED25519);
}

static void test_verify_rejects_signatures_for_another_type(void **state)
{
    (void)state;
    struct image_policy policy = trust(&alice, 1);
    struct file_bytes image = built_kernel(BUILT_KERNEL_RELEASE);
    built_sign(image, NONOS_IMAGE_CAPSULE, 1);
    assert_int_equal(verify(image, &policy), NONOS_E_ED25519);
    /* ML-DSA's context alone is wrong. */
    built_sign_ed25519(image, NONOS_IMAGE_KERNEL, 1);
    assert_refused(image, &policy, NONOS_E_MLDSA65);
}

static void test_verify_tells_unsigned_from_badly_signed(void **state)
{
    (void)state;
    struct image_policy policy = trust(&alice, 1);
    struct file_bytes image = built_kernel(BUILT_KERNEL_RELEASE);
    assert_int_equal(verify(image, &policy), NONOS_E_UNSIGNED);
    image.bytes[image.len - 1] = 1;
    assert_int_equal(verify(image, &policy), NONOS_E_ED25519);
    image.bytes[image.len - 1] = 0;
    built_sign_mldsa65(image, NONOS_IMAGE_KERNEL, 1);
    assert_refused(image, &policy, NONOS_E_ED25519);
}

static void test_verify_needs_both_signatures(void **state)
{
    (void)state;
    struct image_policy policy = trust(&alice, 1);
    struct file_bytes image = built_kernel(BUILT_KERNEL_RELEASE);
    built_sign_ed25519(image, NONOS_IMAGE_KERNEL, 1);
    assert_int_equal(verify(image, &policy), NONOS_E_MLDSA65);
    assert_ptr_equal(verdict.signer, &alice);
    built_sign(image, NONOS_IMAGE_KERNEL, 1);
    memset(image.bytes + image.len - NONOS_SIG_LEN, 0, NONOS_SIG_LEN);
    assert_refused(image, &policy, NONOS_E_ED25519);
}

static void test_verify_needs_both_signatures_by_one_identity(void **state)
{
    (void)state;
    struct identity both[] = {alice, bob};
    struct image_policy policy = trust(both, 2);
    policy.allow_dev = true;
    struct file_bytes image = built_kernel(BUILT_KERNEL_RELEASE);
    built_sign_mldsa65(image, NONOS_IMAGE_KERNEL, 2);
    built_sign_ed25519(image, NONOS_IMAGE_KERNEL, 1);
    assert_refused(image, &policy, NONOS_E_MLDSA65);
}

static void test_verify_names_a_revoked_signer(void **state)
{
    (void)state;
    struct image_policy policy = trust(&bob, 1);
    policy.revoked = &alice;
    policy.revoked_count = 1;
    assert_refused(signed_kernel(BUILT_KERNEL_RELEASE, 1), &policy, NONOS_E_REVOKED);
    assert_ptr_equal(verdict.signer, &alice);
    struct identity both[] = {bob, alice};
    policy.trusted = both;
    policy.trusted_count = 2;
    assert_refused(signed_kernel(BUILT_KERNEL_RELEASE, 1), &policy, NONOS_E_REVOKED);
    policy.allow_dev = true;
    struct file_bytes image = signed_kernel(BUILT_KERNEL_DEV, 2);
    assert_int_equal(verify(image, &policy), NONOS_OK);
    file_free(&image);
}

/* A new identity with one old key does not bring a revoked one back. */
static void test_verify_rejects_a_key_of_a_revoked_identity(void **state)
{
    (void)state;
    for (int part = 0; part < 3; part++) {
        struct identity revoked[] = {bob, carol};
        if (part == 0)
            memcpy(revoked[1].ed25519, alice.ed25519, sizeof(alice.ed25519));
        else if (part == 1)
            memcpy(revoked[1].mldsa65, alice.mldsa65, sizeof(alice.mldsa65));
        else
            memcpy(revoked[1].id, alice.id, sizeof(alice.id));
        struct image_policy policy = trust(&alice, 1);
        policy.revoked = revoked;
        policy.revoked_count = 2;
        assert_refused(signed_kernel(BUILT_KERNEL_RELEASE, 1), &policy, NONOS_E_REVOKED);
    }
}

/* Only what both signatures say about a revoked signer is said of him. */
static void test_verify_names_nobody_revoked_without_both_signatures(void **state)
{
    (void)state;
    struct image_policy policy = trust(&bob, 1);
    policy.revoked = &alice;
    policy.revoked_count = 1;
    struct file_bytes image = built_kernel(BUILT_KERNEL_RELEASE);
    built_sign_ed25519(image, NONOS_IMAGE_KERNEL, 1);
    assert_int_equal(verify(image, &policy), NONOS_E_MLDSA65);
    image.bytes[100] ^= 1;
    assert_refused(image, &policy, NONOS_E_ED25519);
}

struct policy_case {
    const char *name;
    const char *manifest;
    uint8_t signer; /* 1: alice, release; 2: bob, dev */
    bool allow_dev;
    uint32_t floor;
    enum nonos_error expected;
};

static const struct policy_case policy_cases[] = {
    {"accepts_release", BUILT_KERNEL_RELEASE, 1, false, 1, NONOS_OK},
    {"accepts_release_where_dev_is_allowed", BUILT_KERNEL_RELEASE, 1, true, 1, NONOS_OK},
    {"accepts_dev_where_allowed", BUILT_KERNEL_DEV, 2, true, 1, NONOS_OK},
    {"accepts_the_floor_itself", BUILT_KERNEL_RELEASE, 1, false, 3, NONOS_OK},
    {"rejects_below_the_floor", BUILT_KERNEL_RELEASE, 1, false, 4, NONOS_E_POLICY_FLOOR},
    {"rejects_below_the_highest_floor", BUILT_KERNEL_RELEASE, 1, false, UINT32_MAX,
     NONOS_E_POLICY_FLOOR},
    {"rejects_dev", BUILT_KERNEL_DEV, 2, false, 1, NONOS_E_POLICY_DEV},
    {"rejects_release_by_dev", BUILT_KERNEL_RELEASE, 2, true, 1, NONOS_E_POLICY_PROFILE},
    {"rejects_dev_by_release", BUILT_KERNEL_DEV, 1, true, 1, NONOS_E_POLICY_PROFILE},
    {"rejects_another_target",
     BUILT_MANIFEST_TEXT(BUILT_HEAD("kernel", "3", "x86_64-nonos2", "release"), ""), 1, false, 1,
     NONOS_E_POLICY_TARGET},
    {"rejects_a_shorter_target",
     BUILT_MANIFEST_TEXT(BUILT_HEAD("kernel", "3", "x86_64", "release"), ""), 1, false, 1,
     NONOS_E_POLICY_TARGET},
    {"rejects_a_target_of_the_same_length",
     BUILT_MANIFEST_TEXT(BUILT_HEAD("kernel", "3", "x86_64-nonoz", "release"), ""), 1, false, 1,
     NONOS_E_POLICY_TARGET},
    {"rejects_grants_of_a_kernel",
     BUILT_MANIFEST_TEXT(BUILT_HEAD("kernel", "3", NONOS_TARGET, "release"), "grant=log:write\n"),
     1, false, 1, NONOS_E_POLICY_GRANT},
};
#define POLICY_CASE_COUNT (sizeof(policy_cases) / sizeof(policy_cases[0]))

static void test_policy(void **state)
{
    const struct policy_case *test = *state;
    struct identity both[] = {alice, bob};
    struct image_policy policy = trust(both, 2);
    policy.allow_dev = test->allow_dev;
    policy.security_version_floor = test->floor;
    assert_refused(signed_kernel(test->manifest, test->signer), &policy, test->expected);
}

static void test_verify_rejects_another_type_than_wanted(void **state)
{
    (void)state;
    struct image_policy policy = trust(&alice, 1);
    /* A kernel by its layout and its signatures, a capsule by its word. */
    struct file_bytes image = built_kernel(BUILT_KERNEL_RELEASE);
    static const char kernel[] = "type=kernel\nname=nonos\n";
    static const char capsule[] = "type=capsule\nname=nono\n";
    static_assert(sizeof(kernel) == sizeof(capsule));
    char *type = memmem(image.bytes, image.len, kernel, sizeof(kernel) - 1);
    assert_non_null(type);
    memcpy(type, capsule, sizeof(capsule) - 1);
    built_sign(image, NONOS_IMAGE_KERNEL, 1);
    assert_refused(image, &policy, NONOS_E_POLICY_TYPE);
}

static void test_verify_rejects_bundles_and_types_that_are_none(void **state)
{
    (void)state;
    struct image_policy policy = trust(&alice, 1);
    struct file_bytes image = built_kernel(BUILT_KERNEL_RELEASE);
    built_sign(image, NONOS_IMAGE_BUNDLE, 1);
    policy.wanted = NONOS_IMAGE_BUNDLE;
    assert_int_equal(verify(image, &policy), NONOS_E_BUNDLE);
    volatile uint32_t several = KERNEL | CAPSULE;
    policy.wanted = (enum nonos_image_type)several;
    assert_refused(image, &policy, NONOS_E_INTERNAL);
}

static void test_verify_names_the_line_of_a_bad_manifest(void **state)
{
    (void)state;
    struct image_policy policy = trust(&alice, 1);
    struct file_bytes image = built_kernel(BUILT_KERNEL_RELEASE);
    char *dirty = memmem(image.bytes, image.len, "dirty=no", 8);
    assert_non_null(dirty);
    dirty[6] = 'N';
    built_sign(image, NONOS_IMAGE_KERNEL, 1);
    assert_int_equal(verify(image, &policy), NONOS_E_MANIFEST_VALUE);
    assert_int_equal(verdict.manifest_line, 10);
    assert_int_equal(verdict.reached, IMAGE_STEP_PARSED);
    file_free(&image);
}

int main(void)
{
    static char names[POLICY_CASE_COUNT][80];
    static struct CMUnitTest cases[POLICY_CASE_COUNT];
    for (size_t i = 0; i < POLICY_CASE_COUNT; i++) {
        snprintf(names[i], sizeof(names[i]), "test_verify_%s", policy_cases[i].name);
        cases[i] = (struct CMUnitTest){names[i], test_policy, nullptr, nullptr,
                                       (void *)(uintptr_t)&policy_cases[i]};
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verify_accepts_a_signed_kernel),
        cmocka_unit_test(test_verify_accepts_any_trusted_signer),
        cmocka_unit_test(test_verify_accepts_a_capsule_as_one),
        cmocka_unit_test(test_verify_takes_only_a_whole_verdict),
        cmocka_unit_test(test_verify_rejects_a_file_of_the_wrong_length),
        cmocka_unit_test(test_verify_rejects_a_signer_it_does_not_know),
        cmocka_unit_test(test_verify_rejects_where_nobody_has_the_role),
        cmocka_unit_test(test_verify_rejects_a_signer_without_the_role),
        cmocka_unit_test(test_verify_rejects_signatures_for_another_type),
        cmocka_unit_test(test_verify_tells_unsigned_from_badly_signed),
        cmocka_unit_test(test_verify_needs_both_signatures),
        cmocka_unit_test(test_verify_needs_both_signatures_by_one_identity),
        cmocka_unit_test(test_verify_names_a_revoked_signer),
        cmocka_unit_test(test_verify_rejects_a_key_of_a_revoked_identity),
        cmocka_unit_test(test_verify_names_nobody_revoked_without_both_signatures),
        cmocka_unit_test(test_verify_rejects_another_type_than_wanted),
        cmocka_unit_test(test_verify_rejects_bundles_and_types_that_are_none),
        cmocka_unit_test(test_verify_names_the_line_of_a_bad_manifest),
    };
    int failed = cmocka_run_group_tests_name("verify", tests, make_identities, nullptr);
    return failed + cmocka_run_group_tests_name("verify_policy", cases, nullptr, nullptr);
}
