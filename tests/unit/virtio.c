#include "kernel/dev/virtio.h"

#include "tests/support/vectors.h"
#include "tests/support/virtio_machine.h"

static struct virtio virtio;

/* 0: on PCI; 1 and 2: in memory, of that version. */
#define MACHINE_COUNT 3u

static void find(unsigned machine, enum fake_fault fault)
{
    if (machine == 0) {
        fake_on_pci(fault);
        assert_true(virtio_find_pci(0x1044, 0x1005, &virtio));
    } else {
        fake_in_memory(fault, machine);
        assert_true(virtio_find_mmio(4, FAKE_MMIO, &virtio));
    }
}

static void test_starts_a_device_by_the_rules([[maybe_unused]] void **state)
{
    for (unsigned machine = 0; machine < MACHINE_COUNT; machine++) {
        find(machine, FAKE_KEEPS_THE_RULES);
        assert_true(virtio_start(&virtio));
        assert_int_equal(fake.resets, 1);
        assert_int_equal(fake.status, machine == 1 ? 7 : 15);
        assert_int_equal(fake.accepted[0], 0);
        assert_int_equal(fake.accepted[1], machine == 1 ? 0 : 1);
        assert_int_equal(fake.queue_ready, 1);
        assert_int_equal(fake.descriptors, FAKE_MEMORY);
        virtio_stop(&virtio);
        assert_int_equal(fake.status, 0);
    }
}

static void test_a_device_that_does_not_want_to_is_not_started([[maybe_unused]] void **state)
{
    static const struct {
        enum fake_fault fault;
        bool is_for_legacy;
    } faults[] = {{FAKE_NEVER_RESETS, true},
                  {FAKE_HAS_NO_QUEUE, true},
                  {FAKE_HAS_NO_VERSION_1, false},
                  {FAKE_WANTS_MORE_FEATURES, false}};

    for (unsigned machine = 0; machine < MACHINE_COUNT; machine++) {
        for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
            find(machine, faults[i].fault);
            assert_int_equal(virtio_start(&virtio), machine == 1 && !faults[i].is_for_legacy);
            assert_int_equal(fake.status & 4, machine == 1 && !faults[i].is_for_legacy ? 4 : 0);
        }
    }
}

static void test_no_device_is_left_out_for_want_of_memory([[maybe_unused]] void **state)
{
    for (volatile unsigned machine = 0; machine < MACHINE_COUNT; machine++) {
        volatile bool has_stopped = true;

        find(machine, FAKE_KEEPS_THE_RULES);
        fake.no_memory = true;
        if (setjmp(fake_stopped) == 0) {
            (void)virtio_start(&virtio);
            has_stopped = false;
        }
        assert_true(has_stopped);
        assert_int_equal(fake.queue_ready, 0);
    }
}

/* Far more answers than the queue has places and its count has values. */
static void test_asks_and_is_answered_for_ever([[maybe_unused]] void **state)
{
    for (unsigned machine = 0; machine < MACHINE_COUNT; machine++) {
        find(machine, FAKE_KEEPS_THE_RULES);
        assert_true(virtio_start(&virtio));
        for (uint32_t i = 0; i < 70000; i++) {
            uint32_t wanted = 1 + i % VIRTIO_BUFFER_LEN;
            uint32_t len = 0xEEEEEEEE;

            if (!virtio_ask(&virtio, wanted) || virtio_poll(&virtio, &len) != VIRTIO_NOTHING)
                fail_msg("at %u", i);
            assert_int_equal(len, 0);
            fake_answer();
            if (virtio_poll(&virtio, &len) != VIRTIO_DONE || len != wanted)
                fail_msg("at %u: %u bytes", i, len);
        }
    }
}

static void expect_broken(enum fake_fault fault)
{
    uint32_t len = 0xEEEEEEEE;

    find(0, fault);
    assert_true(virtio_start(&virtio));
    assert_true(virtio_ask(&virtio, 64));
    fake_answer();
    assert_int_equal(virtio_poll(&virtio, &len), VIRTIO_BROKEN);
    assert_int_equal(len, 0);
}

static void test_no_lie_about_an_answer_is_believed([[maybe_unused]] void **state)
{
    for (enum fake_fault fault = FAKE_ANSWERS_NOTHING; fault <= FAKE_GOES_BACK; fault++)
        expect_broken(fault);
}

static void test_does_not_ask_who_has_answered_too_often([[maybe_unused]] void **state)
{
    find(0, FAKE_KEEPS_THE_RULES);
    assert_true(virtio_start(&virtio));
    assert_true(virtio_ask(&virtio, 64));
    assert_false(virtio_ask(&virtio, 64)); /* nor while there was no answer */
    fake_answer();
    fake_store16(fake.used + 2, 2);
    assert_false(virtio_ask(&virtio, 64));
    fake_store16(fake.used + 2, 0);
    assert_false(virtio_ask(&virtio, 64));
    fake_store16(fake.used + 2, 1);
    assert_true(virtio_ask(&virtio, 64));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_starts_a_device_by_the_rules),
        cmocka_unit_test(test_a_device_that_does_not_want_to_is_not_started),
        cmocka_unit_test(test_no_device_is_left_out_for_want_of_memory),
        cmocka_unit_test(test_asks_and_is_answered_for_ever),
        cmocka_unit_test(test_no_lie_about_an_answer_is_believed),
        cmocka_unit_test(test_does_not_ask_who_has_answered_too_often),
    };

    return cmocka_run_group_tests_name("virtio", tests, nullptr, nullptr);
}
