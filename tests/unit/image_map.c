/*
 * The map of an image: every byte is in exactly one region, whatever sections and segments it has.
 */
#include "tools/image_map.h"

#include "tests/support/image_builder.h"

struct mapped {
    struct file_bytes image;
    struct image_elf elf;
    struct image_map map;
};

/* Maps an image that the verifier takes; it becomes the mapped one's. */
static struct mapped mapped(struct file_bytes image, enum nonos_image_type type)
{
    struct mapped it = {.image = image};
    assert_int_equal(image_parse_elf(image.bytes, image.len, type, &it.elf), NONOS_OK);
    image_map_make(image.bytes, image.len, &it.elf, &it.map);
    return it;
}

static void assert_tiles(const struct image_map *map, size_t len)
{
    uint64_t end = 0;
    for (size_t i = 0; i < map->count; i++) {
        assert_int_equal(map->regions[i].offset, end);
        assert_true(map->regions[i].len > 0);
        end += map->regions[i].len;
    }
    assert_int_equal(end, len);
}

static const struct image_region *find(const struct image_map *map, enum image_region_kind kind)
{
    for (size_t i = 0; i < map->count; i++)
        if (map->regions[i].kind == kind)
            return &map->regions[i];
    return nullptr;
}

static bool is_named(const struct image_region *region, const char *name)
{
    return region->name != nullptr && region->name_len == strlen(name) &&
           memcmp(region->name, name, region->name_len) == 0;
}

static void test_map_of_a_kernel_has_every_part_in_order(void **state)
{
    (void)state;
    static const enum image_region_kind kinds[] = {
        IMAGE_REGION_ELF_HEADER, IMAGE_REGION_PROGRAM_HEADERS, IMAGE_REGION_PADDING,
        IMAGE_REGION_SECTION,    IMAGE_REGION_MANIFEST,        IMAGE_REGION_FILL,
        IMAGE_REGION_PVH_NOTE,   IMAGE_REGION_PADDING,         IMAGE_REGION_SECTION,
        IMAGE_REGION_PADDING,    IMAGE_REGION_SECTION,         IMAGE_REGION_SECTION_NAMES,
        IMAGE_REGION_PADDING,    IMAGE_REGION_SECTION_HEADERS, IMAGE_REGION_PQSIG,
        IMAGE_REGION_SIG,
    };
    struct mapped it = mapped(built_kernel(BUILT_KERNEL_DEV), NONOS_IMAGE_KERNEL);
    assert_tiles(&it.map, it.image.len);
    assert_int_equal(it.map.count, sizeof kinds / sizeof kinds[0]);
    for (size_t i = 0; i < it.map.count; i++)
        assert_int_equal(it.map.regions[i].kind, kinds[i]);
    assert_true(is_named(&it.map.regions[3], ".rodata"));
    assert_true(is_named(&it.map.regions[4], ".nonos.manifest"));
    assert_true(is_named(&it.map.regions[8], ".text"));
    assert_int_equal(it.map.regions[3].segment, 0);
    assert_int_equal(it.map.regions[8].segment, 1);
    assert_int_equal(it.map.regions[10].segment, 2);
    assert_int_equal(it.map.regions[2].segment, IMAGE_REGION_NO_SEGMENT);
    file_free(&it.image);
}

static void test_map_has_sections_without_bytes_beside_the_regions(void **state)
{
    (void)state;
    struct mapped it = mapped(built_kernel(BUILT_KERNEL_DEV), NONOS_IMAGE_KERNEL);
    assert_int_equal(it.map.zeroes_count, 1);
    assert_int_equal(it.map.zeroes[0].len, BUILT_BSS_LEN);
    assert_int_equal(it.map.zeroes[0].segment, 2);
    assert_int_equal(it.map.zeroes[0].name_len, strlen(".bss"));
    file_free(&it.image);
}

static void test_map_of_a_capsule_tiles_it(void **state)
{
    (void)state;
    struct mapped it = mapped(built_capsule(BUILT_CAPSULE_DEV), NONOS_IMAGE_CAPSULE);
    assert_tiles(&it.map, it.image.len);
    assert_non_null(find(&it.map, IMAGE_REGION_MANIFEST));
    file_free(&it.image);
}

static void test_map_knows_the_pvh_note_by_what_it_says(void **state)
{
    (void)state;
    struct file_bytes image = built_kernel(BUILT_KERNEL_DEV);
    uint64_t note = load_le64(built_section_header(image, BUILT_NOTE_PVH) + 24);
    store_le32(image.bytes + note + 8, 17);
    struct mapped it = mapped(image, NONOS_IMAGE_KERNEL);
    assert_null(find(&it.map, IMAGE_REGION_PVH_NOTE));
    assert_int_equal(find(&it.map, IMAGE_REGION_NOTE)->offset, note);
    file_free(&it.image);
}

static void test_map_calls_bytes_that_no_section_names_fill(void **state)
{
    (void)state;
    struct file_bytes image = built_kernel(BUILT_KERNEL_DEV);
    store_le64(built_section_header(image, BUILT_TEXT) + 32, BUILT_TEXT_LEN - 16);
    struct mapped it = mapped(image, NONOS_IMAGE_KERNEL);
    assert_tiles(&it.map, image.len);
    struct image_region last = {0};
    for (size_t i = 0; i < it.map.count; i++)
        if (it.map.regions[i].segment == 1)
            last = it.map.regions[i];
    assert_int_equal(last.kind, IMAGE_REGION_FILL);
    assert_int_equal(last.len, 16);
    file_free(&it.image);
}

static void test_map_leaves_out_sections_of_no_length(void **state)
{
    (void)state;
    struct file_bytes image = built_kernel(BUILT_KERNEL_DEV);
    store_le64(built_section_header(image, BUILT_RODATA) + 32, 0);
    store_le64(built_section_header(image, BUILT_BSS) + 32, 0);
    struct mapped it = mapped(image, NONOS_IMAGE_KERNEL);
    assert_tiles(&it.map, image.len);
    for (size_t i = 0; i < it.map.count; i++)
        assert_false(is_named(&it.map.regions[i], ".rodata"));
    assert_int_equal(it.map.zeroes_count, 0);
    file_free(&it.image);
}

static void test_map_of_what_is_no_image_is_what_its_length_says(void **state)
{
    (void)state;
    for (size_t len = NONOS_IMAGE_MIN_LEN; len < NONOS_IMAGE_MIN_LEN + 3; len++) {
        uint8_t *bytes = test_allocate(len);
        struct image_map map;
        test_random(bytes, len);
        image_map_make(bytes, len, nullptr, &map);
        assert_tiles(&map, len);
        assert_int_equal(map.count, 3);
        assert_int_equal(map.regions[0].kind, IMAGE_REGION_UNREAD);
        assert_int_equal(map.regions[1].len, NONOS_PQSIG_LEN);
        assert_int_equal(map.regions[2].len, NONOS_SIG_LEN);
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_map_of_a_kernel_has_every_part_in_order),
        cmocka_unit_test(test_map_has_sections_without_bytes_beside_the_regions),
        cmocka_unit_test(test_map_of_a_capsule_tiles_it),
        cmocka_unit_test(test_map_knows_the_pvh_note_by_what_it_says),
        cmocka_unit_test(test_map_calls_bytes_that_no_section_names_fill),
        cmocka_unit_test(test_map_leaves_out_sections_of_no_length),
        cmocka_unit_test(test_map_of_what_is_no_image_is_what_its_length_says),
    };
    return cmocka_run_group_tests_name("image_map", tests, nullptr, nullptr);
}
