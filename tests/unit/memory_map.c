#include "boot/memory_map.h"

#include "boot/uefi.h"
#include "tests/support/vectors.h"

#define PAGE 4096u
#define MAX_REGIONS 64u

static struct nonos_memory_region regions[MAX_REGIONS];

static struct memory_map new_map(size_t capacity)
{
    memset(regions, 0xEE, sizeof(regions));
    return (struct memory_map){.regions = regions, .capacity = capacity};
}

static struct efi_memory_descriptor descriptor(uint32_t type, uint64_t page, uint64_t count)
{
    return (struct efi_memory_descriptor){
        .type = type, .physical_start = page * PAGE, .number_of_pages = count};
}

#define READ(map, ...)                                                                             \
    memory_map_read(map, (const struct efi_memory_descriptor[]){__VA_ARGS__},                      \
                    sizeof((const struct efi_memory_descriptor[]){__VA_ARGS__}),                   \
                    sizeof(struct efi_memory_descriptor))

static void assert_region(const struct memory_map *map, size_t index, uint64_t page, uint64_t count,
                          uint32_t type)
{
    assert_true(index < map->count);
    assert_int_equal(map->regions[index].paddr, page * PAGE);
    assert_int_equal(map->regions[index].page_count, count);
    assert_int_equal(map->regions[index].type, type);
    assert_int_equal(map->regions[index].reserved, 0);
}

static void test_read_gives_each_firmware_type_ours(void **state)
{
    (void)state;
    static const struct {
        uint32_t efi;
        uint32_t ours;
    } types[] = {
        {EFI_RESERVED_MEMORY_TYPE, NONOS_MEMORY_RESERVED},
        {EFI_LOADER_CODE, NONOS_MEMORY_LOADER},
        {EFI_LOADER_DATA, NONOS_MEMORY_LOADER},
        {EFI_BOOT_SERVICES_CODE, NONOS_MEMORY_USABLE},
        {EFI_BOOT_SERVICES_DATA, NONOS_MEMORY_USABLE},
        {EFI_RUNTIME_SERVICES_CODE, NONOS_MEMORY_RUNTIME},
        {EFI_RUNTIME_SERVICES_DATA, NONOS_MEMORY_RUNTIME},
        {EFI_CONVENTIONAL_MEMORY, NONOS_MEMORY_USABLE},
        {EFI_UNUSABLE_MEMORY, NONOS_MEMORY_BAD},
        {EFI_ACPI_RECLAIM_MEMORY, NONOS_MEMORY_ACPI_RECLAIM},
        {EFI_ACPI_MEMORY_NVS, NONOS_MEMORY_ACPI_NVS},
        {EFI_MEMORY_MAPPED_IO, NONOS_MEMORY_MMIO},
        {EFI_MEMORY_MAPPED_IO_PORT_SPACE, NONOS_MEMORY_MMIO},
        {EFI_PAL_CODE, NONOS_MEMORY_RESERVED},
        {EFI_PERSISTENT_MEMORY, NONOS_MEMORY_RESERVED},
        {EFI_UNACCEPTED_MEMORY_TYPE, NONOS_MEMORY_RESERVED},
        {16, NONOS_MEMORY_RESERVED},
        {0x70000000, NONOS_MEMORY_RESERVED},
        {0x80000000, NONOS_MEMORY_RESERVED},
        {UINT32_MAX, NONOS_MEMORY_RESERVED},
    };
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        struct memory_map map = new_map(MAX_REGIONS);
        assert_int_equal(READ(&map, descriptor(types[i].efi, 5, 3)), NONOS_OK);
        assert_int_equal(map.count, 1);
        assert_region(&map, 0, 5, 3, types[i].ours);
    }
}

