#include "kernel/dev/io_apic.h"

#include "kernel/lock.h"
#include "tests/support/registers.h"

#define FIRST UINT64_C(0xFEC00000)
#define SECOND UINT64_C(0xFEC10000)
#define MASKED 0x10000u

static uint32_t entries[2][0x100];
static uint32_t versions[2];
static unsigned lock_depth;

bool lock_take([[maybe_unused]] struct lock *lock)
{
    lock_depth++;
    return true;
}

void lock_release([[maybe_unused]] struct lock *lock, bool were_on)
{
    assert_true(were_on);
    lock_depth--;
}

static unsigned chip_of(uint64_t where)
{
    return where >= SECOND ? 1 : 0;
}

static uint32_t selected(uint64_t where)
{
    return (uint32_t)*register_at(MEMORY, chip_of(where) == 0 ? FIRST : SECOND);
}

/* The window shows the register that was selected. */
static bool read_window([[maybe_unused]] enum register_kind kind, uint64_t where, uint64_t *value)
{
    if ((where & 0xFF) != 0x10)
        return false;
    assert_true(selected(where) < 0x100);
    *value =
        selected(where) == 1 ? versions[chip_of(where)] : entries[chip_of(where)][selected(where)];
    return true;
}

static void write_window([[maybe_unused]] enum register_kind kind, uint64_t where, uint64_t value)
{
    if ((where & 0xFF) == 0x10)
        entries[chip_of(where)][selected(where)] = (uint32_t)value;
}

/* A chip with 24 lines, one with 8 from 24 on; the timer is on line 2 and IRQ 9 is level, low. */
static struct platform platform;

static int setup([[maybe_unused]] void **state)
{
    registers_reset();
    register_read_hook = read_window;
    register_write_hook = write_window;
    memset(entries, 0, sizeof entries);
    versions[0] = 0x00170020;
    versions[1] = 0x00070020;
    lock_depth = 0;
    platform = (struct platform){
        .io_apics = {{.paddr = FIRST, .gsi_base = 0}, {.paddr = SECOND, .gsi_base = 24}},
        .io_apic_count = 2,
        .overrides = {{.irq = 0, .gsi = 2},
                      {.irq = 9, .gsi = 9, .active_low = true, .level = true},
                      {.irq = 11, .gsi = 26, .active_low = true},
                      {.irq = 12, .gsi = 200, .level = true}},
        .override_count = 4,
    };
    return 0;
}

static void init(void)
{
    io_apic_init(&platform);
    access_count = 0;
}

static void test_every_line_is_masked_at_the_start([[maybe_unused]] void **state)
{
    io_apic_init(&platform);
    for (unsigned n = 0; n < 24; n++)
        assert_int_equal(entries[0][0x10 + 2 * n], MASKED);
    for (unsigned n = 0; n < 8; n++)
        assert_int_equal(entries[1][0x10 + 2 * n], MASKED);
    /* And nothing else is written: two accesses to ask, two for each line. */
    assert_int_equal(access_count, 2 * 2 + 2 * (24 + 8));
}

static void test_route_opens_the_line_last([[maybe_unused]] void **state)
{
    init();
    assert_int_equal(io_apic_route(4, 0x31, 3), NONOS_OK);
    assert_accesses({'w', MEMORY, FIRST, 0x18}, {'w', MEMORY, FIRST + 0x10, MASKED},
                    {'w', MEMORY, FIRST, 0x19}, {'w', MEMORY, FIRST + 0x10, 0x03000000},
                    {'w', MEMORY, FIRST, 0x18}, {'w', MEMORY, FIRST + 0x10, 0x31});
    assert_int_equal(lock_depth, 0);
}

static void test_overrides_move_and_shape_a_line([[maybe_unused]] void **state)
{
    init();
    assert_int_equal(io_apic_route(0, 0x30, 0), NONOS_OK);
    assert_int_equal(entries[0][0x14], 0x30);
    assert_int_equal(entries[0][0x10], MASKED);
    assert_int_equal(io_apic_route(9, 0x32, 255), NONOS_OK);
    assert_int_equal(entries[0][0x22], 0xA032); /* level, active low */
    assert_int_equal(entries[0][0x23], 0xFF000000);
    assert_int_equal(io_apic_route(11, 0x33, 0), NONOS_OK);
    assert_int_equal(entries[1][0x14], 0x2033); /* line 2 of the second; active low */
    assert_int_equal(entries[0][0x26], MASKED);
}

static void test_mask_closes_it([[maybe_unused]] void **state)
{
    init();
    assert_int_equal(io_apic_route(9, 0x32, 1), NONOS_OK);
    io_apic_mask(9);
    assert_true((entries[0][0x22] & MASKED) != 0);
    io_apic_mask(12); /* which nobody has */
}

static void test_lines_that_nobody_has_are_not_found([[maybe_unused]] void **state)
{
    init();
    assert_int_equal(io_apic_route(12, 0x30, 0), NONOS_E_NOT_FOUND);
    assert_int_equal(io_apic_route(4, 0x30, 256), NONOS_E_NOT_FOUND); /* more than eight bits */
    platform.io_apics[0].gsi_base = 1;                                /* then line 0 is nobody's */
    platform.override_count = 0;
    init();
    assert_int_equal(io_apic_route(0, 0x30, 0), NONOS_E_NOT_FOUND);
    assert_no_accesses();
    platform.io_apic_count = 0;
    init();
    assert_int_equal(io_apic_route(4, 0x30, 0), NONOS_E_NOT_FOUND);
    assert_no_accesses();
}

static void test_chips_that_make_no_sense_are_left_out([[maybe_unused]] void **state)
{
    register_unmappable = FIRST;
    init();
    assert_int_equal(io_apic_route(4, 0x30, 0), NONOS_E_NOT_FOUND);
    assert_int_equal(io_apic_route(11, 0x30, 0), NONOS_OK);
    register_unmappable = 0;
    versions[0] = UINT32_MAX; /* what an empty bus reads as: 256 lines */
    memset(entries, 0, sizeof entries);
    init();
    assert_int_equal(entries[0][0x10], 0);
    assert_int_equal(io_apic_route(4, 0x30, 0), NONOS_E_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_every_line_is_masked_at_the_start, setup),
        cmocka_unit_test_setup(test_route_opens_the_line_last, setup),
        cmocka_unit_test_setup(test_overrides_move_and_shape_a_line, setup),
        cmocka_unit_test_setup(test_mask_closes_it, setup),
        cmocka_unit_test_setup(test_lines_that_nobody_has_are_not_found, setup),
        cmocka_unit_test_setup(test_chips_that_make_no_sense_are_left_out, setup),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
