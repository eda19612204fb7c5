/*
 * The policy in a loader's file: read as it was built in, or not at all.
 */
#include "tools/loader_file.h"

#include "tests/support/loader_builder.h"

static struct identity trusted, revoked;

static int set_up(void **)
{
    trusted = built_identity(1, "acme", NONOS_IMAGE_KERNEL, NONOS_PROFILE_RELEASE);
    revoked = built_identity(2, "old", 7, NONOS_PROFILE_RELEASE);
    return 0;
}

static enum nonos_error parse(struct file_bytes file, struct loader_file *loader)
{
    return loader_file_parse(file.bytes, file.len, loader);
}

static void assert_refused_as(struct file_bytes file, enum nonos_error expected)
{
    struct loader_file loader;
    assert_int_equal(parse(file, &loader), expected);
    loader_file_free(&loader);
    assert_null(loader.identities);
}

static void test_loader_file_has_the_policy_that_was_built_in(void **)
{
    struct loader_file loader;
    struct file_bytes file = built_loader(&trusted, &revoked, NONOS_PROFILE_RELEASE, 7);
    assert_int_equal(parse(file, &loader), NONOS_OK);
    assert_int_equal(loader.profile, NONOS_PROFILE_RELEASE);
    assert_int_equal(loader.policy.wanted, NONOS_IMAGE_KERNEL);
    assert_int_equal(loader.policy.security_version_floor, 7);
    assert_false(loader.policy.allow_dev);
    assert_int_equal(loader.policy.trusted_count, 1);
    assert_int_equal(loader.policy.revoked_count, 1);
    assert_string_equal(loader.policy.trusted[0].name, "acme");
    assert_memory_equal(loader.policy.trusted[0].mldsa65, trusted.mldsa65, sizeof(trusted.mldsa65));
    assert_memory_equal(loader.policy.revoked[0].id, revoked.id, sizeof(revoked.id));
    loader_file_free(&loader);
    file_free(&file);
    file = built_loader(&trusted, &revoked, NONOS_PROFILE_DEV, 1);
    assert_int_equal(parse(file, &loader), NONOS_OK);
    assert_int_equal(loader.profile, NONOS_PROFILE_DEV);
    assert_true(loader.policy.allow_dev);
    loader_file_free(&loader);
    file_free(&file);
}

static void test_loader_file_refuses_every_other_record(void **)
{
    static const struct {
        size_t at;
        uint32_t value;
    } changes[] = {
        {BUILT_LOADER_POLICY_AT, 0},                             /* no magic */
        {BUILT_LOADER_POLICY_AT + 12, 0x3220},                   /* of another version */
        {BUILT_LOADER_POLICY_AT + 16, 0},                        /* no floor */
        {BUILT_LOADER_POLICY_AT + 20, 2},                        /* neither yes nor no */
        {BUILT_LOADER_POLICY_AT + 24, 0},                        /* trusts nobody */
        {BUILT_LOADER_POLICY_AT + 24, 2},                        /* more than there are */
        {BUILT_LOADER_POLICY_AT + 24, 0xFFFFFFFF},               /* more than anybody has */
        {BUILT_LOADER_POLICY_AT + 28, 0},                        /* fewer than there are */
        {BUILT_LOADER_POLICY_AT + 28, 0xFFFFFFFF},               /* */
        {BUILT_LOADER_POLICY_AT + 32, 2064},                     /* identities of another layout */
        {BUILT_LOADER_POLICY_AT + 36 + 32, 'x'},                 /* a name without an end */
        {BUILT_LOADER_POLICY_AT + 36 + 28, 'x'},                 /* something behind its end */
        {BUILT_LOADER_PROFILE_AT, 0},                            /* no profile */
        {BUILT_LOADER_PROFILE_AT, 3},                            /* */
        {BUILT_LOADER_SECTIONS_AT + 80 + 8, 8},                  /* a profile of eight bytes */
        {BUILT_LOADER_SECTIONS_AT + 120 + 8, 20},                /* a record that is cut off */
        {BUILT_LOADER_SECTIONS_AT + 120 + 8, 36 + 2 * 2060 + 4}, /* with something behind it */
        {BUILT_LOADER_SECTIONS_AT + 124, 0},                     /* another name */
    };
    size_t refused = 0;
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        struct file_bytes file = built_loader(&trusted, &revoked, NONOS_PROFILE_RELEASE, 1);
        bool is_changed = load_le32(file.bytes + changes[i].at) != changes[i].value;
        store_le32(file.bytes + changes[i].at, changes[i].value);
        if (is_changed) {
            assert_refused_as(file, NONOS_E_LOADER);
            refused++;
        }
        file_free(&file);
    }
    assert_int_equal(refused, sizeof(changes) / sizeof(changes[0]));
}

static void test_loader_file_refuses_identities_that_are_none(void **)
{
    struct identity endless = trusted, broken = trusted;
    memset(endless.name, 'x', sizeof(endless.name));
    struct file_bytes nameless = built_loader(&endless, &revoked, NONOS_PROFILE_RELEASE, 1);
    assert_refused_as(nameless, NONOS_E_LOADER);
    file_free(&nameless);
    broken.id[0] ^= 1;
    struct file_bytes file = built_loader(&broken, &revoked, NONOS_PROFILE_RELEASE, 1);
    assert_refused_as(file, NONOS_E_IDENTITY_ID);
    file_free(&file);
    file = built_loader(&trusted, &broken, NONOS_PROFILE_RELEASE, 1);
    assert_refused_as(file, NONOS_E_IDENTITY_ID);
    file_free(&file);
}

static void test_loader_file_that_is_none(void **)
{
    struct loader_file loader;
    assert_int_equal(loader_file_parse((const uint8_t *)"", 0, &loader), NONOS_E_LOADER);
    loader_file_free(&loader);
    assert_int_equal(loader_file_read("no/such/file", &loader), NONOS_E_NOT_FOUND);
    loader_file_free(&loader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loader_file_has_the_policy_that_was_built_in),
        cmocka_unit_test(test_loader_file_refuses_every_other_record),
        cmocka_unit_test(test_loader_file_refuses_identities_that_are_none),
        cmocka_unit_test(test_loader_file_that_is_none),
    };
    return cmocka_run_group_tests_name("loader_file", tests, set_up, nullptr);
}
