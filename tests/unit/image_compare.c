/*
 * Two images compared: every kind of difference is found, counted and named by its part.
 */
#include "tools/image_compare.h"

#include "tests/support/image_builder.h"

/* A pair of images, the second of them changed by a test. */
struct pair {
    struct file_bytes images[2];
    struct image_elf elves[2];
    struct image_comparison *result;
};

static void parse(struct pair *pair)
{
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(image_parse_elf(pair->images[i].bytes, pair->images[i].len,
                                         NONOS_IMAGE_KERNEL, &pair->elves[i]),
                         NONOS_OK);
}

static struct pair pair_of(struct file_bytes first, struct file_bytes second)
{
    struct pair pair = {.images = {first, second}};
    pair.result = calloc(1, sizeof(*pair.result));
    assert_non_null(pair.result);
    parse(&pair);
    return pair;
}

static struct pair equal_pair(void)
{
    return pair_of(built_kernel(BUILT_KERNEL_DEV), built_kernel(BUILT_KERNEL_DEV));
}

static const struct image_comparison *compare(struct pair *pair)
{
    struct image_side sides[2];
    for (unsigned i = 0; i < 2; i++)
        sides[i] = (struct image_side){pair->images[i].bytes, pair->images[i].len, &pair->elves[i]};
    image_compare(&sides[0], &sides[1], pair->result);
    return pair->result;
}

static void end_pair(struct pair *pair)
{
    file_free(&pair->images[0]);
    file_free(&pair->images[1]);
    free(pair->result);
}

static bool is_named(const struct image_part *part, const char *name)
{
    return part->name_len == strlen(name) && memcmp(part->name, name, part->name_len) == 0;
}

static const struct image_part *find(const struct image_comparison *result, const char *name)
{
    for (size_t i = 0; i < result->part_count; i++)
        if (is_named(&result->parts[i], name))
            return &result->parts[i];
    return nullptr;
}

static size_t offset_of(struct file_bytes image, unsigned section)
{
    return (size_t)load_le64(built_section_header(image, section) + 24);
}

static void test_signatures_alone_are_no_difference(void **state)
{
    (void)state;
    struct pair pair = equal_pair();
    uint8_t *end = pair.images[1].bytes + pair.images[1].len;
    memset(end - NONOS_TRAILER_LEN, 0x5A, NONOS_TRAILER_LEN);
    assert_true(compare(&pair)->is_same);
    assert_int_equal(pair.result->part_count, 0);
    assert_int_equal(pair.result->byte_count, 0);
    assert_null(image_comparison_first(pair.result));
    end_pair(&pair);
}

/* Each byte of the body in turn, where what results is still an image: there is no place where a
 * difference is not seen. */
static void test_every_byte_before_the_signatures_counts(void **state)
{
    (void)state;
    struct pair pair = equal_pair();
    size_t body_len = pair.images[1].len - NONOS_TRAILER_LEN, seen = 0;
    for (size_t i = 0; i < body_len; i++) {
        pair.images[1].bytes[i] ^= 1;
        if (image_parse_elf(pair.images[1].bytes, pair.images[1].len, NONOS_IMAGE_KERNEL,
                            &pair.elves[1]) == NONOS_OK) {
            const struct image_comparison *result = compare(&pair);
            assert_false(result->is_same);
            assert_true(result->part_count >= 1 && result->byte_count >= 1);
            assert_non_null(image_comparison_first(result));
            seen++;
        }
        pair.images[1].bytes[i] ^= 1;
    }
    assert_true(seen > BUILT_RODATA_LEN + BUILT_TEXT_LEN + BUILT_DATA_LEN);
    /* The last one is of a field that no map is made from. */
    parse(&pair);
    pair.images[1].bytes[body_len - 1] ^= 1;
    assert_false(compare(&pair)->is_same);
    end_pair(&pair);
}

