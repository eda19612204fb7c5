#include "kernel/mem/paging.h"

#include "kernel/cpu/features.h"
#include "kernel/image.h"
#include "kernel/mem/frames.h"
#include "kernel/mem/stack.h"
#include "tests/support/machine.h"

#define AFTER (MACHINE_PADDR + MACHINE_LEN)
#define TABLES (AFTER + 16 * PAGE_LEN)
#define REGISTERS UINT64_C(0xFEB00000)

/* The image: a page of each segment, in the order of kernel.ld. */
__asm__(".pushsection .data.image, \"aw\"\n"
        ".balign 4096\n"
        ".globl kernel_rodata_start, kernel_rodata_end, kernel_text_start, kernel_text_end\n"
        ".globl kernel_data_start, kernel_data_end\n"
        "kernel_rodata_start: .skip 4096\n"
        "kernel_rodata_end:\n"
        "kernel_text_start: .skip 4096\n"
        "kernel_text_end:\n"
        "kernel_data_start: .skip 4096\n"
        "kernel_data_end:\n"
        ".popsection\n");

static const struct nonos_memory_region map[] = {
    {.paddr = MACHINE_PADDR, .page_count = MACHINE_LEN / PAGE_LEN, .type = NONOS_MEMORY_USABLE},
    {.paddr = AFTER, .page_count = 3, .type = NONOS_MEMORY_KERNEL},
    {.paddr = AFTER + 8 * PAGE_LEN, .page_count = 1, .type = NONOS_MEMORY_BAD},
    {.paddr = TABLES, .page_count = 4, .type = NONOS_MEMORY_ACPI_RECLAIM},
    {.paddr = TABLES + 8 * PAGE_LEN, .page_count = 1, .type = NONOS_MEMORY_RESERVED},
    {.paddr = REGISTERS, .page_count = 2, .type = NONOS_MEMORY_MMIO},
};

static struct cpu_features features;
static paddr_t root;

const struct cpu_features *features_get(void)
{
    return &features;
}

const struct stack *stack_get([[maybe_unused]] enum stack_kind kind)
{
    return nullptr;
}

/* paging_enter hands over the root; on a host nothing can be switched to it. */
void paging_switch(uint64_t new_root, void *stack_top, void (*function)(void));

void paging_switch(uint64_t new_root, [[maybe_unused]] void *stack_top,
                   [[maybe_unused]] void (*function)(void))
{
    root = new_root;
    longjmp(machine_panic_jump, 1);
}

static int setup([[maybe_unused]] void **state)
{
    features = (struct cpu_features){.physical_bits = 36};
    assert_int_equal(frames_init(map, 1, UINT64_C(1) << 32), NONOS_OK);
    frames_add(map, 1, NONOS_MEMORY_USABLE, 0, ADDRESS_PADDR_END);
    paging_init(map, sizeof map / sizeof map[0], AFTER);
    if (setjmp(machine_panic_jump) == 0)
        paging_enter(nullptr, nullptr);
    return 0;
}

static struct mapping_entry entry_at(const volatile void *pointer)
{
    struct mapping_entry entry;

    assert_true(mapping_find(root, (uintptr_t)pointer, &entry));
    return entry;
}

static void test_each_segment_has_its_own_rights([[maybe_unused]] void **state)
{
    assert_false(entry_at(kernel_rodata_start).writable);
    assert_false(entry_at(kernel_rodata_start).executable);
    assert_false(entry_at(kernel_text_start).writable);
    assert_true(entry_at(kernel_text_start).executable);
    assert_true(entry_at(kernel_data_start).writable);
    assert_false(entry_at(kernel_data_start).executable);
    assert_int_equal(entry_at(kernel_data_start).paddr, AFTER + 2 * PAGE_LEN);
}

static void test_direct_map_has_our_memory_alone([[maybe_unused]] void **state)
{
    struct mapping_entry entry;

    assert_true(mapping_find(root, ADDRESS_DIRECT_MAP + AFTER - 1, &entry));
    assert_true(entry.writable && !entry.executable && !entry.uncached);
    for (size_t i = 1; i < sizeof map / sizeof map[0]; i++)
        assert_false(mapping_find(root, ADDRESS_DIRECT_MAP + map[i].paddr, &entry));
}

static void test_firmware_tables_are_read_only([[maybe_unused]] void **state)
{
    const void *table = paging_map_firmware(TABLES + 0xFF0, 0x20);
    struct mapping_entry entry = entry_at(table);

    assert_int_equal((uintptr_t)table, ADDRESS_FIRMWARE + TABLES + 0xFF0);
    assert_int_equal(entry.paddr, TABLES + 0xFF0);
    assert_false(entry.writable || entry.executable || entry.uncached);
    assert_int_equal(entry_at((const uint8_t *)table + 0x10).paddr, TABLES + 0x1000);
    assert_ptr_equal(paging_map_firmware(TABLES + 0xFF0, 0x20), table);
    assert_non_null(paging_map_firmware(TABLES + 8 * PAGE_LEN, 36)); /* reserved */
    assert_non_null(paging_map_firmware(UINT64_C(0xE0000), 36));     /* left out of the map */
}

static void test_firmware_tables_cannot_be_anywhere([[maybe_unused]] void **state)
{
    assert_null(paging_map_firmware(TABLES, 0));
    assert_null(paging_map_firmware(MACHINE_PADDR, 36));
    assert_null(paging_map_firmware(AFTER, 36));
    assert_null(paging_map_firmware(AFTER + 3 * PAGE_LEN - 1, 36));
    assert_null(paging_map_firmware(AFTER + 8 * PAGE_LEN - 1, 36));
    assert_null(paging_map_firmware(REGISTERS, 36));
    assert_null(paging_map_firmware(UINT64_MAX - 8, 36));
    assert_null(paging_map_firmware(ADDRESS_PADDR_END, 36));
}

