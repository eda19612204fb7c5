/*
 * The other side of each limit of an image's structure: the largest, the smallest and the last that
 * is accepted. What is one step further is in tests/support/structure_cases.h.
 */
#include "tests/support/structure_limits.h"
#include "tests/support/verifying.h"

static struct image_policy trust_alice(enum nonos_image_type wanted)
{
    struct image_policy policy = trust(&alice, 1);
    policy.wanted = wanted;
    return policy;
}

/* Signs the kernel and gives it back to the heap. */
static void check_accepted(struct file_bytes image)
{
    struct image_policy policy = trust_alice(NONOS_IMAGE_KERNEL);
    built_sign(image, NONOS_IMAGE_KERNEL, 1);
    assert_int_equal(verify(image, &policy), NONOS_OK);
    file_free(&image);
}

static void check_code(struct file_bytes image, enum nonos_error expected)
{
    struct image_policy policy = trust_alice(NONOS_IMAGE_KERNEL);
    built_sign(image, NONOS_IMAGE_KERNEL, 1);
    assert_int_equal(verify(image, &policy), expected);
    file_free(&image);
}

static void put_entry(struct file_bytes image, uint64_t offset_in_code)
{
    store_le64(image.bytes + E_ENTRY,
               load_le64(built_program_header(image, BUILT_X) + P_VADDR) + offset_in_code);
}

static void test_entry_is_the_first_or_the_last_byte_of_code(void **)
{
    static const uint64_t offsets[] = {0, BUILT_TEXT_LEN - 1};
    for (size_t i = 0; i < 2; i++) {
        struct file_bytes image = built_kernel(BUILT_KERNEL_RELEASE);
        put_entry(image, offsets[i]);
        check_accepted(image);
    }
}

static void test_entry_is_not_in_memory_without_bytes(void **)
{
    struct file_bytes image = built_kernel(BUILT_KERNEL_RELEASE);
    store_le64(built_program_header(image, BUILT_X) + P_MEMSZ, BUILT_TEXT_LEN + 16);
    put_entry(image, BUILT_TEXT_LEN);
    check_code(image, NONOS_E_ENTRY);
}

static void test_segment_reaches_up_to_the_next(void **)
{
    struct file_bytes image = built_kernel(BUILT_KERNEL_RELEASE);
    store_le64(built_program_header(image, BUILT_R) + P_MEMSZ, 0x2000);
    check_accepted(image);
}

static void test_memory_reaches_up_to_the_last_byte_but_one_page(void **)
{
    uint64_t w_vaddr = NONOS_KERNEL_PADDR + NONOS_KERNEL_VIRTUAL_OFFSET + 0x3000;
    struct file_bytes image = built_kernel(BUILT_KERNEL_RELEASE);
    store_le64(built_program_header(image, BUILT_W) + P_MEMSZ, UINT64_MAX - w_vaddr);
    check_accepted(image);
}

static void test_segment_has_as_much_memory_as_bytes_or_none(void **)
{
    struct file_bytes image = built_kernel(BUILT_KERNEL_RELEASE);
    add_segments(&image, 1);
    uint8_t *added = built_program_header(image, BUILT_PROGRAM_COUNT);
    assert_int_equal(load_le64(added + P_FILESZ), 0);
    store_le64(added + P_MEMSZ, 1);
    check_accepted(image);
}

static void test_8_segments_and_16_program_headers(void **)
{
    struct file_bytes image = built_kernel(BUILT_KERNEL_RELEASE);
    add_segments(&image, 5);
    for (unsigned i = BUILT_PROGRAM_COUNT + 5; i < 16; i++)
        memcpy(built_program_header(image, i), built_program_header(image, BUILT_NOTE), 56);
    built_store16(image.bytes + E_PHNUM, 16);
    check_accepted(image);
}

static void test_32_sections(void **)
{
    struct file_bytes image = built_kernel(BUILT_KERNEL_RELEASE);
    size_t more = 64 * (32 - BUILT_SECTION_COUNT), table = table_of(&image);
    /* Empty ones at the end of the last segment's memory, behind .bss. */
    insert_zeroes(&image, table, more);
    memmove(image.bytes + table, image.bytes + table + more, BUILT_SECTION_COUNT * 64);
    store_le64(image.bytes + E_SHOFF, table);
    for (unsigned i = BUILT_SECTION_COUNT; i < 32; i++) {
        uint8_t *added = built_section_header(image, i);
        memcpy(added, built_section_header(image, BUILT_BSS), 64);
        add_to_field(added + S_ADDR, BUILT_BSS_LEN);
        store_le64(added + S_SIZE, 0);
        store_le64(added + S_ALIGN, 0);
    }
    built_store16(image.bytes + E_SHNUM, 32);
    check_accepted(image);
}