static void test_first_and_last_byte_of_a_section_are_its_own(void **state)
{
    (void)state;
    static const struct {
        unsigned section;
        const char *name;
        uint64_t len;
    } cases[] = {{BUILT_RODATA, ".rodata", BUILT_RODATA_LEN},
                 {BUILT_TEXT, ".text", BUILT_TEXT_LEN},
                 {BUILT_DATA, ".data", BUILT_DATA_LEN},
                 {BUILT_NOTE_PVH, ".note.pvh", 20}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (unsigned last = 0; last < 2; last++) {
            struct pair pair = equal_pair();
            size_t offset = offset_of(pair.images[1], cases[i].section);
            uint64_t at = last != 0 ? cases[i].len - 1 : 0;
            pair.images[1].bytes[offset + at] ^= 1;
            const struct image_comparison *result = compare(&pair);
            assert_int_equal(result->part_count, 1);
            assert_int_equal(result->byte_count, 1);
            const struct image_part *part = image_comparison_first(result);
            assert_true(is_named(part, cases[i].name) && part->is_section);
            assert_int_equal(part->at, at);
            assert_int_equal(part->first.offset, offset);
            assert_int_equal(
                part->address,
                load_le64(built_section_header(pair.images[1], cases[i].section) + 16) + at);
            end_pair(&pair);
        }
    }
}

static void test_all_that_differs_is_counted_and_the_first_is_named(void **state)
{
    (void)state;
    struct pair pair = equal_pair();
    size_t text = offset_of(pair.images[1], BUILT_TEXT);
    pair.images[1].bytes[text + 7] ^= 1;
    pair.images[1].bytes[text + 9] ^= 1;
    pair.images[1].bytes[offset_of(pair.images[1], BUILT_DATA) + 3] ^= 1;
    const struct image_comparison *result = compare(&pair);
    assert_int_equal(result->part_count, 2);
    assert_int_equal(result->byte_count, 3);
    assert_int_equal(find(result, ".text")->differing, 2);
    assert_int_equal(find(result, ".text")->at, 7);
    assert_ptr_equal(image_comparison_first(result), find(result, ".text"));
    end_pair(&pair);
}

static void test_code_is_named_before_the_manifest(void **state)
{
    (void)state;
    struct pair pair = equal_pair();
    built_replace(pair.images[1], "version=0.1.0", "version=0.2.0");
    pair.images[1].bytes[offset_of(pair.images[1], BUILT_TEXT)] ^= 1;
    const struct image_comparison *result = compare(&pair);
    assert_true(result->parts[0].is_manifest);
    assert_ptr_equal(image_comparison_first(result), find(result, ".text"));
    end_pair(&pair);
}

/* Which of them is changed tells that each is compared with its own. */
static void test_parts_of_one_kind_are_matched_in_their_order(void **state)
{
    (void)state;
    struct pair pair = equal_pair();
    for (unsigned i = 0; i < 2; i++) {
        uint8_t *bytes = pair.images[i].bytes;
        bytes[offset_of(pair.images[i], BUILT_TEXT) + BUILT_TEXT_LEN] = 7;
    }
    assert_true(compare(&pair)->is_same);
    pair.images[1].bytes[offset_of(pair.images[1], BUILT_TEXT) + BUILT_TEXT_LEN] = 8;
    const struct image_comparison *result = compare(&pair);
    assert_int_equal(result->part_count, 1);
    assert_int_equal(result->byte_count, 1);
    assert_int_equal(result->parts[0].first.offset,
                     offset_of(pair.images[1], BUILT_TEXT) + BUILT_TEXT_LEN);
    end_pair(&pair);
}

static void test_header_and_padding_have_words(void **state)
{
    (void)state;
    struct pair pair = equal_pair();
    pair.images[1].bytes[24] ^= 1;
    assert_true(is_named(&compare(&pair)->parts[0], "the ELF header"));
    assert_false(pair.result->parts[0].is_section);
    pair.images[1].bytes[24] ^= 1;
    pair.images[1].bytes[64 + 5 * 56] ^= 1;
    assert_true(is_named(&compare(&pair)->parts[0], "padding between sections"));
    pair.images[1].bytes[64 + 5 * 56] ^= 1;
    built_section_header(pair.images[1], BUILT_TEXT)[48] ^= 3;
    assert_non_null(find(compare(&pair), "the section headers"));
    end_pair(&pair);
}

