/*
 * Sealing: the final layout, its idempotence, and inputs that cannot be sealed.
 */
#include "tools/seal.h"

#include "tests/support/structure_cases.h"
#include "tools/structure.h"

static const char *section_name(struct file_bytes image, unsigned index)
{
    return (const char *)names_of(&image) + load_le32(built_section_header(image, index));
}

static void test_seal_keeps_what_is_in_memory(void **state)
{
    (void)state;
    static const char *const kept[] = {
        "",      ".rodata", ".nonos.manifest", ".note.pvh",  ".text",
        ".data", ".bss",    ".nonos.pqsig",    ".nonos.sig", ".shstrtab",
    };
    struct file_bytes image = built_kernel(BUILT_KERNEL_DEV);
    assert_int_equal(load_le32(image.bytes + E_SHNUM) & 0xFFFF, BUILT_SECTION_COUNT);
    for (unsigned i = 0; i < BUILT_SECTION_COUNT; i++)
        assert_string_equal(section_name(image, i), kept[i]);
    assert_null(memmem(image.bytes, image.len, "cccc", 4));
    assert_non_null(memmem(image.bytes, image.len, "rrrrrrrr", 8));
    file_free(&image);
}

static void test_seal_drops_what_orders_the_linker(void **state)
{
    (void)state;
    struct file_bytes image = built_kernel(BUILT_KERNEL_DEV);
    const uint8_t *rodata = built_section_header(image, BUILT_RODATA);
    assert_int_equal(load_le64(rodata + S_FLAGS), 2);
    assert_int_equal(load_le64(rodata + S_ENTSIZE), 0);
    file_free(&image);
}

static void test_seal_leaves_both_signatures_zero_at_the_end(void **state)
{
    (void)state;
    struct file_bytes image = built_kernel(BUILT_KERNEL_DEV);
    assert_true(bytes_are_zero(image.bytes + image.len - 64 - 3309, 64 + 3309));
    assert_int_equal(load_le64(built_section_header(image, BUILT_SIG) + S_OFFSET), image.len - 64);
    assert_int_equal(load_le64(built_section_header(image, BUILT_PQSIG) + S_OFFSET),
                     image.len - 64 - 3309);
    file_free(&image);
}

static void test_seal_gives_the_same_bytes_each_time(void **state)
{
    (void)state;
    struct file_bytes first = built_kernel(BUILT_KERNEL_DEV);
    struct file_bytes second = built_kernel(BUILT_KERNEL_DEV);
    assert_int_equal(first.len, second.len);
    assert_memory_equal(first.bytes, second.bytes, first.len);
    file_free(&first);
    file_free(&second);
}

static void test_seal_changes_nothing_in_a_sealed_file(void **state)
{
    (void)state;
    struct file_bytes image = built_kernel(BUILT_KERNEL_DEV), again;
    unsigned line = 0;
    built_sign(image, NONOS_IMAGE_KERNEL, 1);
    assert_int_equal(seal_elf(image.bytes, image.len, &again, &line), NONOS_OK);
    assert_int_equal(image.len, again.len);
    assert_memory_equal(image.bytes, again.bytes, image.len);
    file_free(&image);
    file_free(&again);
}

/* Where a segment's bytes lie in the input says nothing about where they end up. */
static void test_seal_does_not_depend_on_offsets_of_the_input(void **state)
{
    (void)state;
    struct file_bytes plain = built_kernel(BUILT_KERNEL_DEV);
    struct file_bytes elf = built_elf(BUILT_KERNEL_DEV);
    /* The bytes of .data go behind everything else. */
    uint8_t *grown = calloc(1, elf.len + 0x1000);
    assert_non_null(grown);
    memcpy(grown, elf.bytes, elf.len);
    memcpy(grown + elf.len, elf.bytes + 0x4000, BUILT_DATA_LEN);
    memset(grown + 0x4000, 0xEE, BUILT_DATA_LEN);
    store_le64(grown + 64 + 2 * 56 + P_OFFSET, elf.len);
    store_le64(grown + 0x6000 + 5 * 64 + S_OFFSET, elf.len);
    free(elf.bytes);
    struct file_bytes moved = built_seal((struct file_bytes){grown, elf.len + 0x1000});
    assert_int_equal(plain.len, moved.len);
    assert_memory_equal(plain.bytes, moved.bytes, plain.len);
    file_free(&plain);
    file_free(&moved);
}

static enum nonos_error seal_changed(const struct tamper *tamper)
{
    struct file_bytes elf = built_elf(BUILT_KERNEL_DEV), image = {nullptr, 0};
    unsigned line = 0;
    tamper_apply(tamper, &elf);
    enum nonos_error error = seal_elf(elf.bytes, elf.len, &image, &line);
    assert_true((error == NONOS_OK) == (image.bytes != nullptr));
    file_free(&elf);
    file_free(&image);
    return error;
}

