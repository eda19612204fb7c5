/*
 * The structure of an image: every rule of docs/image-format.md broken, one at a time, in a file
 * that is not signed, is signed before the change, and is signed after it.
 */
#include "image/elf.h"

#include "image/verify.h"
#include "tests/support/structure_cases.h"

static void test_elf_reads_a_kernel(void **state)
{
    (void)state;
    struct file_bytes image = built_kernel(BUILT_KERNEL_DEV);
    struct image_elf elf;
    assert_int_equal(image_parse_elf(image.bytes, image.len, NONOS_IMAGE_KERNEL, &elf), NONOS_OK);
    uint64_t start = NONOS_KERNEL_PADDR + NONOS_KERNEL_VIRTUAL_OFFSET;
    assert_int_equal(elf.entry, start + 0x2010);
    assert_int_equal(elf.memory_paddr, NONOS_KERNEL_PADDR);
    assert_int_equal(elf.memory_vaddr, start);
    assert_int_equal(elf.memory_len, 0x6000);
    assert_int_equal(elf.segment_count, 3);
    assert_int_equal(elf.segments[1].flags, IMAGE_SEGMENT_R | IMAGE_SEGMENT_X);
    assert_int_equal(elf.segments[1].offset, 0x2000);
    assert_int_equal(elf.segments[1].file_len, BUILT_TEXT_LEN);
    assert_int_equal(elf.segments[1].vaddr, start + 0x2000);
    assert_int_equal(elf.segments[1].paddr, NONOS_KERNEL_PADDR + 0x2000);
    assert_int_equal(elf.segments[2].mem_len, BUILT_DATA_LEN + BUILT_BSS_LEN);
    assert_int_equal(elf.manifest_len, sizeof(BUILT_KERNEL_DEV));
    assert_memory_equal(image.bytes + elf.manifest_offset, BUILT_KERNEL_DEV,
                        sizeof(BUILT_KERNEL_DEV));
    file_free(&image);
}

static void test_elf_reads_a_capsule_only_as_one(void **state)
{
    (void)state;
    struct file_bytes image = built_capsule(BUILT_CAPSULE_DEV);
    struct image_elf elf;
    assert_int_equal(image_parse_elf(image.bytes, image.len, NONOS_IMAGE_CAPSULE, &elf), NONOS_OK);
    assert_int_equal(elf.memory_vaddr, 0x400000);
    assert_int_equal(image_parse_elf(image.bytes, image.len, NONOS_IMAGE_KERNEL, &elf),
                     NONOS_E_SEGMENT_PLACEMENT);
    assert_int_equal(image_parse_elf(image.bytes, image.len, NONOS_IMAGE_BUNDLE, &elf),
                     NONOS_E_BUNDLE);
    assert_int_equal(elf.segment_count, 0);
    file_free(&image);
}

static void test_elf_refuses_a_capsule_out_of_bounds(void **state)
{
    (void)state;
    static const uint64_t bases[] = {0, NONOS_CAPSULE_MIN_VADDR - 0x1000,
                                     NONOS_CAPSULE_MAX_VADDR - 0x5000, NONOS_CAPSULE_MAX_VADDR};
    for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
        struct file_bytes elf = built_elf_at(BUILT_CAPSULE_DEV, bases[i], 0);
        struct file_bytes image;
        unsigned line = 0;
        enum nonos_error error = seal_elf(elf.bytes, elf.len, &image, &line);
        assert_true(error == NONOS_E_SEGMENT_MEMORY_RANGE || error == NONOS_E_SEGMENT_PLACEMENT);
        file_free(&elf);
    }
}

static void test_elf_takes_8_segments(void **state)
{
    (void)state;
    struct file_bytes image = built_kernel(BUILT_KERNEL_DEV);
    struct image_elf elf;
    add_segments(&image, 5);
    assert_int_equal(image_parse_elf(image.bytes, image.len, NONOS_IMAGE_KERNEL, &elf), NONOS_OK);
    assert_int_equal(elf.segment_count, 8);
    assert_int_equal(elf.memory_len, 0x15000);
    assert_int_equal(elf.segments[7].offset, 0);
    file_free(&image);
}

