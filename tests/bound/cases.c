#include "tests/bound/cases.h"

#include "tests/support/structure_limits.h"

/* As many as `nonos verify` takes (tools/trust.h). */
#define MANY 64u

static struct identity trusted[MANY];
static struct identity revoked[MANY];

/* Zeroes between names and section table: padding, which every check has to read. */
static void grow_to(struct file_bytes *image, size_t len)
{
    insert_zeroes(image, table_of(image), (len - image->len) / 8 * 8);
}

static struct bound_case case_of(struct file_bytes image, enum nonos_error expected)
{
    struct image_policy policy = trust(&alice, 1);
    return (struct bound_case){.image = image, .policy = policy, .expected = expected};
}

/* Nobody's signature under many identities: every one is tried. */
static void trust_many(struct bound_case *out)
{
    for (unsigned i = 0; i < MANY; i++) {
        trusted[i] = built_identity((uint8_t)(100 + i), "other", KERNEL, NONOS_PROFILE_RELEASE);
        revoked[i] =
            built_identity((uint8_t)(100 + MANY + i), "gone", KERNEL, NONOS_PROFILE_RELEASE);
    }
    out->policy.trusted = trusted;
    out->policy.trusted_count = MANY;
    out->policy.revoked = revoked;
    out->policy.revoked_count = MANY;
}

static struct bound_case make_small(void)
{
    return case_of(signed_kernel(BUILT_KERNEL_RELEASE, 1), NONOS_OK);
}

static struct bound_case make_small_unknown(void)
{
    return case_of(signed_kernel(BUILT_KERNEL_RELEASE, 3), NONOS_E_ED25519);
}

static struct bound_case make_small_bad_mldsa65(void)
{
    struct bound_case made = make_small();
    made.image.bytes[made.image.len - NONOS_TRAILER_LEN] ^= 1;
    built_sign_ed25519(made.image, NONOS_IMAGE_KERNEL, 1);
    made.expected = NONOS_E_MLDSA65;
    return made;
}

static struct bound_case make_large_zeroes(void)
{
    struct file_bytes image = {calloc(1, NONOS_IMAGE_MAX_LEN), NONOS_IMAGE_MAX_LEN};
    assert_non_null(image.bytes);
    return case_of(image, NONOS_E_UNSIGNED);
}

static struct bound_case make_many_identities(void)
{
    struct bound_case made = case_of(signed_kernel(BUILT_KERNEL_RELEASE, 1), NONOS_E_ED25519);
    trust_many(&made);
    return made;
}

/* Signed by the last one that is tried, so that ML-DSA-65 has its turn as well. */
static struct bound_case make_many_identities_revoked(void)
{
    struct bound_case made = make_many_identities();
    revoked[MANY - 1] = alice;
    made.expected = NONOS_E_REVOKED;
    return made;
}

/* Every table as long as it may be; seven times the same notes, the smallest there are, in the page
 * that the code has. */
static void fill_program_headers(struct file_bytes *image)
{
    uint8_t *code = built_program_header(*image, BUILT_X);
    uint8_t *header = built_program_header(*image, BUILT_NOTE);
    store_le64(code + P_FILESZ, 0x1000);
    store_le64(code + P_MEMSZ, 0x1000);
    memcpy(header + P_OFFSET, code + P_OFFSET, 40);
    uint8_t *note = note_of(image);
    /* 12 bytes each, and one of 16. */
    memset(note, 0, 0x1000);
    store_le32(note + 4, 4);
    add_segments(image, 5);
    for (unsigned i = BUILT_PROGRAM_COUNT + 5; i < 16; i++)
        memcpy(built_program_header(*image, i), built_program_header(*image, BUILT_NOTE), 56);
    built_store16(image->bytes + E_PHNUM, 16);
}