static void put_headers_into_segment(struct file_bytes *elf)
{
    store_le64(elf->bytes + 64 + P_OFFSET, 0);
}

/* Where no bytes are taken from the file, the offset may be anything. */
static void point_nowhere_without_bytes(struct file_bytes *elf)
{
    store_le64(elf->bytes + 64 + 2 * 56 + P_OFFSET, UINT64_MAX - 0xFFF);
    store_le64(elf->bytes + 64 + 2 * 56 + P_FILESZ, 0);
}

static void spoil_manifest(struct file_bytes *elf)
{
    char *at = memmem(elf->bytes, elf->len, "type=kernel", 11);
    assert_non_null(at);
    at[0] = 'T';
}

static void claim_capsule(struct file_bytes *elf)
{
    char *at = memmem(elf->bytes, elf->len, "type=kernel\nname=nonos\n", 23);
    assert_non_null(at);
    memcpy(at, "type=capsule\nname=nono\n", 23);
}

static void add_sections(struct file_bytes *elf)
{
    for (unsigned i = 9; i < 40; i++)
        memcpy(elf->bytes + 0x6000 + i * 64, elf->bytes + 0x6000 + 6 * 64, 64);
    built_store16(elf->bytes + E_SHNUM, 40);
}

static void lengthen_names(struct file_bytes *elf)
{
    memset(elf->bytes + 0x5200, 'n', 1500);
    store_le64(elf->bytes + 0x6000 + 8 * 64 + S_SIZE, 0x100 + 1501);
    store_le32(elf->bytes + 0x6000 + 64, 0x100);
}

static const struct tamper input_cases[] = {
    FILE_CASE("magic", 1, 1, 'e', ELF_MAGIC),
    FILE_CASE("32_bit", 4, 1, 1, ELF_CLASS),
    FILE_CASE("big_endian", 5, 1, 2, ELF_BYTE_ORDER),
    FILE_CASE("relocatable", 16, 2, 1, ELF_TYPE),
    FILE_CASE("arm", 18, 2, 183, ELF_MACHINE),
    FILE_CASE("program_header_size", 54, 2, 32, ELF_HEADER_SIZE),
    FILE_CASE("section_header_size", 58, 2, 40, ELF_HEADER_SIZE),
    FILE_CASE("program_table_outside", E_PHOFF, 8, 0x7000, PROGRAM_TABLE),
    FILE_CASE("program_table_wraps", E_PHOFF, 8, UINT64_MAX, PROGRAM_TABLE),
    FILE_CASE("no_program_headers", E_PHNUM, 2, 0, PROGRAM_TABLE),
    FILE_CASE("many_program_headers", E_PHNUM, 2, 17, PROGRAM_TABLE),
    FILE_CASE("section_table_outside", E_SHOFF, 8, 0x7000, SECTION_TABLE),
    FILE_CASE("section_table_wraps", E_SHOFF, 8, UINT64_MAX - 8, SECTION_TABLE),
    FILE_CASE("no_sections", E_SHNUM, 2, 0, SECTION_TABLE),
    FILE_CASE("all_sections", E_SHNUM, 2, 0xFFFF, SECTION_TABLE),
    FILE_CASE("name_table_out_of_table", E_SHSTRNDX, 2, 9, SECTION_NAME),
    FILE_CASE("name_table_outside", 0x6000 + 8 * 64 + S_OFFSET, 8, 0x7000, SECTION_NAME),
    FILE_CASE("name_table_wraps", 0x6000 + 8 * 64 + S_SIZE, 8, UINT64_MAX, SECTION_NAME),
    FILE_CASE("name_table_empty", 0x6000 + 8 * 64 + S_SIZE, 8, 0, SECTION_NAME),
    FILE_CASE("name_outside", 0x6000 + 64, 4, UINT32_MAX, SECTION_NAME),
    FILE_CASE("segment_outside", 64 + P_OFFSET, 8, 0x7000, SEGMENT_FILE_RANGE),
    FILE_CASE("segment_wraps", 64 + P_FILESZ, 8, UINT64_MAX, SEGMENT_FILE_RANGE),
    FILE_CASE("writable_code", 64 + 56 + P_FLAGS, 4, 7, SEGMENT_WX),
    FILE_CASE("thread_local_segment", 64 + 4 * 56, 4, 7, PROGRAM_TYPE),
    FILE_CASE("thread_local_section", 0x6000 + 5 * 64 + S_FLAGS, 8, 0x403, SECTION_TYPE),
    FILE_CASE("small_alignment", 64 + P_ALIGN, 8, 16, SEGMENT_ALIGNMENT),
    FILE_CASE("entry", E_ENTRY, 8, 0, ENTRY),
    CALL_CASE("headers_in_segment", put_headers_into_segment, SEGMENT_FILE_RANGE),
    CALL_CASE("offset_without_bytes", point_nowhere_without_bytes, SECTION_RANGE),
    CALL_CASE("many_sections", add_sections, SECTION_TABLE),
    CALL_CASE("long_names", lengthen_names, SECTION_TABLE),
    CALL_CASE("bad_manifest", spoil_manifest, MANIFEST_KEY),
    CALL_CASE("kernel_that_says_capsule", claim_capsule, POLICY_TYPE),
};
#define INPUT_CASE_COUNT (sizeof(input_cases) / sizeof(input_cases[0]))

