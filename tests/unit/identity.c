/*
 * Identities: their id, their one text form, and what is refused.
 */
#include "image/identity.h"

#include "crypto/blake3.h"
#include "tests/support/image_builder.h"

#define ALL_ROLES                                                                                  \
    ((uint32_t)NONOS_IMAGE_KERNEL | (uint32_t)NONOS_IMAGE_CAPSULE | (uint32_t)NONOS_IMAGE_BUNDLE)

static struct identity make(uint8_t fill)
{
    return built_identity(fill, "alice", ALL_ROLES, NONOS_PROFILE_RELEASE);
}

static void test_identity_id_is_derived_from_both_keys(void **state)
{
    (void)state;
    struct identity identity = make(1);
    uint8_t material[32 + 1952], id[32];
    memcpy(material, identity.ed25519, 32);
    memcpy(material + 32, identity.mldsa65, 1952);
    blake3_derive_key("NONOS:IDENTITY:v1", material, sizeof(material), id);
    assert_memory_equal(identity.id, id, 32);
}

static void test_identity_survives_its_text(void **state)
{
    (void)state;
    static const uint32_t roles[] = {1, 2, 3, 4, 5, 6, 7};
    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
        struct identity identity =
            built_identity(2, "a-very-long-name-of-thirty-two-c", roles[i], NONOS_PROFILE_RELEASE);
        struct identity again;
        char text[IDENTITY_TEXT_MAX_LEN];
        size_t len = 0;
        assert_int_equal(identity_format(&identity, text, sizeof(text), &len), NONOS_OK);
        assert_int_equal(len, strlen(text));
        assert_int_equal(identity_parse(text, len, &again), NONOS_OK);
        assert_memory_equal(&identity, &again, sizeof(identity));
    }
}

static void test_identity_text_does_not_overflow(void **state)
{
    (void)state;
    struct identity identity = make(3);
    char text[IDENTITY_TEXT_MAX_LEN];
    size_t whole = 0, len = 0;
    assert_int_equal(identity_format(&identity, text, sizeof(text), &whole), NONOS_OK);
    for (size_t size = 0; size <= whole; size += 1 + size / 8) {
        char *small = (char *)test_allocate(size);
        len = 1;
        assert_int_equal(identity_format(&identity, small, size, &len), NONOS_E_SIZE);
        assert_int_equal(len, 0);
        free(small);
    }
    assert_int_equal(identity_format(&identity, text, whole + 1, &len), NONOS_OK);
    assert_int_equal(len, whole);
}

struct edit {
    const char *name;
    const char *from;
    const char *to;
    enum nonos_error expected;
};

static const struct edit edits[] = {
    {"other_version", "NONOS-IDENTITY 1", "NONOS-IDENTITY 2", NONOS_E_IDENTITY_SYNTAX},
    {"long_first_line", "NONOS-IDENTITY 1", "NONOS-IDENTITY 10", NONOS_E_IDENTITY_SYNTAX},
    {"carriage_returns", "alice\n", "alice\r\n", NONOS_E_IDENTITY_SYNTAX},
    {"name_missing", "name=alice\n", "", NONOS_E_IDENTITY_SYNTAX},
    {"name_empty", "name=alice", "name=", NONOS_E_IDENTITY_SYNTAX},
    {"name_in_capitals", "name=alice", "name=Alice", NONOS_E_IDENTITY_SYNTAX},
    {"name_long", "name=alice", "name=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NONOS_E_IDENTITY_SYNTAX},
    {"name_with_quote", "name=alice", "name=a\"", NONOS_E_IDENTITY_SYNTAX},
    {"no_roles", "kernel,capsule,bundle", "", NONOS_E_IDENTITY_SYNTAX},
    {"unknown_role", "kernel,capsule,bundle", "kernel,root", NONOS_E_IDENTITY_SYNTAX},
    {"role_repeated", "kernel,capsule,bundle", "kernel,kernel", NONOS_E_IDENTITY_SYNTAX},
    {"roles_in_other_order", "kernel,capsule,bundle", "capsule,kernel", NONOS_E_IDENTITY_SYNTAX},
    {"roles_with_comma_at_end", "kernel,capsule,bundle", "kernel,", NONOS_E_IDENTITY_SYNTAX},
    {"role_with_tail", "kernel,capsule,bundle", "kernels", NONOS_E_IDENTITY_SYNTAX},
    {"unknown_profile", "profile=release", "profile=test", NONOS_E_IDENTITY_SYNTAX},
    {"lines_swapped", "name=alice\nroles=kernel,capsule,bundle\n",
     "roles=kernel,capsule,bundle\nname=alice\n", NONOS_E_IDENTITY_SYNTAX},
    {"id_in_capitals", "id=", "id=A", NONOS_E_IDENTITY_SYNTAX},
    {"ed25519_short", "ed25519=", "ed25519=0", NONOS_E_IDENTITY_SYNTAX},
    {"mldsa65_long", "mldsa65=", "mldsa65=00", NONOS_E_IDENTITY_SYNTAX},
    {"comment", "name=", "# x\nname=", NONOS_E_IDENTITY_SYNTAX},
};
#define EDIT_COUNT (sizeof(edits) / sizeof(edits[0]))

static void test_edit(void **state)
{
    const struct edit *edit = *state;
    struct identity identity = make(4), out;
    char text[IDENTITY_TEXT_MAX_LEN], changed[IDENTITY_TEXT_MAX_LEN + 64];
    size_t len = 0;
    assert_int_equal(identity_format(&identity, text, sizeof(text), &len), NONOS_OK);
    const char *at = strstr(text, edit->from);
    assert_non_null(at);
    int changed_len = snprintf(changed, sizeof(changed), "%.*s%s%s", (int)(at - text), text,
                               edit->to, at + strlen(edit->from));
    assert_int_equal(identity_parse(changed, (size_t)changed_len, &out), edit->expected);
    assert_memory_equal(&out, &(struct identity){0}, sizeof(out));
}

static void test_identity_refuses_more_or_less_than_one(void **state)
{
    (void)state;
    struct identity identity = make(5), out;
    char text[IDENTITY_TEXT_MAX_LEN + 1];
    size_t len = 0;
    assert_int_equal(identity_format(&identity, text, sizeof(text) - 1, &len), NONOS_OK);
    for (size_t shorter = 0; shorter < len; shorter += 1 + shorter / 4)
        assert_int_equal(identity_parse(text, shorter, &out), NONOS_E_IDENTITY_SYNTAX);
    assert_int_equal(identity_parse(text, len - 1, &out), NONOS_E_IDENTITY_SYNTAX);
    text[len] = '\n';
    assert_int_equal(identity_parse(text, len + 1, &out), NONOS_E_IDENTITY_SYNTAX);
}

static void test_identity_refuses_a_changed_key_or_id(void **state)
{
    (void)state;
    struct identity identity = make(6);
    uint8_t *const parts[] = {identity.id, identity.ed25519, identity.mldsa65,
                              identity.mldsa65 + 1951};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        *parts[i] ^= 1;
        assert_int_equal(identity_check(&identity), NONOS_E_IDENTITY_ID);
        *parts[i] ^= 1;
    }
    assert_int_equal(identity_check(&identity), NONOS_OK);
}

