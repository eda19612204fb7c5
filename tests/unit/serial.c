#include "kernel/dev/serial.h"

#include "tests/support/registers.h"

#define COM1 0x3F8u

static bool has_data;
static bool loops_back;
static bool has_scratch;
static unsigned status;

static bool read_port([[maybe_unused]] enum register_kind kind, uint64_t where, uint64_t *value)
{
    switch (where) {
    case COM1 + 5:
        *value = status | (has_data ? 1 : 0);
        return true;
    case COM1:
        has_data = false;
        return false;
    case COM1 + 7:
        *value = 0xFF;
        return !has_scratch;
    default:
        return false;
    }
}

static void write_port([[maybe_unused]] enum register_kind kind, uint64_t where,
                       [[maybe_unused]] uint64_t value)
{
    if (where == COM1 && loops_back && (*register_at(PORT, COM1 + 4) & 0x10) != 0)
        has_data = true;
}

static int setup([[maybe_unused]] void **state)
{
    registers_reset();
    register_read_hook = read_port;
    register_write_hook = write_port;
    has_data = false;
    loops_back = has_scratch = true;
    status = 0x60;
    return 0;
}

static void test_init_sets_115200_8n1_and_clears_the_queues([[maybe_unused]] void **state)
{
    assert_true(serial_init());
    assert_accesses(
        {'r', PORT, COM1 + 5, 0x60}, {'r', PORT, COM1 + 5, 0x60}, {'w', PORT, COM1 + 1, 0},
        {'w', PORT, COM1 + 3, 0x83}, {'w', PORT, COM1, 1}, {'w', PORT, COM1 + 1, 0},
        {'w', PORT, COM1 + 3, 0x03}, {'w', PORT, COM1 + 2, 0x07}, {'w', PORT, COM1 + 4, 0x03},
        {'w', PORT, COM1 + 7, 0x5A}, {'r', PORT, COM1 + 5, 0x60}, {'r', PORT, COM1 + 7, 0x5A},
        {'w', PORT, COM1 + 7, 0xA5}, {'r', PORT, COM1 + 5, 0x60}, {'r', PORT, COM1 + 7, 0xA5});
}

static void
test_port_without_a_scratch_register_is_known_by_its_loopback([[maybe_unused]] void **state)
{
    has_scratch = false;
    assert_true(serial_init());
    assert_int_equal(*register_at(PORT, COM1 + 4), 0x03); /* no longer looped back */
    has_scratch = loops_back = false;
    assert_false(serial_init());
}

static void test_absent_port_is_left_alone([[maybe_unused]] void **state)
{
    status = 0xFF;
    assert_false(serial_init());
    access_count = 0;
    serial_write_byte('x');
    assert_int_equal(serial_read_byte(), -1);
    serial_enable_interrupt();
    assert_no_accesses();
}

static void test_writes_when_there_is_room_and_reads_what_has_come([[maybe_unused]] void **state)
{
    assert_true(serial_init());
    access_count = 0;
    serial_write_byte('x');
    assert_accesses({'r', PORT, COM1 + 5, 0x60}, {'w', PORT, COM1, 'x'});
    assert_int_equal(serial_read_byte(), -1);
    assert_accesses({'r', PORT, COM1 + 5, 0x60});
    has_data = true;
    assert_int_equal(serial_read_byte(), 'x');
    assert_accesses({'r', PORT, COM1 + 5, 0x61}, {'r', PORT, COM1, 'x'});
}

/* A port that takes nothing more is waited for once, and then no longer than a look each time. */
static void test_stalled_port_is_given_up([[maybe_unused]] void **state)
{
    assert_true(serial_init());
    status = 0;
    access_count = 0;
    serial_write_byte('x');
    assert_in_range(access_count, 1000, 1000000);
    access_count = 0;
    serial_write_byte('y');
    assert_accesses({'r', PORT, COM1 + 5, 0});
    status = 0x60;
    serial_write_byte('z');
    assert_accesses({'r', PORT, COM1 + 5, 0x60}, {'w', PORT, COM1, 'z'});
}

static void test_interrupts_for_what_it_receives_alone([[maybe_unused]] void **state)
{
    assert_true(serial_init());
    access_count = 0;
    serial_enable_interrupt();
    /* OUT2 connects the line before the port may raise it. */
    assert_accesses({'w', PORT, COM1 + 4, 0x0B}, {'w', PORT, COM1 + 1, 0x01});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_init_sets_115200_8n1_and_clears_the_queues, setup),
        cmocka_unit_test_setup(test_port_without_a_scratch_register_is_known_by_its_loopback,
                               setup),
        cmocka_unit_test_setup(test_absent_port_is_left_alone, setup),
        cmocka_unit_test_setup(test_writes_when_there_is_room_and_reads_what_has_come, setup),
        cmocka_unit_test_setup(test_stalled_port_is_given_up, setup),
        cmocka_unit_test_setup(test_interrupts_for_what_it_receives_alone, setup),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