static void test_read_takes_attributes_into_account(void **state)
{
    (void)state;
    struct memory_map map = new_map(MAX_REGIONS);
    struct efi_memory_descriptor runtime = descriptor(EFI_CONVENTIONAL_MEMORY, 1, 1);
    struct efi_memory_descriptor device = descriptor(EFI_MEMORY_MAPPED_IO, 2, 1);
    struct efi_memory_descriptor special = descriptor(EFI_CONVENTIONAL_MEMORY, 3, 1);
    runtime.attribute = EFI_MEMORY_RUNTIME;
    device.attribute = EFI_MEMORY_RUNTIME;
    special.attribute = EFI_MEMORY_SP;
    assert_int_equal(READ(&map, runtime, device, special), NONOS_OK);
    assert_int_equal(map.count, 3);
    assert_region(&map, 0, 1, 1, NONOS_MEMORY_RUNTIME);
    assert_region(&map, 1, 2, 1, NONOS_MEMORY_MMIO);
    assert_region(&map, 2, 3, 1, NONOS_MEMORY_RESERVED);
}

static void test_read_sorts_and_merges_neighbours_of_one_type(void **state)
{
    (void)state;
    struct memory_map map = new_map(MAX_REGIONS);
    assert_int_equal(READ(&map, descriptor(EFI_CONVENTIONAL_MEMORY, 30, 10),
                          descriptor(EFI_BOOT_SERVICES_DATA, 20, 10),
                          descriptor(EFI_RUNTIME_SERVICES_DATA, 10, 10),
                          descriptor(EFI_BOOT_SERVICES_CODE, 40, 2)),
                     NONOS_OK);
    assert_int_equal(map.count, 2);
    assert_region(&map, 0, 10, 10, NONOS_MEMORY_RUNTIME);
    assert_region(&map, 1, 20, 22, NONOS_MEMORY_USABLE);
}

static void test_read_keeps_gaps(void **state)
{
    (void)state;
    struct memory_map map = new_map(MAX_REGIONS);
    assert_int_equal(READ(&map, descriptor(EFI_CONVENTIONAL_MEMORY, 0, 1),
                          descriptor(EFI_CONVENTIONAL_MEMORY, 2, 1)),
                     NONOS_OK);
    assert_int_equal(map.count, 2);
    assert_region(&map, 0, 0, 1, NONOS_MEMORY_USABLE);
    assert_region(&map, 1, 2, 1, NONOS_MEMORY_USABLE);
}

static void test_read_lets_the_stricter_of_two_overlapping_win(void **state)
{
    (void)state;
    struct memory_map map = new_map(MAX_REGIONS);
    /* in either order: inside, across both ends, twice the same */
    assert_int_equal(READ(&map, descriptor(EFI_CONVENTIONAL_MEMORY, 0, 10),
                          descriptor(EFI_RESERVED_MEMORY_TYPE, 3, 2),
                          descriptor(EFI_MEMORY_MAPPED_IO, 9, 3)),
                     NONOS_OK);
    assert_int_equal(map.count, 4);
    assert_region(&map, 0, 0, 3, NONOS_MEMORY_USABLE);
    assert_region(&map, 1, 3, 2, NONOS_MEMORY_RESERVED);
    assert_region(&map, 2, 5, 4, NONOS_MEMORY_USABLE);
    assert_region(&map, 3, 9, 3, NONOS_MEMORY_MMIO);

    map = new_map(MAX_REGIONS);
    assert_int_equal(READ(&map, descriptor(EFI_MEMORY_MAPPED_IO, 9, 3),
                          descriptor(EFI_RESERVED_MEMORY_TYPE, 3, 2),
                          descriptor(EFI_CONVENTIONAL_MEMORY, 0, 10),
                          descriptor(EFI_CONVENTIONAL_MEMORY, 0, 10)),
                     NONOS_OK);
    assert_int_equal(map.count, 4);
    assert_region(&map, 0, 0, 3, NONOS_MEMORY_USABLE);
    assert_region(&map, 3, 9, 3, NONOS_MEMORY_MMIO);
}

