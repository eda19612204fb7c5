#include "kernel/cpu/pic.h"

#include "tests/support/registers.h"

/* Initialization command words 1 to 4, then the mask; vectors 32 to 47. */
static void test_moves_both_out_of_the_way_and_masks_them([[maybe_unused]] void **state)
{
    registers_reset();
    pic_mask();
    assert_accesses({'w', PORT, 0x20, 0x11}, {'w', PORT, 0x21, 32}, {'w', PORT, 0x21, 0x04},
                    {'w', PORT, 0x21, 0x01}, {'w', PORT, 0x21, 0xFF}, {'w', PORT, 0xA0, 0x11},
                    {'w', PORT, 0xA1, 40}, {'w', PORT, 0xA1, 0x02}, {'w', PORT, 0xA1, 0x01},
                    {'w', PORT, 0xA1, 0xFF});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_moves_both_out_of_the_way_and_masks_them),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