static void test_input(void **state)
{
    const struct tamper *tamper = *state;
    assert_int_equal(seal_changed(tamper), tamper->expected);
}

static void test_seal_takes_a_large_segment_alignment(void **state)
{
    (void)state;
    struct tamper tamper = FILE_CASE("", 64 + 2 * 56 + P_ALIGN, 8, 0x10000, INTERNAL);
    assert_int_equal(seal_changed(&tamper), NONOS_OK);
}

static void test_seal_names_the_line_of_a_bad_manifest(void **state)
{
    (void)state;
    struct file_bytes elf = built_elf(BUILT_KERNEL_DEV), image;
    unsigned line = 0;
    spoil_manifest(&elf);
    assert_int_equal(seal_elf(elf.bytes, elf.len, &image, &line), NONOS_E_MANIFEST_KEY);
    assert_int_equal(line, 2);
    file_free(&elf);
}

static void test_seal_refuses_every_truncation(void **state)
{
    (void)state;
    struct file_bytes elf = built_elf(BUILT_KERNEL_DEV), image;
    unsigned line = 0;
    size_t needed = 0x6000 + 9 * 64; /* to the end of the section table */
    for (size_t len = 0; len < needed; len += 1 + test_random_below(60)) {
        struct file_bytes cut = built_copy((struct file_bytes){elf.bytes, len});
        assert_int_not_equal(seal_elf(cut.bytes, len, &image, &line), NONOS_OK);
        assert_null(image.bytes);
        free(cut.bytes);
    }
    file_free(&elf);
}

/* Whatever the input is, what comes out is nothing or a sealed image. */
static void test_seal_survives_random_headers(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 3000; round++) {
        struct file_bytes elf = built_elf(BUILT_KERNEL_DEV), image = {nullptr, 0};
        for (size_t n = 1 + test_random_below(3); n > 0; n--) {
            size_t at = test_random_below(2) == 0 ? test_random_below(64 + 5 * 56)
                                                  : 0x6000 + test_random_below(9 * 64);
            elf.bytes[at] ^= (uint8_t)(1u << test_random_below(8));
        }
        unsigned line = 0;
        struct structure structure;
        if (seal_elf(elf.bytes, elf.len, &image, &line) == NONOS_OK)
            assert_int_equal(structure_read(image.bytes, image.len, &structure), NONOS_OK);
        file_free(&elf);
        file_free(&image);
    }
}

int main(void)
{
    static char names[INPUT_CASE_COUNT][80];
    static struct CMUnitTest cases[INPUT_CASE_COUNT];
    for (size_t i = 0; i < INPUT_CASE_COUNT; i++) {
        snprintf(names[i], sizeof(names[i]), "test_seal_refuses_%s", input_cases[i].name);
        cases[i] = (struct CMUnitTest){names[i], test_input, nullptr, nullptr,
                                       (void *)(uintptr_t)&input_cases[i]};
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_seal_keeps_what_is_in_memory),
        cmocka_unit_test(test_seal_drops_what_orders_the_linker),
        cmocka_unit_test(test_seal_leaves_both_signatures_zero_at_the_end),
        cmocka_unit_test(test_seal_gives_the_same_bytes_each_time),
        cmocka_unit_test(test_seal_changes_nothing_in_a_sealed_file),
        cmocka_unit_test(test_seal_does_not_depend_on_offsets_of_the_input),
        cmocka_unit_test(test_seal_takes_a_large_segment_alignment),
        cmocka_unit_test(test_seal_names_the_line_of_a_bad_manifest),
        cmocka_unit_test(test_seal_refuses_every_truncation),
        cmocka_unit_test(test_seal_survives_random_headers),
    };
    int failed = cmocka_run_group_tests_name("seal", tests, nullptr, nullptr);
    return failed + cmocka_run_group_tests_name("seal_inputs", cases, nullptr, nullptr);
}