static void test_read_skips_descriptors_of_no_pages(void **state)
{
    (void)state;
    struct memory_map map = new_map(MAX_REGIONS);
    assert_int_equal(READ(&map, descriptor(EFI_UNUSABLE_MEMORY, 5, 0),
                          descriptor(EFI_CONVENTIONAL_MEMORY, 4, 4),
                          descriptor(EFI_UNUSABLE_MEMORY, 6, 0)),
                     NONOS_OK);
    assert_int_equal(map.count, 1);
    assert_region(&map, 0, 4, 4, NONOS_MEMORY_USABLE);
}

static void test_read_follows_the_descriptor_size_of_firmware(void **state)
{
    (void)state;
    struct {
        struct efi_memory_descriptor descriptor;
        uint64_t unknown;
    } wide[2] = {{.descriptor = descriptor(EFI_CONVENTIONAL_MEMORY, 1, 1), .unknown = 7},
                 {.descriptor = descriptor(EFI_CONVENTIONAL_MEMORY, 9, 1), .unknown = 7}};
    struct memory_map map = new_map(MAX_REGIONS);
    assert_int_equal(memory_map_read(&map, wide, sizeof(wide), sizeof(wide[0])), NONOS_OK);
    assert_int_equal(map.count, 2);
    assert_region(&map, 1, 9, 1, NONOS_MEMORY_USABLE);
    assert_int_equal(memory_map_read(&map, wide, sizeof(wide) - 8, sizeof(wide[0])),
                     NONOS_E_HANDOFF_MEMORY_MAP);
    assert_int_equal(map.count, 0);
    assert_int_equal(memory_map_read(&map, wide, 32, 32), NONOS_E_HANDOFF_MEMORY_MAP);
}

static void test_read_refuses_numbers_that_cannot_be(void **state)
{
    (void)state;
    const struct efi_memory_descriptor good = descriptor(EFI_CONVENTIONAL_MEMORY, 1, 1);
    struct efi_memory_descriptor bad[] = {
        descriptor(EFI_CONVENTIONAL_MEMORY, 0, UINT64_MAX),
        descriptor(EFI_CONVENTIONAL_MEMORY, 0, UINT64_C(1) << 52),
        descriptor(EFI_CONVENTIONAL_MEMORY, 1, (UINT64_C(1) << 40)),
        descriptor(EFI_CONVENTIONAL_MEMORY, (UINT64_C(1) << 52) - 1, 1),
        descriptor(EFI_CONVENTIONAL_MEMORY, 1, 1),
    };
    bad[4].physical_start = 4097;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct memory_map map = new_map(MAX_REGIONS);
        assert_int_equal(READ(&map, good, bad[i]), NONOS_E_HANDOFF_MEMORY_MAP);
        assert_int_equal(map.count, 0);
    }
    struct memory_map map = new_map(MAX_REGIONS);
    assert_int_equal(READ(&map, descriptor(EFI_CONVENTIONAL_MEMORY, 0, UINT64_C(1) << 40)),
                     NONOS_OK);
}

static void test_read_refuses_a_map_without_memory(void **state)
{
    (void)state;
    struct memory_map map = new_map(MAX_REGIONS);
    assert_int_equal(READ(&map, descriptor(EFI_CONVENTIONAL_MEMORY, 1, 0)),
                     NONOS_E_HANDOFF_MEMORY_MAP);
    assert_int_equal(memory_map_read(&map, regions, 0, 48), NONOS_E_HANDOFF_MEMORY_MAP);
}

static void test_read_says_when_there_is_no_room(void **state)
{
    (void)state;
    struct memory_map map = new_map(2);
    assert_int_equal(READ(&map, descriptor(EFI_CONVENTIONAL_MEMORY, 1, 1),
                          descriptor(EFI_CONVENTIONAL_MEMORY, 3, 1),
                          descriptor(EFI_CONVENTIONAL_MEMORY, 5, 1)),
                     NONOS_E_SIZE);
    assert_int_equal(map.count, 0);
    assert_int_equal(regions[2].paddr, UINT64_C(0xEEEEEEEEEEEEEEEE));
}

