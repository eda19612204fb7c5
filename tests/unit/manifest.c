/*
 * The manifest: what is read from a good one, and every rule broken.
 */
#include "image/manifest.h"

#include "tests/support/image_builder.h"

/* Names have up to 32 characters, versions up to 64. */
#define A31 "abcdefghijklmnopqrstuvwxyz01234"
#define HEX64 "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

/* With the NUL. The bytes end where the text does, so that reading on is seen. */
static enum nonos_error parse_bytes(const char *text, size_t len, struct manifest *out,
                                    unsigned *line)
{
    static uint8_t *bytes;
    free(bytes);
    bytes = test_allocate(len);
    memcpy(bytes, text, len);
    enum nonos_error error = manifest_parse(bytes, len, out, line);
    if (error != NONOS_OK)
        assert_memory_equal(out, &(struct manifest){0}, sizeof(*out));
    return error;
}

static enum nonos_error parse(const char *text, struct manifest *out, unsigned *line)
{
    return parse_bytes(text, strlen(text) + 1, out, line);
}

static void assert_text(struct manifest_text text, const char *expected)
{
    assert_int_equal(text.len, strlen(expected));
    assert_memory_equal(text.bytes, expected, text.len);
}

static void test_manifest_reads_every_key(void **state)
{
    (void)state;
    struct manifest manifest;
    unsigned line = 99;
    assert_int_equal(parse(BUILT_KERNEL_RELEASE, &manifest, &line), NONOS_OK);
    assert_int_equal(line, 0);
    assert_int_equal(manifest.type, NONOS_IMAGE_KERNEL);
    assert_int_equal(manifest.profile, NONOS_PROFILE_RELEASE);
    assert_int_equal(manifest.security_version, 3);
    assert_false(manifest.dirty);
    assert_int_equal(manifest.epoch, 1700000000);
    assert_text(manifest.name, "nonos");
    assert_text(manifest.version, "0.1.0");
    assert_text(manifest.target, "x86_64-nonos");
    assert_text(manifest.source, "blake3:" HEX64);
    assert_text(manifest.commit, "0123456789abcdef0123456789abcdef01234567");
    assert_text(manifest.compiler, "clang version 19.1.7");
    assert_text(manifest.pqc, "pqclean 0.8.1");
    assert_text(manifest.bundle, "none");
    assert_text(manifest.sbom, "none");
    assert_text(manifest.grants, "");
    assert_text(manifest.all, BUILT_KERNEL_RELEASE);
}

static void test_manifest_steps_through_grants(void **state)
{
    (void)state;
    struct manifest manifest;
    struct manifest_text capability, rights;
    assert_int_equal(parse(BUILT_MANIFEST_TEXT(BUILT_HEAD("capsule", "1", "t", "dev"),
                                               "grant=log:write\ngrant=memory:read,map\nx-a=1\n"),
                           &manifest, nullptr),
                     NONOS_OK);
    struct manifest_text rest = manifest.grants;
    assert_true(manifest_next_grant(&rest, &capability, &rights));
    assert_text(capability, "log");
    assert_text(rights, "write");
    assert_true(manifest_next_grant(&rest, &capability, &rights));
    assert_text(capability, "memory");
    assert_text(rights, "read,map");
    assert_false(manifest_next_grant(&rest, &capability, &rights));
    assert_null(capability.bytes);
}

struct edit {
    const char *name;
    const char *from; /* the first such text is replaced ... */
    const char *to;   /* ... by this */
    enum nonos_error expected;
    unsigned line;
};