static void test_registers_are_writable_and_uncached([[maybe_unused]] void **state)
{
    volatile void *reg = paging_map_device(REGISTERS + 4, 2);
    struct mapping_entry entry = entry_at(reg);

    assert_int_equal(entry.paddr, REGISTERS + 4);
    assert_true(entry.writable && entry.uncached);
    assert_false(entry.executable);
    assert_ptr_equal(paging_map_device(REGISTERS + 4, 2), reg);
    assert_non_null(paging_map_device(TABLES + 8 * PAGE_LEN, 4)); /* reserved */
    assert_non_null(paging_map_device(UINT64_C(0xFEA00000), 4));  /* left out of the map */
}

/* Firmware's word is not enough to make the kernel write into memory. */
static void test_registers_are_never_in_memory([[maybe_unused]] void **state)
{
    assert_null(paging_map_device(REGISTERS, 0));
    assert_null(paging_map_device(MACHINE_PADDR + 8, 2));
    assert_null(paging_map_device(AFTER - 1, 1));
    assert_null(paging_map_device(AFTER, 2));
    assert_null(paging_map_device(AFTER + 8 * PAGE_LEN, 2));
    assert_null(paging_map_device(TABLES, 2));
    assert_null(paging_map_device(TABLES - 2, 4));
}

static void test_a_page_is_for_tables_or_for_registers([[maybe_unused]] void **state)
{
    assert_non_null(paging_map_firmware(TABLES + 8 * PAGE_LEN, 36));
    assert_null(paging_map_device(TABLES + 8 * PAGE_LEN + 64, 4));
    assert_non_null(paging_map_device(UINT64_C(0xFEA00000), 4));
    assert_null(paging_map_firmware(UINT64_C(0xFEA00000) + 64, 36));
}

#define SCREEN UINT64_C(0x40000000)
#define SCREEN_LEN (UINT64_C(1280) * 800 * 4) /* 1000 pages */

static void test_screen_is_writable_uncached_and_in_large_pages([[maybe_unused]] void **state)
{
    struct mapping_statistics before;
    struct mapping_statistics after;
    mapping_count(root, &before);
    uint8_t *pixels = paging_map_screen(SCREEN + 16, SCREEN_LEN - 16);
    mapping_count(root, &after);

    assert_int_equal((uintptr_t)pixels, ADDRESS_SCREEN + SCREEN + 16);
    for (uint64_t at = 0; at < SCREEN_LEN - 16; at += PAGE_LEN) {
        struct mapping_entry entry = entry_at(pixels + at);
        assert_int_equal(entry.paddr, SCREEN + 16 + at);
        assert_true(entry.writable && entry.uncached);
        assert_false(entry.executable);
    }
    assert_int_equal(after.pages_2m - before.pages_2m, 1);
    assert_int_equal(after.pages_4k - before.pages_4k, 1000 - 512);
    assert_int_equal(after.executable_pages, before.executable_pages);
}

/* Else the kernel would paint over whatever a loader names. */
static void test_screen_is_never_in_memory([[maybe_unused]] void **state)
{
    assert_null(paging_map_screen(SCREEN, 0));
    assert_null(paging_map_screen(MACHINE_PADDR, PAGE_LEN));
    assert_null(paging_map_screen(AFTER - PAGE_LEN, 2 * PAGE_LEN));
    assert_null(paging_map_screen(AFTER + PAGE_LEN, PAGE_LEN)); /* the image */
    assert_null(paging_map_screen(TABLES, PAGE_LEN));
    assert_null(paging_map_screen(SCREEN, SIZE_MAX));
    assert_null(paging_map_screen(ADDRESS_PADDR_END - PAGE_LEN, PAGE_LEN));
    assert_null(paging_map_screen((UINT64_C(1) << features.physical_bits) - PAGE_LEN, SCREEN_LEN));
}

/* The processor answers such an address with a page fault: a bit in the table is reserved. */
static void test_addresses_the_processor_lacks_are_refused([[maybe_unused]] void **state)
{
    uint64_t end = UINT64_C(1) << features.physical_bits;

    assert_non_null(paging_map_firmware(end - 36, 36));
    assert_null(paging_map_firmware(end - 35, 36));
    assert_null(paging_map_firmware(end, 36));
    assert_null(paging_map_device(end, 4));
    features.physical_bits = 46;
    assert_non_null(paging_map_firmware(end, 36));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_each_segment_has_its_own_rights, setup),
        cmocka_unit_test_setup(test_direct_map_has_our_memory_alone, setup),
        cmocka_unit_test_setup(test_firmware_tables_are_read_only, setup),
        cmocka_unit_test_setup(test_firmware_tables_cannot_be_anywhere, setup),
        cmocka_unit_test_setup(test_registers_are_writable_and_uncached, setup),
        cmocka_unit_test_setup(test_registers_are_never_in_memory, setup),
        cmocka_unit_test_setup(test_a_page_is_for_tables_or_for_registers, setup),
        cmocka_unit_test_setup(test_screen_is_writable_uncached_and_in_large_pages, setup),
        cmocka_unit_test_setup(test_screen_is_never_in_memory, setup),
        cmocka_unit_test_setup(test_addresses_the_processor_lacks_are_refused, setup),
    };

    return cmocka_run_group_tests_name("paging", tests, nullptr, nullptr);
}