static void test_paint_overrides_whatever_was_there(void **state)
{
    (void)state;
    struct memory_map map = new_map(MAX_REGIONS);
    assert_int_equal(READ(&map, descriptor(EFI_LOADER_DATA, 0, 10),
                          descriptor(EFI_RESERVED_MEMORY_TYPE, 10, 10)),
                     NONOS_OK);
    assert_int_equal(memory_map_paint(&map, 2 * PAGE, 3, NONOS_MEMORY_KERNEL), NONOS_OK);
    assert_int_equal(map.count, 4);
    assert_region(&map, 0, 0, 2, NONOS_MEMORY_LOADER);
    assert_region(&map, 1, 2, 3, NONOS_MEMORY_KERNEL);
    assert_region(&map, 2, 5, 5, NONOS_MEMORY_LOADER);
    assert_region(&map, 3, 10, 10, NONOS_MEMORY_RESERVED);
    assert_int_equal(memory_map_paint(&map, 5 * PAGE, 10, NONOS_MEMORY_KERNEL), NONOS_OK);
    assert_int_equal(map.count, 3);
    assert_region(&map, 1, 2, 13, NONOS_MEMORY_KERNEL);
    assert_int_equal(memory_map_paint(&map, 1, 1, NONOS_MEMORY_KERNEL), NONOS_E_HANDOFF_MEMORY_MAP);
    assert_int_equal(map.count, 0);
}

static void test_ram_is_what_can_be_read_and_written(void **state)
{
    (void)state;
    assert_true(memory_map_is_ram(NONOS_MEMORY_USABLE));
    assert_true(memory_map_is_ram(NONOS_MEMORY_LOADER));
    assert_true(memory_map_is_ram(NONOS_MEMORY_KERNEL));
    assert_true(memory_map_is_ram(NONOS_MEMORY_ACPI_RECLAIM));
    assert_true(memory_map_is_ram(NONOS_MEMORY_ACPI_NVS));
    assert_true(memory_map_is_ram(NONOS_MEMORY_RUNTIME));
    assert_false(memory_map_is_ram(NONOS_MEMORY_RESERVED));
    assert_false(memory_map_is_ram(NONOS_MEMORY_MMIO));
    assert_false(memory_map_is_ram(NONOS_MEMORY_BAD));
    assert_false(memory_map_is_ram((enum nonos_memory_type)0));
}

#define FIND(wanted_len, alignment, ...)                                                           \
    memory_map_find_free((const struct efi_memory_descriptor[]){__VA_ARGS__},                      \
                         sizeof((const struct efi_memory_descriptor[]){__VA_ARGS__}),              \
                         sizeof(struct efi_memory_descriptor), wanted_len, alignment)

static void test_find_free_takes_the_lowest_that_fits(void **state)
{
    (void)state;
    const uint64_t two_mib = 2u << 20;
    /* unsorted; boot services' memory is not free yet; the first fits only without alignment */
    assert_int_equal(FIND(PAGE * 100, two_mib, descriptor(EFI_CONVENTIONAL_MEMORY, 4096, 512),
                          descriptor(EFI_BOOT_SERVICES_DATA, 512, 512),
                          descriptor(EFI_CONVENTIONAL_MEMORY, 1025, 600),
                          descriptor(EFI_CONVENTIONAL_MEMORY, 1625, 600)),
                     2048 * PAGE);
    assert_int_equal(FIND(PAGE * 513, two_mib, descriptor(EFI_CONVENTIONAL_MEMORY, 512, 512)), 0);
    assert_int_equal(FIND(PAGE * 512, two_mib, descriptor(EFI_CONVENTIONAL_MEMORY, 512, 512)),
                     two_mib);
    /* address 0 is never given */
    assert_int_equal(FIND(PAGE, PAGE, descriptor(EFI_CONVENTIONAL_MEMORY, 512, 1),
                          descriptor(EFI_CONVENTIONAL_MEMORY, 0, 1)),
                     512 * PAGE);
    /* what wraps is not memory */
    assert_int_equal(FIND(PAGE, PAGE, descriptor(EFI_CONVENTIONAL_MEMORY, 512, UINT64_MAX / PAGE)),
                     0);
}