static const struct edit edits[] = {
    {"good_type_capsule", "type=kernel", "type=capsule", NONOS_OK, 0},
    {"good_type_bundle", "type=kernel", "type=bundle", NONOS_OK, 0},
    {"good_dirty", "dirty=no", "dirty=yes", NONOS_OK, 0},
    {"good_no_commit", "commit=0123456789abcdef0123456789abcdef01234567", "commit=none", NONOS_OK,
     0},
    {"good_bundle", "bundle=none", "bundle=blake3:" HEX64, NONOS_OK, 0},
    {"good_sbom", "sbom=none", "sbom=blake3:" HEX64, NONOS_OK, 0},
    {"good_largest_security_version", "security-version=3", "security-version=4294967295", NONOS_OK,
     0},
    {"good_extensions", "sbom=none\n", "sbom=none\nx-a=b\nx-b=b=c\n", NONOS_OK, 0},
    {"good_equals_in_value", "clang version", "clang=version", NONOS_OK, 0},
    {"good_smallest_security_version", "security-version=3", "security-version=1", NONOS_OK, 0},
    {"good_first_epoch", "epoch=1700000000", "epoch=0", NONOS_OK, 0},
    {"good_last_epoch", "epoch=1700000000", "epoch=9223372036854775807", NONOS_OK, 0},
    {"good_longest_name", "name=nonos", "name=" A31 "5", NONOS_OK, 0},
    {"good_longest_version", "version=0.1.0", "version=" A31 "." A31 ".", NONOS_OK, 0},
    {"good_longest_target", "target=x86_64-nonos", "target=" A31 "_", NONOS_OK, 0},
    {"good_longest_extension", "sbom=none\n", "sbom=none\nx-abcdefghijklmnopqrstuvwxyz0123=b\n",
     NONOS_OK, 0},
    {"good_longest_grant", "sbom=none\n", "sbom=none\ngrant=" A31 "5:" A31 "5," A31 "6\n", NONOS_OK,
     0},
    {"good_first_and_last_printable", "clang version", "~ !", NONOS_OK, 0},
    {"header", "NONOS-MANIFEST 1", "NONOS-MANIFEST 2", NONOS_E_MANIFEST_HEADER, 1},
    {"header_with_space", "NONOS-MANIFEST 1", "NONOS-MANIFEST 1 ", NONOS_E_MANIFEST_HEADER, 1},
    {"header_missing", "NONOS-MANIFEST 1\n", "", NONOS_E_MANIFEST_HEADER, 1},
    {"tab", "0.1.0", "0.1\t0", NONOS_E_MANIFEST_CHARACTER, 4},
    {"carriage_return", "type=kernel", "type=kernel\r", NONOS_E_MANIFEST_CHARACTER, 2},
    {"escape", "clang version", "clang \033[2J", NONOS_E_MANIFEST_CHARACTER, 12},
    {"del", "clang version", "clang\177", NONOS_E_MANIFEST_CHARACTER, 12},
    {"utf8", "name=nonos", "name=n\303\270nos", NONOS_E_MANIFEST_CHARACTER, 3},
    {"empty_line", "type=kernel\n", "\ntype=kernel\n", NONOS_E_MANIFEST_SYNTAX, 2},
    {"no_equals", "name=nonos", "name nonos", NONOS_E_MANIFEST_SYNTAX, 3},
    {"no_key", "name=nonos", "=nonos", NONOS_E_MANIFEST_SYNTAX, 3},
    {"unknown_key", "name=nonos", "nom=nonos", NONOS_E_MANIFEST_KEY, 3},
    {"key_with_space", "name=nonos", "name =nonos", NONOS_E_MANIFEST_KEY, 3},
    {"key_missing", "name=nonos\n", "", NONOS_E_MANIFEST_KEY, 3},
    {"last_key_missing", "sbom=none\n", "", NONOS_E_MANIFEST_KEY, 15},
    {"keys_in_other_order", "type=kernel\nname=nonos", "name=nonos\ntype=kernel",
     NONOS_E_MANIFEST_KEY, 2},
    {"key_repeated", "sbom=none\n", "sbom=none\nname=other\n", NONOS_E_MANIFEST_KEY, 16},
    {"key_repeated_at_once", "name=nonos\n", "name=nonos\nname=other\n", NONOS_E_MANIFEST_KEY, 4},
    {"line_repeated", "sbom=none\n", "sbom=none\nname=nonos\n", NONOS_E_MANIFEST_DUPLICATE, 16},
    {"unknown_key_at_end", "sbom=none\n", "sbom=none\ny-a=b\n", NONOS_E_MANIFEST_KEY, 16},
    {"extension_without_name", "sbom=none\n", "sbom=none\nx-=b\n", NONOS_E_MANIFEST_KEY, 16},
    {"extension_early", "sbom=none\n", "x-a=b\nsbom=none\n", NONOS_E_MANIFEST_KEY, 15},
    {"extension_repeated", "sbom=none\n", "sbom=none\nx-a=b\nx-a=c\n", NONOS_E_MANIFEST_KEY, 17},
    {"extension_line_repeated", "sbom=none\n", "sbom=none\nx-a=b\nx-a=b\n",
     NONOS_E_MANIFEST_DUPLICATE, 17},
    {"extension_empty", "sbom=none\n", "sbom=none\nx-a=\n", NONOS_E_MANIFEST_VALUE, 16},
    {"grant_repeated", "sbom=none\n", "sbom=none\ngrant=a:b\ngrant=c:d\ngrant=a:b\n",
     NONOS_E_MANIFEST_DUPLICATE, 18},
    {"grant_after_extension", "sbom=none\n", "sbom=none\nx-a=b\ngrant=a:b\n", NONOS_E_MANIFEST_KEY,
     17},
    {"grant_early", "sbom=none\n", "grant=a:b\nsbom=none\n", NONOS_E_MANIFEST_KEY, 15},
    {"grant_without_rights", "sbom=none\n", "sbom=none\ngrant=a:\n", NONOS_E_MANIFEST_VALUE, 16},
    {"grant_without_colon", "sbom=none\n", "sbom=none\ngrant=a\n", NONOS_E_MANIFEST_VALUE, 16},
    {"grant_without_capability", "sbom=none\n", "sbom=none\ngrant=:b\n", NONOS_E_MANIFEST_VALUE,
     16},
    {"grant_with_empty_right", "sbom=none\n", "sbom=none\ngrant=a:b,,c\n", NONOS_E_MANIFEST_VALUE,
     16},
    {"type", "type=kernel", "type=driver", NONOS_E_MANIFEST_VALUE, 2},
    {"type_empty", "type=kernel", "type=", NONOS_E_MANIFEST_VALUE, 2},
    {"type_in_capitals", "type=kernel", "type=Kernel", NONOS_E_MANIFEST_VALUE, 2},
    {"name", "name=nonos", "name=../nonos", NONOS_E_MANIFEST_VALUE, 3},
    {"name_long", "name=nonos", "name=" A31 "56", NONOS_E_MANIFEST_VALUE, 3},
    {"name_starts_with_digit", "name=nonos", "name=0nonos", NONOS_E_MANIFEST_VALUE, 3},
    {"version_long", "version=0.1.0", "version=" A31 "." A31 "..", NONOS_E_MANIFEST_VALUE, 4},
    {"target_long", "target=x86_64-nonos", "target=" A31 "_-", NONOS_E_MANIFEST_VALUE, 6},
    {"extension_long", "sbom=none\n", "sbom=none\nx-abcdefghijklmnopqrstuvwxyz01234=b\n",
     NONOS_E_MANIFEST_KEY, 16},
    {"grant_with_long_capability", "sbom=none\n", "sbom=none\ngrant=" A31 "56:b\n",
     NONOS_E_MANIFEST_VALUE, 16},
    {"grant_with_long_right", "sbom=none\n", "sbom=none\ngrant=a:b," A31 "56\n",
     NONOS_E_MANIFEST_VALUE, 16},
    {"security_version_wraps", "security-version=3", "security-version=18446744073709551617",
     NONOS_E_MANIFEST_VALUE, 5},
    {"unit_separator", "clang version", "clang\037version", NONOS_E_MANIFEST_CHARACTER, 12},
    {"high_bit", "clang version", "clang\240version", NONOS_E_MANIFEST_CHARACTER, 12},
    {"version", "version=0.1.0", "version=0 1", NONOS_E_MANIFEST_VALUE, 4},
    {"security_version_zero", "security-version=3", "security-version=0", NONOS_E_MANIFEST_VALUE,
     5},
    {"security_version_large", "security-version=3", "security-version=4294967296",
     NONOS_E_MANIFEST_VALUE, 5},
    {"security_version_leading_zero", "security-version=3", "security-version=03",
     NONOS_E_MANIFEST_VALUE, 5},
    {"security_version_sign", "security-version=3", "security-version=+3", NONOS_E_MANIFEST_VALUE,
     5},
    {"target", "target=x86_64-nonos", "target=x86_64/nonos", NONOS_E_MANIFEST_VALUE, 6},
    {"profile", "profile=dev", "profile=debug", NONOS_E_MANIFEST_VALUE, 7},
    {"source_other_hash", "source=blake3:", "source=sha256:", NONOS_E_MANIFEST_VALUE, 8},
    {"source_short", "source=blake3:00", "source=blake3:", NONOS_E_MANIFEST_VALUE, 8},
    {"source_none", "source=blake3:" HEX64, "source=none", NONOS_E_MANIFEST_VALUE, 8},
    {"commit_short", "commit=0123", "commit=123", NONOS_E_MANIFEST_VALUE, 9},
    {"commit_capitals", "commit=0123456789a", "commit=0123456789A", NONOS_E_MANIFEST_VALUE, 9},
    {"dirty", "dirty=no", "dirty=maybe", NONOS_E_MANIFEST_VALUE, 10},
    {"epoch_negative", "epoch=1700000000", "epoch=-1", NONOS_E_MANIFEST_VALUE, 11},
    {"epoch_large", "epoch=1700000000", "epoch=9223372036854775808", NONOS_E_MANIFEST_VALUE, 11},
    {"compiler_empty", "compiler=clang version 19.1.7", "compiler=", NONOS_E_MANIFEST_VALUE, 12},
    {"bundle", "bundle=none", "bundle=nil", NONOS_E_MANIFEST_VALUE, 14},
    {"sbom_short", "sbom=none", "sbom=blake3:00", NONOS_E_MANIFEST_VALUE, 15},
};
#define EDIT_COUNT (sizeof(edits) / sizeof(edits[0]))