static void fill_sections(struct file_bytes *image)
{
    size_t old_len = names_len_of(image);
    have_names_of_4096(image);
    memset(names_of(image) + old_len, 'n', 4095 - old_len);
    size_t more = 64 * (32 - BUILT_SECTION_COUNT), table = table_of(image);
    insert_zeroes(image, table, more);
    memmove(image->bytes + table, image->bytes + table + more, (size_t)BUILT_SECTION_COUNT * 64);
    store_le64(image->bytes + E_SHOFF, table);
    for (unsigned i = BUILT_SECTION_COUNT; i < 32; i++) {
        uint8_t *added = built_section_header(*image, i);
        memcpy(added, built_section_header(*image, BUILT_BSS), 64);
        store_le32(added, (uint32_t)old_len);
        add_to_field(added + S_ADDR, BUILT_BSS_LEN);
        store_le64(added + S_SIZE, 0);
    }
    built_store16(image->bytes + E_SHNUM, 32);
}

/* As many lines as 4096 bytes hold, all different. */
static const char *longest_manifest(void)
{
    static char text[NONOS_MANIFEST_MAX_LEN + 1];
    size_t len = strlen(BUILT_KERNEL_RELEASE);
    memcpy(text, BUILT_KERNEL_RELEASE, len);
    for (unsigned i = 0; len + 8 < NONOS_MANIFEST_MAX_LEN; i++) {
        int added = snprintf(text + len, sizeof(text) - len, "x-%c%c=b\n", (char)('a' + i / 36),
                             "abcdefghijklmnopqrstuvwxyz0123456789"[i % 36]);
        assert_int_equal(added, 7);
        len += (size_t)added;
    }
    text[len] = '\0';
    return text;
}

static struct bound_case make_large_everything(void)
{
    struct file_bytes image = built_kernel(longest_manifest());
    fill_program_headers(&image);
    fill_sections(&image);
    grow_to(&image, NONOS_IMAGE_MAX_LEN);
    built_sign(image, NONOS_IMAGE_KERNEL, 1);
    return case_of(image, NONOS_OK);
}

static struct bound_case make_large_everything_many_identities(void)
{
    struct bound_case made = make_large_everything();
    trust_many(&made);
    trusted[MANY - 1] = alice;
    return made;
}

/* Counts that the tables do not have. */
static struct bound_case make_65535_headers(void)
{
    struct file_bytes image = built_kernel(BUILT_KERNEL_RELEASE);
    grow_to(&image, NONOS_IMAGE_MAX_LEN);
    built_store16(image.bytes + E_PHNUM, 0xFFFF);
    built_store16(image.bytes + E_SHNUM, 0xFFFF);
    built_sign(image, NONOS_IMAGE_KERNEL, 1);
    return case_of(image, NONOS_E_PROGRAM_TABLE);
}

static struct bound_case make_65535_sections(void)
{
    struct file_bytes image = built_kernel(BUILT_KERNEL_RELEASE);
    grow_to(&image, NONOS_IMAGE_MAX_LEN);
    built_store16(image.bytes + E_SHNUM, 0xFFFF);
    built_sign(image, NONOS_IMAGE_KERNEL, 1);
    return case_of(image, NONOS_E_SECTION_TABLE);
}

static const struct {
    const char *name;
    struct bound_case (*make)(void);
} cases[] = {
    {"small", make_small},
    {"small-unknown-signer", make_small_unknown},
    {"small-bad-mldsa65", make_small_bad_mldsa65},
    {"many-identities", make_many_identities},
    {"many-identities-revoked", make_many_identities_revoked},
    {"large-zeroes", make_large_zeroes},
    {"large-65535-headers", make_65535_headers},
    {"large-65535-sections", make_65535_sections},
    {"large-everything", make_large_everything},
    {"large-everything-many-identities", make_large_everything_many_identities},
};
#define CASE_COUNT (sizeof(cases) / sizeof(cases[0]))

void bound_list(void)
{
    for (size_t i = 0; i < CASE_COUNT; i++)
        puts(cases[i].name);
}

void bound_make(const char *name, struct bound_case *out)
{
    make_identities(nullptr);
    for (size_t i = 0; i < CASE_COUNT; i++)
        if (strcmp(cases[i].name, name) == 0) {
            *out = cases[i].make();
            return;
        }
    fprintf(stderr, "bound: no such case: %s\n", name);
    exit(2);
}
