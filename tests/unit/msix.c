#include "kernel/dev/msix.h"

#include "kernel/dev/platform.h"
#include "tests/support/registers.h"

#define CONFIG UINT64_C(0xB0000000)
#define TABLE UINT64_C(0xFE002000)

const struct platform *platform_get(void)
{
    return nullptr;
}

static const struct pci_function function = {.ecam = (volatile uint8_t *)(uintptr_t)CONFIG};

static int setup([[maybe_unused]] void **state)
{
    registers_reset();
    register_put(MEMORY, CONFIG + 0x04, 0x00100000);
    register_put(MEMORY, CONFIG + 0x14, 0xFE000000);
    register_put(MEMORY, CONFIG + 0x34, 0x60);
    register_put(MEMORY, CONFIG + 0x60, 0x40030011); /* off, all masked, four entries */
    register_put(MEMORY, CONFIG + 0x64, 0x00002001);
    return 0;
}

static void test_starts_with_the_first_entry_masked([[maybe_unused]] void **state)
{
    assert_int_equal((uintptr_t)msix_start(&function), TABLE);
    access_count = 0;
    (void)msix_start(&function);
    assert_int_equal(*register_at(MEMORY, TABLE + 12), 1);
    assert_int_equal(*register_at(MEMORY, CONFIG + 0x60), 0x80030011);
}

static void test_masks_the_entry_while_it_changes([[maybe_unused]] void **state)
{
    msix_set((volatile void *)(uintptr_t)TABLE,
             (struct interrupts_message){.address = 0x1FEE03000, .data = 0x33});
    assert_accesses({'w', MEMORY, TABLE + 12, 1}, {'w', MEMORY, TABLE, 0xFEE03000},
                    {'w', MEMORY, TABLE + 4, 1}, {'w', MEMORY, TABLE + 8, 0x33},
                    {'w', MEMORY, TABLE + 12, 0});
}

static void test_a_function_without_it_is_left_alone([[maybe_unused]] void **state)
{
    register_put(MEMORY, CONFIG + 0x60, 0x00000005);
    assert_null(msix_start(&function));
    register_put(MEMORY, CONFIG + 0x60, 0x40030011);
    register_unmappable = TABLE;
    assert_null(msix_start(&function));
    assert_int_equal(*register_at(MEMORY, CONFIG + 0x60), 0x40030011);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_starts_with_the_first_entry_masked, setup),
        cmocka_unit_test_setup(test_masks_the_entry_while_it_changes, setup),
        cmocka_unit_test_setup(test_a_function_without_it_is_left_alone, setup),
    };

    return cmocka_run_group_tests_name("msix", tests, nullptr, nullptr);
}
