#include "kernel/pvh_map.h"

#include "kernel/mem/address.h"
#include "tests/support/vectors.h"

#define IMAGE UINT64_C(0x100000)
#define IMAGE_LEN UINT64_C(0x40000)
#define MIB UINT64_C(0x100000)

static struct pvh_map map;

static void expect_region(size_t i, uint64_t start, uint64_t end, enum nonos_memory_type type)
{
    assert_true(i < map.count);
    assert_int_equal(map.regions[i].paddr, start);
    assert_int_equal(map.regions[i].page_count * PAGE_LEN, end - start);
    assert_int_equal(map.regions[i].type, type);
    assert_int_equal(map.regions[i].reserved, 0);
}

static void expect_refusal(const struct pvh_memory *entries, size_t count)
{
    assert_int_equal(pvh_map_build(entries, count, IMAGE, IMAGE_LEN, &map),
                     NONOS_E_HANDOFF_MEMORY_MAP);
    assert_int_equal(map.count, 0);
}

static void test_qemu_map(void **state)
{
    const struct pvh_memory entries[] = {
        {.paddr = 0, .len = 0x9FC00, .type = 1},
        {.paddr = 0x9FC00, .len = 0x400, .type = 2},
        {.paddr = 0xF0000, .len = 0x10000, .type = 2},
        {.paddr = MIB, .len = 127 * MIB - 0x20000, .type = 1},
        {.paddr = 128 * MIB - 0x20000, .len = 0x20000, .type = 2},
        {.paddr = 0xFEFFC000, .len = 0x4000, .type = 2},
    };

    (void)state;
    assert_int_equal(pvh_map_build(entries, 6, IMAGE, IMAGE_LEN, &map), NONOS_OK);
    assert_int_equal(map.count, 7);
    expect_region(0, 0, 0x9F000, NONOS_MEMORY_USABLE);
    expect_region(1, 0x9F000, 0xA0000, NONOS_MEMORY_RESERVED);
    expect_region(2, 0xF0000, MIB, NONOS_MEMORY_RESERVED);
    expect_region(3, IMAGE, IMAGE + IMAGE_LEN, NONOS_MEMORY_KERNEL);
    expect_region(4, IMAGE + IMAGE_LEN, 128 * MIB - 0x20000, NONOS_MEMORY_USABLE);
    expect_region(5, 128 * MIB - 0x20000, 128 * MIB, NONOS_MEMORY_RESERVED);
    expect_region(6, 0xFEFFC000, 0xFF000000, NONOS_MEMORY_RESERVED);
}

static void test_order_and_overlap_do_not_matter(void **state)
{
    const struct pvh_memory entries[] = {
        {.paddr = 5 * MIB, .len = MIB, .type = 3},    {.paddr = 4 * MIB, .len = 4 * MIB, .type = 1},
        {.paddr = 7 * MIB + 1, .len = 1, .type = 4},  {.paddr = 0, .len = 6 * MIB, .type = 1},
        {.paddr = 6 * MIB, .len = 0x1000, .type = 5},
    };

    (void)state;
    assert_int_equal(pvh_map_build(entries, 5, IMAGE, IMAGE_LEN, &map), NONOS_OK);
    assert_int_equal(map.count, 8);
    expect_region(0, 0, IMAGE, NONOS_MEMORY_USABLE);
    expect_region(1, IMAGE, IMAGE + IMAGE_LEN, NONOS_MEMORY_KERNEL);
    expect_region(2, IMAGE + IMAGE_LEN, 5 * MIB, NONOS_MEMORY_USABLE);
    expect_region(3, 5 * MIB, 6 * MIB, NONOS_MEMORY_ACPI_RECLAIM);
    expect_region(4, 6 * MIB, 6 * MIB + 0x1000, NONOS_MEMORY_BAD);
    expect_region(5, 6 * MIB + 0x1000, 7 * MIB, NONOS_MEMORY_USABLE);
    expect_region(6, 7 * MIB, 7 * MIB + 0x1000, NONOS_MEMORY_ACPI_NVS);
    expect_region(7, 7 * MIB + 0x1000, 8 * MIB, NONOS_MEMORY_USABLE);
}

static void test_memory_is_rounded_inward(void **state)
{
    const struct pvh_memory entries[] = {
        {.paddr = MIB - 1, .len = 2 * MIB, .type = 1},
        {.paddr = 8 * MIB + 1, .len = PAGE_LEN, .type = 1},
        {.paddr = 9 * MIB + 5, .len = 0, .type = 2},
    };

    (void)state;
    assert_int_equal(pvh_map_build(entries, 3, IMAGE, IMAGE_LEN, &map), NONOS_OK);
    assert_int_equal(map.count, 2);
    expect_region(1, IMAGE + IMAGE_LEN, 3 * MIB - PAGE_LEN, NONOS_MEMORY_USABLE);
}

static void test_unknown_types_are_reserved(void **state)
{
    const struct pvh_memory entries[] = {
        {.paddr = MIB, .len = 4 * MIB, .type = 1},
        {.paddr = 5 * MIB, .len = MIB, .type = 0},
        {.paddr = 6 * MIB, .len = MIB, .type = 77},
    };

    (void)state;
    assert_int_equal(pvh_map_build(entries, 3, IMAGE, IMAGE_LEN, &map), NONOS_OK);
    expect_region(2, 5 * MIB, 7 * MIB, NONOS_MEMORY_RESERVED);
}