static void test_edit(void **state)
{
    const struct edit *edit = *state;
    const char *original = BUILT_KERNEL_DEV;
    const char *at = strstr(original, edit->from);
    assert_non_null(at);
    char text[2048];
    int len = snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - original), original, edit->to,
                       at + strlen(edit->from));
    assert_in_range(len, 1, sizeof(text) - 1);
    struct manifest manifest;
    unsigned line = 99;
    assert_int_equal(parse(text, &manifest, &line), edit->expected);
    assert_int_equal(line, edit->line);
}

static void test_manifest_bounds_its_length(void **state)
{
    (void)state;
    struct manifest manifest;
    char text[4200];
    size_t len = strlen(BUILT_KERNEL_DEV);
    memcpy(text, BUILT_KERNEL_DEV, len);
    memcpy(text + len, "x-a=", 4);
    memset(text + len + 4, 'b', sizeof(text) - len - 4);
    text[4094] = '\n';
    text[4095] = 0;
    assert_int_equal(parse_bytes(text, 4096, &manifest, nullptr), NONOS_OK);
    text[4094] = 'b';
    text[4095] = '\n';
    text[4096] = 0;
    assert_int_equal(parse_bytes(text, 4097, &manifest, nullptr), NONOS_E_MANIFEST_SIZE);
    assert_int_equal(manifest_parse((const uint8_t *)text, 0, &manifest, nullptr),
                     NONOS_E_MANIFEST_SIZE);
    assert_int_equal(parse_bytes("\0", 1, &manifest, nullptr), NONOS_E_MANIFEST_END);
    assert_int_equal(parse_bytes("\n", 2, &manifest, nullptr), NONOS_E_MANIFEST_HEADER);
}