/* Keys that are strings of the right length and no keys: the id is right, the key is not. */
static void test_identity_refuses_keys_that_are_none(void **state)
{
    (void)state;
    static const uint8_t neutral[32] = {1};
    static const uint8_t small_order[32] = {0};
    struct identity identity = make(7);
    memcpy(identity.ed25519, neutral, 32);
    identity_compute_id(identity.ed25519, identity.mldsa65, identity.id);
    assert_int_equal(identity_check(&identity), NONOS_E_IDENTITY_KEY);
    memcpy(identity.ed25519, small_order, 32);
    identity_compute_id(identity.ed25519, identity.mldsa65, identity.id);
    assert_int_equal(identity_check(&identity), NONOS_E_IDENTITY_KEY);
    memset(identity.ed25519, 0xFF, 32);
    identity_compute_id(identity.ed25519, identity.mldsa65, identity.id);
    assert_int_equal(identity_check(&identity), NONOS_E_IDENTITY_KEY);
    identity = make(7);
    memset(identity.mldsa65, 0, sizeof(identity.mldsa65));
    identity_compute_id(identity.ed25519, identity.mldsa65, identity.id);
    assert_int_equal(identity_check(&identity), NONOS_E_IDENTITY_KEY);
}

static void test_identity_refuses_fields_out_of_range(void **state)
{
    (void)state;
    struct identity identity = make(8);
    identity.roles = 0;
    assert_int_equal(identity_check(&identity), NONOS_E_IDENTITY_SYNTAX);
    identity.roles = 8;
    assert_int_equal(identity_check(&identity), NONOS_E_IDENTITY_SYNTAX);
    identity = make(8);
    identity.profile = 3;
    assert_int_equal(identity_check(&identity), NONOS_E_IDENTITY_SYNTAX);
    identity = make(8);
    memset(identity.name, 'a', sizeof(identity.name));
    assert_int_equal(identity_check(&identity), NONOS_E_IDENTITY_SYNTAX);
}

static void test_identity_set_refuses_duplicates(void **state)
{
    (void)state;
    struct identity set[3] = {make(9), make(10), make(11)};
    assert_int_equal(identity_check_set(set, 3), NONOS_OK);
    assert_int_equal(identity_check_set(set, 0), NONOS_OK);
    struct identity kept = set[2];
    memcpy(set[2].ed25519, set[0].ed25519, 32);
    assert_int_equal(identity_check_set(set, 3), NONOS_E_IDENTITY_DUPLICATE);
    assert_int_equal(identity_check_set(set, 2), NONOS_OK);
    set[2] = kept;
    memcpy(set[2].mldsa65, set[1].mldsa65, 1952);
    assert_int_equal(identity_check_set(set, 3), NONOS_E_IDENTITY_DUPLICATE);
    set[2] = kept;
    memcpy(set[2].id, set[0].id, 32);
    assert_int_equal(identity_check_set(set, 3), NONOS_E_IDENTITY_DUPLICATE);
}

int main(void)
{
    static char names[EDIT_COUNT][80];
    static struct CMUnitTest cases[EDIT_COUNT];
    for (size_t i = 0; i < EDIT_COUNT; i++) {
        snprintf(names[i], sizeof(names[i]), "test_identity_refuses_%s", edits[i].name);
        cases[i] = (struct CMUnitTest){names[i], test_edit, nullptr, nullptr,
                                       (void *)(uintptr_t)&edits[i]};
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_identity_id_is_derived_from_both_keys),
        cmocka_unit_test(test_identity_survives_its_text),
        cmocka_unit_test(test_identity_text_does_not_overflow),
        cmocka_unit_test(test_identity_refuses_more_or_less_than_one),
        cmocka_unit_test(test_identity_refuses_a_changed_key_or_id),
        cmocka_unit_test(test_identity_refuses_keys_that_are_none),
        cmocka_unit_test(test_identity_refuses_fields_out_of_range),
        cmocka_unit_test(test_identity_set_refuses_duplicates),
    };
    int failed = cmocka_run_group_tests_name("identity", tests, nullptr, nullptr);
    return failed + cmocka_run_group_tests_name("identity_edits", cases, nullptr, nullptr);
}