/* A manifest that is longer moves what stands behind it, which is the same all the same. */
static void test_a_longer_manifest_is_a_section_of_another_size(void **state)
{
    (void)state;
    struct pair pair = pair_of(
        built_kernel(BUILT_KERNEL_DEV),
        built_kernel(BUILT_MANIFEST_TEXT(BUILT_HEAD("kernel", "3000", NONOS_TARGET, "dev"), "")));
    const struct image_comparison *result = compare(&pair);
    const struct image_part *manifest = find(result, ".nonos.manifest");
    assert_true(manifest->is_manifest);
    assert_int_equal(manifest->second.len, manifest->first.len + 3);
    assert_null(find(result, ".note.pvh"));
    assert_null(find(result, ".rodata"));
    assert_non_null(find(result, "the section headers"));
    /* No other section differs: the manifest rather than the headers. */
    assert_ptr_equal(image_comparison_first(result), manifest);
    end_pair(&pair);
}

static void test_a_shorter_section_differs_from_its_end(void **state)
{
    (void)state;
    struct pair pair = equal_pair();
    store_le64(built_section_header(pair.images[1], BUILT_TEXT) + 32, BUILT_TEXT_LEN - 16);
    parse(&pair);
    const struct image_comparison *result = compare(&pair);
    const struct image_part *text = find(result, ".text");
    assert_int_equal(text->differing, 0);
    assert_int_equal(text->at, BUILT_TEXT_LEN - 16);
    assert_int_equal(text->address, 0);
    assert_ptr_equal(image_comparison_first(result), text);
    const struct image_part *fill = find(result, "bytes of no section");
    assert_true(fill->second.is_there);
    assert_int_equal(fill->second.len, 16);
    end_pair(&pair);
}

static void test_a_section_that_one_of_them_lacks_is_said(void **state)
{
    (void)state;
    struct pair pair = equal_pair();
    uint8_t *names = pair.images[1].bytes + offset_of(pair.images[1], BUILT_NAMES);
    names[load_le32(built_section_header(pair.images[1], BUILT_DATA)) + 1] = 'x';
    parse(&pair);
    const struct image_comparison *result = compare(&pair);
    assert_true(find(result, ".data")->first.is_there);
    assert_false(find(result, ".data")->second.is_there);
    assert_true(find(result, ".xata")->second.is_there);
    assert_false(find(result, ".xata")->first.is_there);
    assert_non_null(find(result, "the section names"));
    assert_int_equal(result->byte_count, 2 * BUILT_DATA_LEN + 1);
    end_pair(&pair);
}

static void test_zeroes_differ_by_their_length(void **state)
{
    (void)state;
    struct pair pair = equal_pair();
    store_le64(built_section_header(pair.images[1], BUILT_BSS) + 32, BUILT_BSS_LEN - 64);
    parse(&pair);
    const struct image_comparison *result = compare(&pair);
    const struct image_part *zeroes = find(result, ".bss");
    assert_int_equal(zeroes->first.len, BUILT_BSS_LEN);
    assert_int_equal(zeroes->second.len, BUILT_BSS_LEN - 64);
    assert_ptr_equal(image_comparison_first(result), zeroes);
    /* In the file it is one byte of a header. */
    assert_int_equal(result->byte_count, find(result, "the section headers")->differing);
    end_pair(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signatures_alone_are_no_difference),
        cmocka_unit_test(test_every_byte_before_the_signatures_counts),
        cmocka_unit_test(test_first_and_last_byte_of_a_section_are_its_own),
        cmocka_unit_test(test_all_that_differs_is_counted_and_the_first_is_named),
        cmocka_unit_test(test_code_is_named_before_the_manifest),
        cmocka_unit_test(test_parts_of_one_kind_are_matched_in_their_order),
        cmocka_unit_test(test_header_and_padding_have_words),
        cmocka_unit_test(test_a_longer_manifest_is_a_section_of_another_size),
        cmocka_unit_test(test_a_shorter_section_differs_from_its_end),
        cmocka_unit_test(test_a_section_that_one_of_them_lacks_is_said),
        cmocka_unit_test(test_zeroes_differ_by_their_length),
    };
    return cmocka_run_group_tests_name("image_compare", tests, nullptr, nullptr);
}
