/*
 * The file of a UEFI application: what is hashed of it, and what is no such file.
 */
#include "tools/authenticode.h"

#include "tests/support/loader_builder.h"

#include <openssl/sha.h>

static struct file_bytes plain;

static int set_up(void **)
{
    struct identity a = built_identity(1, "a", NONOS_IMAGE_KERNEL, NONOS_PROFILE_RELEASE);
    struct identity b = built_identity(2, "b", NONOS_IMAGE_KERNEL, NONOS_PROFILE_RELEASE);
    plain = built_loader(&a, &b, NONOS_PROFILE_RELEASE, 1);
    return 0;
}

static int tear_down(void **)
{
    file_free(&plain);
    return 0;
}

static struct pcr_value digest_of(struct file_bytes file)
{
    struct pe_file pe;
    struct pcr_value digest;
    assert_true(pe_read(file.bytes, file.len, &pe));
    authenticode_digest(&pe, PCR_SHA256, &digest);
    return digest;
}

static void test_authenticode_leaves_out_checksum_entry_and_signatures(void **)
{
    uint8_t expected[SHA256_DIGEST_LENGTH];
    size_t before = BUILT_LOADER_CHECKSUM_AT, end = BUILT_LOADER_CERTIFICATES_AT;
    struct file_bytes rest = built_copy(plain);
    memmove(rest.bytes + end, rest.bytes + end + 8, plain.len - end - 8);
    memmove(rest.bytes + before, rest.bytes + before + 4, plain.len - before - 4);
    SHA256(rest.bytes, plain.len - 12, expected);
    file_free(&rest);
    struct pcr_value digest = digest_of(plain);
    assert_memory_equal(digest.bytes, expected, sizeof(expected));
    for (size_t len = 8; len <= 64; len += 8) {
        struct file_bytes with = built_signed_loader(plain, len);
        digest = digest_of(with);
        assert_memory_equal(digest.bytes, expected, sizeof(expected));
        file_free(&with);
    }
}

/* Every byte: it is one of the twelve, or it counts, or the file is no application any more. */
static void test_authenticode_covers_every_other_byte(void **)
{
    struct pcr_value before = digest_of(plain);
    size_t ignored = 0;
    for (size_t at = 0; at < plain.len; at++) {
        struct pe_file pe;
        struct pcr_value digest;
        plain.bytes[at] ^= 1;
        if (pe_read(plain.bytes, plain.len, &pe)) {
            authenticode_digest(&pe, PCR_SHA256, &digest);
            ignored += memcmp(digest.bytes, before.bytes, 32) == 0;
        }
        plain.bytes[at] ^= 1;
    }
    assert_int_equal(ignored, 4);
}

static void assert_no_application(struct file_bytes file)
{
    struct pe_file pe;
    assert_false(pe_read(file.bytes, file.len, &pe));
    assert_null(pe.bytes);
    assert_int_equal(pe.len + pe.hashed_len + pe.section_count, 0);
}

static void test_pe_refuses_every_file_that_is_cut_off(void **)
{
    for (size_t len = 0; len < plain.len; len++) {
        struct file_bytes cut = {test_allocate(len), len};
        memcpy(cut.bytes, plain.bytes, len);
        assert_no_application(cut);
        file_free(&cut);
    }
}

struct change {
    size_t at;
    uint32_t value;
    unsigned len;
};

