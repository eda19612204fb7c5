#include "boot/place.h"

#include "tests/support/fake_firmware.h"

#define PAGE 4096u
#define ALIGNMENT (2u << 20)
#define IMAGE_PAGES 5u

static uint8_t file[4 * PAGE];
static uint8_t *memory; /* 4 MiB, aligned to 2 MiB; what lies outside of what is given stays 0xA5 */
static uint64_t free_paddr; /* the only address that firmware gives */

static efi_status EFIAPI allocate_at(uint32_t how, uint32_t type, uint64_t pages, uint64_t *paddr)
{
    if (how != EFI_ALLOCATE_ADDRESS)
        return fake_allocate_pages(how, type, pages, paddr);
    assert_int_equal(type, EFI_LOADER_DATA);
    assert_int_equal(pages, IMAGE_PAGES);
    return *paddr == free_paddr ? EFI_SUCCESS : EFI_NOT_FOUND;
}

static int setup(void **state)
{
    fake_setup(state);
    fake.boot.allocate_pages = allocate_at;
    memory = aligned_alloc(ALIGNMENT, 2 * ALIGNMENT);
    assert_non_null(memory);
    memset(memory, 0xA5, 2 * ALIGNMENT);
    for (size_t i = 0; i < sizeof(file); i++)
        file[i] = (uint8_t)(1 + i % 251);
    return 0;
}

static int teardown(void **state)
{
    free(memory);
    return fake_teardown(state);
}

/* Code, a page that no segment has, and data with memory behind its bytes. */
static struct image_elf image_linked_at(uint64_t paddr)
{
    return (struct image_elf){
        .memory_paddr = paddr,
        .memory_len = IMAGE_PAGES * PAGE,
        .segment_count = 2,
        .segments =
            {
                {.offset = PAGE, .file_len = 100, .paddr = paddr, .mem_len = 100},
                {.offset = 2 * PAGE,
                 .file_len = PAGE + 1,
                 .paddr = paddr + 2 * PAGE,
                 .mem_len = 3 * PAGE},
            },
    };
}

static enum nonos_error place(const struct image_elf *elf, uint64_t *paddr)
{
    struct firmware_map map;
    assert_int_equal(firmware_map_allocate(&map), NONOS_OK);
    return place_kernel(file, elf, &map, paddr);
}

static void assert_placed_at(const uint8_t *at)
{
    static const uint8_t zero[3 * PAGE];
    assert_memory_equal(at, file + PAGE, 100);
    assert_memory_equal(at + 100, zero, 2 * PAGE - 100);
    assert_memory_equal(at + 2 * PAGE, file + 2 * PAGE, PAGE + 1);
    assert_memory_equal(at + 3 * PAGE + 1, zero, 2 * PAGE - 1);
    assert_int_equal(at[IMAGE_PAGES * PAGE], 0xA5);
}

static void test_kernel_goes_where_it_is_linked(void **state)
{
    (void)state;
    uint64_t paddr;
    free_paddr = (uintptr_t)memory + PAGE;
    const struct image_elf elf = image_linked_at(free_paddr);
    fake_add_memory(EFI_CONVENTIONAL_MEMORY, (uintptr_t)memory, 1024);
    assert_int_equal(place(&elf, &paddr), NONOS_OK);
    assert_true(paddr == free_paddr);
    assert_placed_at(memory + PAGE);
    assert_int_equal(memory[PAGE - 1], 0xA5);
}

static void test_kernel_moves_to_the_lowest_aligned_range_that_is_free(void **state)
{
    (void)state;
    uint64_t paddr;
    const struct image_elf elf = image_linked_at(0x100000);
    free_paddr = (uintptr_t)memory + ALIGNMENT;
    fake_add_memory(EFI_CONVENTIONAL_MEMORY, (uintptr_t)memory, IMAGE_PAGES - 1);
    fake_add_memory(EFI_CONVENTIONAL_MEMORY, (uintptr_t)memory + 8 * PAGE, 1024 - 8);
    assert_int_equal(place(&elf, &paddr), NONOS_OK);
    assert_true(paddr == free_paddr);
    assert_placed_at(memory + ALIGNMENT);
}

static void test_kernel_is_refused_where_nothing_is_free(void **state)
{
    (void)state;
    uint64_t paddr = 17;
    const struct image_elf elf = image_linked_at(0x100000);
    free_paddr = 0;
    fake_add_memory(EFI_CONVENTIONAL_MEMORY, (uintptr_t)memory, IMAGE_PAGES - 1);
    assert_int_equal(place(&elf, &paddr), NONOS_E_PLACEMENT);
    assert_int_equal(paddr, 0);
}

/* The map says free, and firmware says no. */
static void test_kernel_never_goes_where_firmware_did_not_let_it(void **state)
{
    (void)state;
    uint64_t paddr = 17;
    const struct image_elf elf = image_linked_at(0x100000);
    free_paddr = 0;
    fake_add_memory(EFI_CONVENTIONAL_MEMORY, (uintptr_t)memory, 1024);
    assert_int_equal(place(&elf, &paddr), NONOS_E_PLACEMENT);
    assert_int_equal(paddr, 0);
    assert_int_equal(memory[0], 0xA5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_kernel_goes_where_it_is_linked, setup, teardown),
        cmocka_unit_test_setup_teardown(test_kernel_moves_to_the_lowest_aligned_range_that_is_free,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_kernel_is_refused_where_nothing_is_free, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_kernel_never_goes_where_firmware_did_not_let_it, setup,
                                        teardown),
    };
    return cmocka_run_group_tests_name("place", tests, nullptr, nullptr);
}
