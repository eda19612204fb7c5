/*
 * Every code that an image can be refused with (abi/errors.def, 10 to 69 and 80 to 89) is given by
 * some file: the structure's by the cases of structure_cases.h, which elf.c runs, the others by the
 * files made here. What no file can give is listed with the reason, and is given by none.
 */
#include "tests/support/structure_cases.h"
#include "tests/support/verifying.h"

static const struct {
    int code;
    const char *name;
} codes[] = {
#define NONOS_ERROR(code, name, text) {code, #name},
#include "abi/errors.def"
#undef NONOS_ERROR
};

static const struct {
    enum nonos_error code;
    const char *reason;
} not_by_a_file[] = {
    {NONOS_E_IMAGE_CHANGED, "a matter of reading: tests/unit/kernel_file.c"},
    {NONOS_E_POLICY_ROLE, "only signers with the role of the wanted type are asked, and the "
                          "manifest's type is the wanted one by then: a second line"},
};

static bool seen[128];

static void see(struct file_bytes image, const struct image_policy *policy)
{
    seen[verify(image, policy)] = true;
}

/* A text in the image replaced by one of the same length, and all signed again. */
static void see_text(const char *old, const char *new)
{
    struct image_policy policy = trust(&alice, 1);
    struct file_bytes image = built_kernel(BUILT_KERNEL_RELEASE);
    built_replace(image, old, new);
    built_sign(image, NONOS_IMAGE_KERNEL, 1);
    see(image, &policy);
    file_free(&image);
}

static void see_manifest_codes(void)
{
    struct image_policy policy = trust(&alice, 1);
    struct file_bytes image = built_kernel(BUILT_KERNEL_RELEASE);
    uint8_t *section = built_section_header(image, BUILT_MANIFEST);
    store_le64(section + S_SIZE, 0);
    built_sign(image, NONOS_IMAGE_KERNEL, 1);
    see(image, &policy);
    store_le64(section + S_SIZE, 20);
    built_sign(image, NONOS_IMAGE_KERNEL, 1);
    see(image, &policy);
    file_free(&image);
    see_text("clang version", "clang\tversion");
    see_text("NONOS-MANIFEST 1", "NONOS-MANIFEST 2");
    see_text("dirty=no", "dirty-no");
    see_text("dirty=no", "dirti=no");
    see_text("dirty=no", "dirty=on");
    see_text("dirty=no\nepoch=1700000000\n", "dirty=no\ndirty=no\nepoch=1\n");
}

static void see_policy_codes(void)
{
    struct identity both[] = {alice, bob};
    struct image_policy policy = trust(both, 2);
    struct file_bytes image = signed_kernel(BUILT_KERNEL_DEV, 2);
    see(image, &policy);
    policy.revoked = &bob;
    policy.revoked_count = 1;
    see(image, &policy);
    built_sign(image, NONOS_IMAGE_KERNEL, 1);
    see(image, &policy);
    file_free(&image);
    image = signed_kernel(BUILT_KERNEL_RELEASE, 1);
    see(image, &policy);
    policy.security_version_floor = 4;
    see(image, &policy);
    file_free(&image);
    policy.security_version_floor = 1;
    image = signed_kernel(BUILT_MANIFEST_TEXT(BUILT_HEAD("kernel", "3", NONOS_TARGET, "release"),
                                              "grant=log:write\n"),
                          1);
    see(image, &policy);
    file_free(&image);
    see_text(NONOS_TARGET, "x86_64-nonoz");
    see_text("type=kernel\nname=nonos\n", "type=capsule\nname=nono\n");
}

static void see_signature_codes(void)
{
    struct image_policy policy = trust(&alice, 1), nobody = trust(nullptr, 0);
    struct file_bytes image = built_kernel(BUILT_KERNEL_RELEASE);
    struct file_bytes large = {calloc(1, NONOS_IMAGE_MAX_LEN + 1), NONOS_IMAGE_MAX_LEN + 1};
    assert_non_null(large.bytes);
    see((struct file_bytes){image.bytes, NONOS_IMAGE_MIN_LEN - 1}, &policy);
    see(large, &policy);
    see(image, &policy);
    see(image, &nobody);
    built_sign_ed25519(image, NONOS_IMAGE_KERNEL, 1);
    see(image, &policy);
    built_sign_ed25519(image, NONOS_IMAGE_KERNEL, 2);
    see(image, &policy);
    built_sign(image, NONOS_IMAGE_BUNDLE, 1);
    policy.wanted = NONOS_IMAGE_BUNDLE;
    see(image, &policy);
    file_free(&image);
    file_free(&large);
}

static void test_every_code_is_given_by_some_file(void **)
{
    unsigned count = 0;
    for (size_t i = 0; i < STRUCTURE_CASE_COUNT; i++)
        seen[structure_cases[i].expected] = true;
    see_signature_codes();
    see_manifest_codes();
    see_policy_codes();
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        bool wanted = codes[i].code >= 10 && codes[i].code < 90 && codes[i].code / 10 != 7;
        for (size_t k = 0; k < sizeof(not_by_a_file) / sizeof(not_by_a_file[0]); k++)
            wanted = wanted && codes[i].code != (int)not_by_a_file[k].code;
        if (seen[codes[i].code] != wanted)
            fail_msg("%s: %s", codes[i].name, wanted ? "no file gives it" : "a file gives it");
        count += wanted;
    }
    print_message("%u codes, each given by a file\n", count);
    assert_true(count > 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_code_is_given_by_some_file),
    };
    return cmocka_run_group_tests_name("verify_codes", tests, make_identities, nullptr);
}
