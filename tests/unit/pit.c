#include "kernel/dev/pit.h"

#include "tests/support/registers.h"

/* The two bytes of a count, in the order in which they are read. */
static const uint8_t latched[] = {0x34, 0x12, 0x00, 0x00};
static size_t latched_read;

static bool read_channel([[maybe_unused]] enum register_kind kind, uint64_t where, uint64_t *value)
{
    if (where != 0x40)
        return false;
    *value = latched[latched_read++ % sizeof latched];
    return true;
}

static int setup([[maybe_unused]] void **state)
{
    registers_reset();
    latched_read = 0;
    register_read_hook = read_channel;
    return 0;
}

static void test_start_programs_one_long_silent_count([[maybe_unused]] void **state)
{
    struct counter counter;

    pit_start(&counter);
    assert_accesses({'w', PORT, 0x43, 0x30}, {'w', PORT, 0x40, 0xFF}, {'w', PORT, 0x40, 0xFF});
    assert_string_equal(counter.name, "PIT");
    assert_int_equal(counter.mask, 0xFFFF);
    /* 1.193182 MHz */
    assert_in_range(UINT64_C(1000000000000000) / counter.period_fs, 1193181, 1193182);
}

static void test_reads_a_latched_count_as_one_that_goes_up([[maybe_unused]] void **state)
{
    struct counter counter;

    pit_start(&counter);
    access_count = 0;
    assert_int_equal(counter.read(), 0xFFFF - 0x1234);
    assert_accesses({'w', PORT, 0x43, 0x00}, {'r', PORT, 0x40, 0x34}, {'r', PORT, 0x40, 0x12});
    assert_int_equal(counter.read(), 0xFFFF);
}

static void test_stop_leaves_it_without_a_count([[maybe_unused]] void **state)
{
    pit_stop();
    assert_accesses({'w', PORT, 0x43, 0x30});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_start_programs_one_long_silent_count, setup),
        cmocka_unit_test_setup(test_reads_a_latched_count_as_one_that_goes_up, setup),
        cmocka_unit_test_setup(test_stop_leaves_it_without_a_count, setup),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