/* Each page's type by the rule, one page at a time, against the map. */
static void test_random_maps_have_the_type_of_each_page(void **state)
{
    (void)state;
    enum { PAGES = 64, DESCRIPTORS = 12 };
    static const uint32_t efi[] = {EFI_CONVENTIONAL_MEMORY, EFI_LOADER_DATA,
                                   EFI_RUNTIME_SERVICES_CODE, EFI_RESERVED_MEMORY_TYPE,
                                   EFI_UNUSABLE_MEMORY};
    static const uint32_t ours[] = {NONOS_MEMORY_USABLE, NONOS_MEMORY_LOADER, NONOS_MEMORY_RUNTIME,
                                    NONOS_MEMORY_RESERVED, NONOS_MEMORY_BAD};
    for (unsigned round = 0; round < 2000; round++) {
        struct efi_memory_descriptor descriptors[DESCRIPTORS];
        uint32_t expected[PAGES] = {};
        for (size_t i = 0; i < DESCRIPTORS; i++) {
            size_t type = test_random_below(5);
            size_t start = test_random_below(PAGES);
            size_t count = test_random_below(PAGES - start + 1);
            descriptors[i] = descriptor(efi[type], start, count);
            for (size_t p = start; p < start + count; p++)
                expected[p] = expected[p] > ours[type] ? expected[p] : ours[type];
        }
        size_t kernel = test_random_below(PAGES - 4);
        for (size_t p = kernel; p < kernel + 4; p++)
            expected[p] = NONOS_MEMORY_KERNEL;

        struct memory_map map = new_map(memory_map_capacity(DESCRIPTORS, 1));
        assert_true(map.capacity <= MAX_REGIONS);
        enum nonos_error error =
            memory_map_read(&map, descriptors, sizeof(descriptors), sizeof(descriptors[0]));
        if (error == NONOS_E_HANDOFF_MEMORY_MAP)
            continue; /* twelve times no pages */
        assert_int_equal(error, NONOS_OK);
        assert_int_equal(memory_map_paint(&map, kernel * PAGE, 4, NONOS_MEMORY_KERNEL), NONOS_OK);
        uint32_t found[PAGES] = {};
        for (size_t i = 0; i < map.count; i++) {
            const struct nonos_memory_region *r = &map.regions[i];
            assert_true(r->page_count > 0);
            if (i > 0) {
                const struct nonos_memory_region *before = r - 1;
                uint64_t end = before->paddr + before->page_count * PAGE;
                assert_true(end < r->paddr || (end == r->paddr && before->type != r->type));
            }
            for (uint64_t p = 0; p < r->page_count; p++)
                found[r->paddr / PAGE + p] = r->type;
        }
        assert_memory_equal(found, expected, sizeof(expected));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read_gives_each_firmware_type_ours),
        cmocka_unit_test(test_read_takes_attributes_into_account),
        cmocka_unit_test(test_read_sorts_and_merges_neighbours_of_one_type),
        cmocka_unit_test(test_read_keeps_gaps),
        cmocka_unit_test(test_read_lets_the_stricter_of_two_overlapping_win),
        cmocka_unit_test(test_read_skips_descriptors_of_no_pages),
        cmocka_unit_test(test_read_follows_the_descriptor_size_of_firmware),
        cmocka_unit_test(test_read_refuses_numbers_that_cannot_be),
        cmocka_unit_test(test_read_refuses_a_map_without_memory),
        cmocka_unit_test(test_read_says_when_there_is_no_room),
        cmocka_unit_test(test_paint_overrides_whatever_was_there),
        cmocka_unit_test(test_ram_is_what_can_be_read_and_written),
        cmocka_unit_test(test_find_free_takes_the_lowest_that_fits),
        cmocka_unit_test(test_random_maps_have_the_type_of_each_page),
    };
    return cmocka_run_group_tests_name("memory_map", tests, nullptr, nullptr);
}