/* The buffer ends where the file does, so that the sanitizer sees one byte too many. */
static void test_elf_refuses_every_truncation(void **state)
{
    (void)state;
    struct file_bytes image = built_kernel(BUILT_KERNEL_DEV);
    for (size_t len = 0; len < image.len; len += 1 + test_random_below(40)) {
        struct file_bytes cut = built_copy((struct file_bytes){image.bytes, len});
        struct image_elf elf;
        assert_int_not_equal(image_parse_elf(cut.bytes, len, NONOS_IMAGE_KERNEL, &elf), NONOS_OK);
        assert_int_equal(elf.segment_count, 0);
        free(cut.bytes);
    }
    file_free(&image);
}

/* Whatever the headers say, the answer is an error or a structure that lies inside the file. */
static void test_elf_survives_random_headers(void **state)
{
    (void)state;
    struct file_bytes image = built_kernel(BUILT_KERNEL_DEV);
    size_t table = (size_t)load_le64(image.bytes + E_SHOFF);
    for (unsigned round = 0; round < 20000; round++) {
        struct file_bytes changed = built_copy(image);
        for (size_t changes = 1 + test_random_below(3); changes > 0; changes--) {
            size_t at = test_random_below(2) == 0
                            ? test_random_below(64 + BUILT_PROGRAM_COUNT * 56)
                            : table + test_random_below(BUILT_SECTION_COUNT * 64);
            changed.bytes[at] ^= (uint8_t)(1u << test_random_below(8));
        }
        struct image_elf elf;
        if (image_parse_elf(changed.bytes, changed.len, NONOS_IMAGE_KERNEL, &elf) == NONOS_OK) {
            for (unsigned i = 0; i < elf.segment_count; i++)
                assert_true(elf.segments[i].offset + elf.segments[i].file_len <=
                            changed.len - NONOS_TRAILER_LEN);
            assert_true(elf.manifest_offset + elf.manifest_len <= changed.len - NONOS_TRAILER_LEN);
        }
        free(changed.bytes);
    }
    file_free(&image);
}

static enum nonos_error verify(struct file_bytes image, const struct identity *identity)
{
    struct image_policy policy = {
        .wanted = NONOS_IMAGE_KERNEL,
        .trusted = identity,
        .trusted_count = 1,
        .security_version_floor = 1,
        .allow_dev = true,
    };
    struct image_verdict verdict;
    enum nonos_error error =
        image_verify(image.bytes, image.len, &policy, nullptr, nullptr, &verdict);
    assert_int_equal(error, verdict.error);
    assert_int_equal(image_is_verified(&verdict), error == NONOS_OK);
    return error;
}

static void test_structure(void **state)
{
    const struct tamper *tamper = *state;
    struct identity identity =
        built_identity(7, "dev", (uint32_t)NONOS_IMAGE_KERNEL, NONOS_PROFILE_DEV);
    struct file_bytes image = built_kernel(BUILT_KERNEL_DEV);
    built_sign(image, NONOS_IMAGE_KERNEL, 7);
    assert_int_equal(verify(image, &identity), NONOS_OK);

    tamper_apply(tamper, &image);
    struct image_elf elf;
    assert_int_equal(image_parse_elf(image.bytes, image.len, NONOS_IMAGE_KERNEL, &elf),
                     tamper->expected);
    assert_memory_equal(&elf, &(struct image_elf){0}, sizeof(elf));
    assert_int_equal(verify(image, &identity), NONOS_E_ED25519);
    built_sign(image, NONOS_IMAGE_KERNEL, 7);
    assert_int_equal(verify(image, &identity), tamper->expected);
    file_free(&image);
}

int main(void)
{
    static char names[STRUCTURE_CASE_COUNT][80];
    static struct CMUnitTest cases[STRUCTURE_CASE_COUNT];
    for (size_t i = 0; i < STRUCTURE_CASE_COUNT; i++) {
        snprintf(names[i], sizeof(names[i]), "test_structure_refuses_%s", structure_cases[i].name);
        cases[i] = (struct CMUnitTest){names[i], test_structure, nullptr, nullptr,
                                       (void *)(uintptr_t)&structure_cases[i]};
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_elf_reads_a_kernel),
        cmocka_unit_test(test_elf_reads_a_capsule_only_as_one),
        cmocka_unit_test(test_elf_refuses_a_capsule_out_of_bounds),
        cmocka_unit_test(test_elf_takes_8_segments),
        cmocka_unit_test(test_elf_refuses_every_truncation),
        cmocka_unit_test(test_elf_survives_random_headers),
    };
    int failed = cmocka_run_group_tests_name("elf", tests, nullptr, nullptr);
    return failed + cmocka_run_group_tests_name("elf_structure", cases, nullptr, nullptr);
}