static void test_pe_refuses_what_lld_does_not_write(void **)
{
    static const uint32_t section = BUILT_LOADER_SECTIONS_AT;
    const struct change changes[] = {
        {0, 'X', 1},                               /* not MZ */
        {60, 0, 4},                                /* headers inside of the DOS header */
        {60, 0xFFFFFFF0, 4},                       /* and outside of the file */
        {BUILT_LOADER_PE_AT, 'X', 1},              /* not PE */
        {BUILT_LOADER_PE_AT + 4, 0x14C, 2},        /* for another processor */
        {BUILT_LOADER_PE_AT + 6, 0, 2},            /* no section */
        {BUILT_LOADER_PE_AT + 6, 97, 2},           /* more than the format has */
        {BUILT_LOADER_PE_AT + 20, 111, 2},         /* no room for the directories */
        {BUILT_LOADER_PE_AT + 20, 0xFFFF, 2},      /* longer than the file */
        {BUILT_LOADER_OPTIONAL_AT, 0x10B, 2},      /* PE32 */
        {BUILT_LOADER_OPTIONAL_AT + 60, 0, 4},     /* headers without their own bytes */
        {BUILT_LOADER_OPTIONAL_AT + 60, 0x401, 4}, /* a gap behind them */
        {BUILT_LOADER_OPTIONAL_AT + 60, 0xFFFFFFFF, 4},
        {BUILT_LOADER_OPTIONAL_AT + 68, 11, 2}, /* a driver */
        {BUILT_LOADER_OPTIONAL_AT + 108, 4, 4}, /* no entry for signatures */
        {BUILT_LOADER_OPTIONAL_AT + 108, 17, 4},
        {section + 16, 0xFFFFFFFF, 4},            /* a section longer than the file */
        {section + 16, 0x100, 4},                 /* a gap behind it */
        {section + 20, 0x3FF, 4},                 /* it begins in the headers */
        {BUILT_LOADER_CERTIFICATES_AT, 8, 4},     /* signatures without a length */
        {BUILT_LOADER_CERTIFICATES_AT + 4, 8, 4}, /* and without a place */
    };
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        struct file_bytes file = built_copy(plain);
        for (unsigned byte = 0; byte < changes[i].len; byte++)
            file.bytes[changes[i].at + byte] = (uint8_t)(changes[i].value >> (8 * byte));
        assert_no_application(file);
        file_free(&file);
    }
}

static void test_pe_takes_signatures_at_the_end_alone(void **)
{
    struct pe_file pe;
    struct file_bytes with = built_signed_loader(plain, 16);
    uint8_t *entry = with.bytes + BUILT_LOADER_CERTIFICATES_AT;
    assert_true(pe_read(with.bytes, with.len, &pe));
    assert_int_equal(pe.hashed_len, plain.len);
    store_le32(entry + 4, 8); /* eight bytes behind them */
    assert_no_application(with);
    store_le32(entry, (uint32_t)plain.len + 8); /* eight before them */
    assert_no_application(with);
    store_le32(entry, (uint32_t)plain.len - 8); /* eight of a section */
    store_le32(entry + 4, 24);
    assert_no_application(with);
    store_le32(entry, (uint32_t)plain.len + 1); /* not aligned */
    store_le32(entry + 4, 15);
    assert_no_application(with);
    file_free(&with);
}

static void test_pe_section_is_the_only_one_of_its_name_and_whole(void **)
{
    struct pe_file pe;
    struct pe_section found;
    struct file_bytes file = built_copy(plain);
    uint8_t *headers = file.bytes + BUILT_LOADER_SECTIONS_AT;
    assert_true(pe_read(file.bytes, file.len, &pe));
    assert_true(pe_find_section(&pe, ".text", &found));
    assert_ptr_equal(found.bytes, file.bytes + BUILT_LOADER_TEXT_AT);
    assert_int_equal(found.len, 0x123);
    assert_true(pe_find_section(&pe, ".profile", &found));
    assert_int_equal(found.len, 4);
    assert_false(pe_find_section(&pe, ".data", &found)); /* no bytes in the file */
    assert_false(pe_find_section(&pe, ".tex", &found));
    assert_null(found.bytes);
    memcpy(headers + 80, ".policy", 8);
    assert_false(pe_find_section(&pe, ".policy", &found)); /* two */
    assert_null(found.bytes);
    store_le32(headers + 8, BUILT_LOADER_TEXT_LEN);
    assert_true(pe_find_section(&pe, ".text", &found));
    store_le32(headers + 8, BUILT_LOADER_TEXT_LEN + 1); /* more in memory than in the file */
    assert_false(pe_find_section(&pe, ".text", &found));
    store_le32(headers + 8, 0);
    assert_false(pe_find_section(&pe, ".text", &found));
    file_free(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_authenticode_leaves_out_checksum_entry_and_signatures),
        cmocka_unit_test(test_authenticode_covers_every_other_byte),
        cmocka_unit_test(test_pe_refuses_every_file_that_is_cut_off),
        cmocka_unit_test(test_pe_refuses_what_lld_does_not_write),
        cmocka_unit_test(test_pe_takes_signatures_at_the_end_alone),
        cmocka_unit_test(test_pe_section_is_the_only_one_of_its_name_and_whole),
    };
    return cmocka_run_group_tests_name("authenticode", tests, set_up, tear_down);
}