static void test_image_outside_memory_is_refused(void **state)
{
    const struct pvh_memory none[] = {{.paddr = 2 * MIB, .len = MIB, .type = 1}};
    const struct pvh_memory partly[] = {{.paddr = MIB, .len = IMAGE_LEN - 1, .type = 1}};
    const struct pvh_memory taken[] = {
        {.paddr = 0, .len = 8 * MIB, .type = 1},
        {.paddr = IMAGE + 0x5000, .len = 1, .type = 2},
    };

    const struct pvh_memory reserved[] = {{.paddr = 0, .len = 8 * MIB, .type = 2}};

    (void)state;
    expect_refusal(reserved, 1);
    expect_refusal(none, 1);
    expect_refusal(partly, 1);
    expect_refusal(taken, 2);
    expect_refusal(none, 0);
}

static void test_ranges_that_wrap_or_cannot_be_are_refused(void **state)
{
    struct pvh_memory entries[] = {
        {.paddr = 0, .len = 8 * MIB, .type = 1},
        {.paddr = UINT64_MAX, .len = 2, .type = 2},
    };

    (void)state;
    expect_refusal(entries, 2);
    entries[1] = (struct pvh_memory){.paddr = ADDRESS_PADDR_LIMIT, .len = 1, .type = 1};
    expect_refusal(entries, 2);
    entries[1] = (struct pvh_memory){.paddr = 16 * MIB, .len = UINT64_MAX, .type = 1};
    expect_refusal(entries, 2);
}

static void test_too_many_ranges_are_refused(void **state)
{
    struct pvh_memory entries[PVH_MAP_MAX_REGIONS];

    (void)state;
    for (uint64_t i = 0; i < PVH_MAP_MAX_REGIONS; i++)
        entries[i] = (struct pvh_memory){.paddr = MIB + i * 2 * MIB, .len = MIB, .type = 1};
    expect_refusal(entries, PVH_MAP_MAX_REGIONS);
    assert_int_equal(pvh_map_build(entries, PVH_MAP_MAX_REGIONS - 1, IMAGE, IMAGE_LEN, &map),
                     NONOS_OK);
    assert_int_equal(map.count, PVH_MAP_MAX_REGIONS);
}

/* Against a page-by-page picture of 256 pages. */
static void test_random_maps_equal_a_picture(void **state)
{
    (void)state;
    for (unsigned turn = 0; turn < 3000; turn++) {
        struct pvh_memory entries[8];
        uint8_t picture[256] = {0};
        size_t count = 1 + test_random_below(8);
        static const uint8_t types[] = {0,
                                        NONOS_MEMORY_USABLE,
                                        NONOS_MEMORY_RESERVED,
                                        NONOS_MEMORY_ACPI_RECLAIM,
                                        NONOS_MEMORY_ACPI_NVS,
                                        NONOS_MEMORY_BAD};

        for (size_t i = 0; i < count; i++) {
            size_t first = test_random_below(250);

            entries[i].paddr = first * PAGE_LEN;
            entries[i].len = (1 + test_random_below(256 - first)) * PAGE_LEN;
            entries[i].type = (uint32_t)(1 + test_random_below(5));
            entries[i].reserved = 0;
        }
        entries[0] = (struct pvh_memory){.paddr = 0, .len = 256 * PAGE_LEN, .type = 1};
        for (int memory = 1; memory >= 0; memory--) {
            for (size_t i = 0; i < count; i++) {
                if ((entries[i].type == 1) == memory)
                    memset(picture + entries[i].paddr / PAGE_LEN, types[entries[i].type],
                           entries[i].len / PAGE_LEN);
            }
        }
        /* An image of one page where there is memory. */
        size_t image = 0;
        while (image < 255 && picture[image] != NONOS_MEMORY_USABLE)
            image++;
        if (picture[image] != NONOS_MEMORY_USABLE)
            continue;
        picture[image] = NONOS_MEMORY_KERNEL;
        assert_int_equal(pvh_map_build(entries, count, image * PAGE_LEN, PAGE_LEN, &map), NONOS_OK);
        uint64_t page = 0;
        for (size_t i = 0; i < map.count; i++) {
            assert_int_equal(map.regions[i].paddr, page * PAGE_LEN);
            assert_true(map.regions[i].page_count > 0);
            assert_true(i == 0 || map.regions[i].type != map.regions[i - 1].type);
            for (uint64_t n = map.regions[i].page_count; n > 0; n--)
                assert_int_equal(picture[page++], map.regions[i].type);
        }
        assert_int_equal(page, 256);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_qemu_map),
        cmocka_unit_test(test_order_and_overlap_do_not_matter),
        cmocka_unit_test(test_memory_is_rounded_inward),
        cmocka_unit_test(test_unknown_types_are_reserved),
        cmocka_unit_test(test_image_outside_memory_is_refused),
        cmocka_unit_test(test_ranges_that_wrap_or_cannot_be_are_refused),
        cmocka_unit_test(test_too_many_ranges_are_refused),
        cmocka_unit_test(test_random_maps_equal_a_picture),
    };

    return cmocka_run_group_tests_name("pvh_map", tests, nullptr, nullptr);
}