static void test_manifest_ends_in_line_feed_and_one_nul(void **state)
{
    (void)state;
    struct manifest manifest;
    const char *text = BUILT_KERNEL_DEV;
    size_t len = strlen(text);
    char two_nuls[2048] = {0};
    memcpy(two_nuls, text, len);
    assert_int_equal(parse_bytes(text, len, &manifest, nullptr), NONOS_E_MANIFEST_END);
    assert_int_equal(parse_bytes(text, len - 1, &manifest, nullptr), NONOS_E_MANIFEST_END);
    assert_int_equal(parse_bytes(two_nuls, len + 2, &manifest, nullptr), NONOS_E_MANIFEST_END);
    two_nuls[len] = 'x';
    assert_int_equal(parse_bytes(two_nuls, len + 1, &manifest, nullptr), NONOS_E_MANIFEST_END);
    two_nuls[len] = 0;
    two_nuls[20] = 0;
    assert_int_equal(parse_bytes(two_nuls, len + 1, &manifest, nullptr),
                     NONOS_E_MANIFEST_CHARACTER);
}

static void test_manifest_survives_random_bytes(void **state)
{
    (void)state;
    const char *text = BUILT_CAPSULE_DEV;
    size_t len = strlen(text) + 1;
    for (unsigned round = 0; round < 20000; round++) {
        char changed[2048];
        memcpy(changed, text, len);
        for (size_t n = 1 + test_random_below(4); n > 0; n--)
            changed[test_random_below(len)] = (char)test_random_below(128);
        struct manifest manifest;
        unsigned line = 0;
        enum nonos_error error = parse_bytes(changed, 1 + test_random_below(len), &manifest, &line);
        assert_true(error == NONOS_OK || (error >= 60 && error <= 67));
    }
}

int main(void)
{
    static char names[EDIT_COUNT][80];
    static struct CMUnitTest cases[EDIT_COUNT];
    for (size_t i = 0; i < EDIT_COUNT; i++) {
        bool good = edits[i].expected == NONOS_OK;
        snprintf(names[i], sizeof(names[i]), "test_manifest_%s_%s", good ? "takes" : "refuses",
                 edits[i].name);
        cases[i] = (struct CMUnitTest){names[i], test_edit, nullptr, nullptr,
                                       (void *)(uintptr_t)&edits[i]};
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_manifest_reads_every_key),
        cmocka_unit_test(test_manifest_steps_through_grants),
        cmocka_unit_test(test_manifest_bounds_its_length),
        cmocka_unit_test(test_manifest_ends_in_line_feed_and_one_nul),
        cmocka_unit_test(test_manifest_survives_random_bytes),
    };
    int failed = cmocka_run_group_tests_name("manifest", tests, nullptr, nullptr);
    return failed + cmocka_run_group_tests_name("manifest_edits", cases, nullptr, nullptr);
}