static void test_names_of_4096_bytes(void **)
{
    struct file_bytes image = built_kernel(BUILT_KERNEL_RELEASE);
    have_names_of_4096(&image);
    check_accepted(image);
}

static void test_note_of_4096_bytes(void **)
{
    struct file_bytes image = built_kernel(BUILT_KERNEL_RELEASE);
    have_note_of_4096(&image);
    check_accepted(image);
}

static void test_stack_is_not_needed(void **)
{
    struct file_bytes image = built_kernel(BUILT_KERNEL_RELEASE);
    memset(built_program_header(image, BUILT_STACK), 0, 56);
    built_store16(image.bytes + E_PHNUM, BUILT_PROGRAM_COUNT - 1);
    check_accepted(image);
}

static void test_section_alignment_is_zero_one_or_what_the_address_has(void **)
{
    static const uint64_t alignments[] = {0, 1, 2, 0x1000, 0x100000};
    for (size_t i = 0; i < sizeof(alignments) / sizeof(alignments[0]); i++) {
        struct file_bytes image = built_kernel(BUILT_KERNEL_RELEASE);
        store_le64(built_section_header(image, BUILT_RODATA) + S_ALIGN, alignments[i]);
        check_accepted(image);
    }
}

static void test_file_of_16_mib(void **)
{
    struct file_bytes image = built_kernel(BUILT_KERNEL_RELEASE);
    size_t more = NONOS_IMAGE_MAX_LEN - image.len;
    /* Less than 8 bytes stay to the limit: the table is at a multiple of 8. */
    insert_zeroes(&image, table_of(&image), more / 8 * 8);
    assert_true(NONOS_IMAGE_MAX_LEN - image.len < 8);
    built_sign(image, NONOS_IMAGE_KERNEL, 1);
    struct image_policy policy = trust_alice(NONOS_IMAGE_KERNEL);
    assert_int_equal(verify(image, &policy), NONOS_OK);
    insert_zeroes(&image, table_of(&image), 8);
    assert_true(image.len > NONOS_IMAGE_MAX_LEN);
    assert_refused(image, &policy, NONOS_E_IMAGE_LONG);
}

/* A capsule of the builder takes 0x5030 bytes of memory. */
static void check_capsule_at(uint64_t base, uint64_t base_over_limit)
{
    struct file_bytes image = built_seal(built_elf_at(BUILT_CAPSULE_DEV, base, 0));
    struct image_policy policy = trust(&bob, 1);
    policy.wanted = NONOS_IMAGE_CAPSULE;
    policy.allow_dev = true;
    built_sign(image, NONOS_IMAGE_CAPSULE, 2);
    assert_int_equal(verify(image, &policy), NONOS_OK);
    for (unsigned i = 0; i < BUILT_STACK; i++) {
        add_to_field(built_program_header(image, i) + P_VADDR, base_over_limit - base);
        add_to_field(built_program_header(image, i) + P_PADDR, base_over_limit - base);
    }
    built_sign(image, NONOS_IMAGE_CAPSULE, 2);
    assert_refused(image, &policy, NONOS_E_SEGMENT_MEMORY_RANGE);
}

static void test_capsule_lies_off_the_first_pages(void **)
{
    check_capsule_at(NONOS_CAPSULE_MIN_VADDR, NONOS_CAPSULE_MIN_VADDR - 0x1000);
}

static void test_capsule_lies_in_the_lower_half(void **)
{
    check_capsule_at(NONOS_CAPSULE_MAX_VADDR - 0x6000, NONOS_CAPSULE_MAX_VADDR - 0x5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_entry_is_the_first_or_the_last_byte_of_code),
        cmocka_unit_test(test_entry_is_not_in_memory_without_bytes),
        cmocka_unit_test(test_segment_reaches_up_to_the_next),
        cmocka_unit_test(test_memory_reaches_up_to_the_last_byte_but_one_page),
        cmocka_unit_test(test_segment_has_as_much_memory_as_bytes_or_none),
        cmocka_unit_test(test_8_segments_and_16_program_headers),
        cmocka_unit_test(test_32_sections),
        cmocka_unit_test(test_names_of_4096_bytes),
        cmocka_unit_test(test_note_of_4096_bytes),
        cmocka_unit_test(test_stack_is_not_needed),
        cmocka_unit_test(test_section_alignment_is_zero_one_or_what_the_address_has),
        cmocka_unit_test(test_file_of_16_mib),
        cmocka_unit_test(test_capsule_lies_off_the_first_pages),
        cmocka_unit_test(test_capsule_lies_in_the_lower_half),
    };
    return cmocka_run_group_tests_name("elf_limits", tests, make_identities, nullptr);
}
