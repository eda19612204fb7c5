#include "kernel/cpu/interrupts.h"

#include "kernel/cpu/apic.h"
#include "kernel/cpu/vectors.h"
#include "kernel/lock.h"
#include "kernel/mem/shootdown.h"
#include "kernel/sched/sched.h"
#include "tests/support/vectors.h"

#define DEVICE_COUNT (VECTOR_DEVICES_END - VECTOR_DEVICES)

/* What was called, a letter each, in its order. */
static char calls[64];
static uint32_t own_apic_id;

static void note(const char *letter)
{
    size_t len = strlen(calls);

    assert_true(len + 2 < sizeof calls);
    memcpy(calls + len, letter, 2);
}

void sched_tick(void)
{
    note("t");
}

void sched_look(void)
{
    note("r");
}

void sched_preempt(void)
{
    note("p");
}

void shootdown_handle(void)
{
    note("s");
}

void apic_handle_error(void)
{
    note("!");
}

void apic_end(void)
{
    note("e");
}

uint32_t apic_id(void)
{
    return own_apic_id;
}

bool lock_take([[maybe_unused]] struct lock *lock)
{
    return false;
}

void lock_release([[maybe_unused]] struct lock *lock, [[maybe_unused]] bool were_on)
{
}

static void handle(void *context)
{
    note(context);
}

static void assert_calls(unsigned vector, const char *expected)
{
    calls[0] = '\0';
    interrupts_handle(vector);
    assert_string_equal(calls, expected);
}

static void release_all(void)
{
    for (unsigned i = 0; i < DEVICE_COUNT; i++)
        interrupts_release(VECTOR_DEVICES + i);
}

/* Taken care of, acknowledged, and then whoever is due. */
static void test_each_kind_goes_to_its_handler([[maybe_unused]] void **state)
{
    assert_calls(VECTOR_TIMER, "tep");
    assert_calls(VECTOR_SHOOTDOWN, "sep");
    assert_calls(VECTOR_RESCHEDULE, "rep");
    assert_calls(VECTOR_APIC_ERROR, "!ep");
}

static void test_spurious_ones_are_not_acknowledged([[maybe_unused]] void **state)
{
    assert_calls(VECTOR_SPURIOUS, "");
    for (unsigned line = 0; line < 16; line++)
        assert_calls(VECTOR_PIC + line, "");
}

static void test_device_is_acknowledged_after_its_handler([[maybe_unused]] void **state)
{
    unsigned first, second;

    assert_int_equal(interrupts_claim(handle, (void *)(uintptr_t)"a", &first), NONOS_OK);
    assert_int_equal(interrupts_claim(handle, (void *)(uintptr_t)"b", &second), NONOS_OK);
    assert_in_range(first, VECTOR_DEVICES, VECTOR_DEVICES_END - 1);
    assert_in_range(second, VECTOR_DEVICES, VECTOR_DEVICES_END - 1);
    assert_calls(second, "bep");
    assert_calls(first, "aep");
    interrupts_release(first);
    assert_calls(first, "ep"); /* one that was still on its way */
    release_all();
}

static void test_vectors_run_out_and_come_back([[maybe_unused]] void **state)
{
    unsigned vectors[DEVICE_COUNT];
    unsigned more = 77;

    for (unsigned i = 0; i < DEVICE_COUNT; i++) {
        assert_int_equal(interrupts_claim(handle, (void *)(uintptr_t)"x", &vectors[i]), NONOS_OK);
        for (unsigned j = 0; j < i; j++)
            assert_true(vectors[i] != vectors[j]);
    }
    assert_int_equal(interrupts_claim(handle, (void *)(uintptr_t)"y", &more), NONOS_E_NO_MEMORY);
    assert_int_equal(more, 0);
    interrupts_release(vectors[5]);
    assert_int_equal(interrupts_claim(handle, (void *)(uintptr_t)"y", &more), NONOS_OK);
    assert_int_equal(more, vectors[5]);
    assert_calls(more, "yep");
    release_all();
}

/* SDM vol. 3 §10.11: the address names the processor, the data the vector; fixed, by edge. */
static void test_message_is_for_this_processor([[maybe_unused]] void **state)
{
    struct interrupts_message message;

    own_apic_id = 0x2A;
    message = interrupts_message(0x31);
    assert_int_equal(message.address, 0xFEE2A000);
    assert_int_equal(message.data, 0x31);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_kind_goes_to_its_handler),
        cmocka_unit_test(test_spurious_ones_are_not_acknowledged),
        cmocka_unit_test(test_device_is_acknowledged_after_its_handler),
        cmocka_unit_test(test_vectors_run_out_and_come_back),
        cmocka_unit_test(test_message_is_for_this_processor),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
