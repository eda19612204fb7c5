#include "kernel/mem/shootdown.h"

#include "kernel/cpu/interrupt_flag.h"
#include "kernel/mem/mapping.h"
#include "tests/support/spaces.h"

/* Each of them remembers the page and then must not. */
static void test_every_processor_forgets_what_is_unmapped([[maybe_unused]] void **state)
{
    assert_int_equal(space_map(space, LOW, PAGES * PAGE_LEN, MAPPING_WRITE), NONOS_OK);
    for (uint32_t i = 0; i < PROCESSORS; i++) {
        switch_to(i, nullptr, space);
        assert_int_not_equal(translate_on(i, LOW), 0);
    }
    switch_to(3, space, nullptr); /* remembers, and is elsewhere */
    assert_int_equal(space_unmap(space, LOW, PAGES * PAGE_LEN), NONOS_OK);
    assert_int_equal(processors_interrupts, 2);
    switch_to(3, nullptr, space);
    for (uint32_t i = 0; i < PROCESSORS; i++)
        assert_int_equal(translate_on(i, LOW), 0);
}

static void test_every_processor_forgets_rights([[maybe_unused]] void **state)
{
    assert_int_equal(space_map(space, LOW, PAGES * PAGE_LEN, MAPPING_WRITE), NONOS_OK);
    for (uint32_t i = 0; i < PROCESSORS; i++) {
        switch_to(i, nullptr, space);
        assert_int_not_equal(translate_on(i, LOW) & 2, 0);
    }
    assert_int_equal(space_protect(space, LOW, 2 * PAGE_LEN, MAPPING_READ), NONOS_OK);
    for (uint32_t i = 0; i < PROCESSORS; i++) {
        assert_int_equal(translate_on(i, LOW) & 2, 0);
        assert_int_not_equal(translate_on(i, LOW + 2 * PAGE_LEN) & 2, 0);
    }
    assert_int_equal(space_protect(space, LOW, 5 * PAGE_LEN, MAPPING_READ), NONOS_E_NOT_FOUND);
}

/* Maps count pages, one in step, and a last one; takes all but that one away. */
static void unmap_many(size_t count, uint64_t step)
{
    vaddr_t end = LOW + count * step;

    for (vaddr_t at = LOW; at <= end; at += step)
        assert_int_equal(space_map(space, at, PAGE_LEN, MAPPING_WRITE), NONOS_OK);
    for (uint32_t i = 0; i < 2; i++) {
        switch_to(i, nullptr, space);
        for (vaddr_t at = LOW; at <= end; at += step)
            assert_int_not_equal(translate_on(i, at), 0);
    }
    assert_int_equal(space_unmap(space, LOW, end - LOW), NONOS_OK);
    for (uint32_t i = 0; i < 2; i++) {
        for (vaddr_t at = LOW; at < end; at += step)
            assert_int_equal(translate_on(i, at), 0);
        assert_int_not_equal(translate_on(i, end), 0);
        switch_to(i, space, nullptr);
    }
    assert_int_equal(space_unmap(space, end, PAGE_LEN), NONOS_OK);
}

/* More than are forgotten one by one, and far from each other in one table. */
static void test_many_pages_at_once_are_all_forgotten([[maybe_unused]] void **state)
{
    unmap_many(16, PAGE_LEN);
    unmap_many(17, PAGE_LEN);
    unmap_many(100, PAGE_LEN);
    unmap_many(16, 30 * PAGE_LEN);
}

/* Who takes a page away knows by itself what it has forgotten. */
static void test_who_changes_pages_keeps_the_others([[maybe_unused]] void **state)
{
    assert_int_equal(space_map(space, LOW, 2 * PAGE_LEN, 0), NONOS_OK);
    switch_to(0, nullptr, space);
    assert_int_not_equal(translate_on(0, LOW), 0);
    assert_int_not_equal(translate_on(0, LOW + PAGE_LEN), 0);
    assert_int_equal(space_unmap(space, LOW, PAGE_LEN), NONOS_OK);
    switch_to(0, space, nullptr);
    switch_to(0, nullptr, space);
    assert_null(processors_recall(0, LOW));
    assert_non_null(processors_recall(0, LOW + PAGE_LEN));
}

/* Else a switch would cost as much with PCIDs as without. */
static void test_a_pcid_keeps_what_still_holds([[maybe_unused]] void **state)
{
    assert_int_equal(space_map(space, LOW, PAGE_LEN, MAPPING_WRITE), NONOS_OK);
    switch_to(1, nullptr, space);
    assert_int_not_equal(translate_on(1, LOW), 0);
    switch_to(1, space, nullptr);
    switch_to(1, nullptr, space);
    processors_now = 1;
    assert_non_null(processors_recall(0, LOW));
    processors_now = 0;
}

static void test_without_pcid_a_switch_forgets_everything([[maybe_unused]] void **state)
{
    assert_int_equal(space->translations.pcid, 0);
    assert_int_equal(space_map(space, LOW, PAGE_LEN, MAPPING_WRITE), NONOS_OK);
    switch_to(1, nullptr, space);
    assert_int_not_equal(translate_on(1, LOW), 0);
    switch_to(1, space, nullptr);
    assert_int_equal(translate_on(1, LOW), 0);
}

/* The space that has the PCID next must not see what the one before it had. */
static void test_a_pcid_is_used_again_with_nothing_remembered([[maybe_unused]] void **state)
{
    struct space *other;
    uint32_t pcid;

    assert_int_equal(space_create(&quota, &other), NONOS_OK);
    assert_int_equal(space_map(other, LOW, PAGE_LEN, MAPPING_WRITE), NONOS_OK);
    pcid = other->translations.pcid;
    assert_int_not_equal(pcid, space->translations.pcid);
    switch_to(2, nullptr, other);
    assert_int_not_equal(translate_on(2, LOW), 0);
    switch_to(2, other, nullptr);
    space_destroy(other);
    assert_int_equal(space_create(&quota, &other), NONOS_OK);
    assert_int_equal(other->translations.pcid, pcid);
    switch_to(2, nullptr, other);
    assert_int_equal(translate_on(2, LOW), 0);
    switch_to(2, other, nullptr);
    space_destroy(other);
}

/* 4095 there are; who comes too late does without, and still sees nothing of others. */
static void test_more_spaces_than_pcids([[maybe_unused]] void **state)
{
    static struct translations many[4096];
    struct space *late[2];

    for (size_t i = 0; i < 4094; i++) {
        translations_init(&many[i], 0);
        assert_in_range(many[i].pcid, 1, 4095);
    }
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(space_create(&quota, &late[i]), NONOS_OK);
        assert_int_equal(late[i]->translations.pcid, 0);
    }
    assert_int_equal(space_map(late[0], LOW, PAGE_LEN, 0), NONOS_OK);
    switch_to(1, nullptr, late[0]);
    assert_int_not_equal(translate_on(1, LOW), 0);
    switch_to(1, late[0], late[1]);
    assert_int_equal(translate_on(1, LOW), 0);
    switch_to(1, late[1], late[0]);
    assert_int_not_equal(translate_on(1, LOW), 0);
    switch_to(1, late[0], nullptr);
    assert_int_equal(translate_on(1, LOW), 0);
    for (size_t i = 0; i < 4094; i++)
        translations_end(&many[i]);
    for (size_t i = 0; i < 2; i++)
        space_destroy(late[i]);
}

static void test_a_space_in_use_is_not_destroyed([[maybe_unused]] void **state)
{
    switch_to(1, nullptr, space);
    assert_panic(space_destroy(space), "processors 0x2 still run on it");
}

static unsigned asked_elsewhere;

static void ask_elsewhere(void)
{
    assert_false(interrupts_are_on());
    if (asked_elsewhere++ > 0) {
        processors_answer_all();
        return;
    }
    processors_now = 1;
    shootdown(&space->translations, LOW + PAGE_LEN, LOW + 2 * PAGE_LEN);
    processors_now = 0;
}

/* Both at once, and each waits for the other: who waits answers. */
static void test_two_processors_ask_each_other([[maybe_unused]] void **state)
{
    assert_int_equal(space_map(space, LOW, 2 * PAGE_LEN, 0), NONOS_OK);
    switch_to(0, nullptr, space);
    switch_to(1, nullptr, space);
    for (uint32_t i = 0; i < 2; i++) {
        assert_int_not_equal(translate_on(i, LOW), 0);
        assert_int_not_equal(translate_on(i, LOW + PAGE_LEN), 0);
    }
    asked_elsewhere = 0;
    processors_wait = ask_elsewhere;
    interrupts_enable();
    shootdown(&space->translations, LOW, LOW + PAGE_LEN);
    assert_true(interrupts_disable());
    processors_wait = processors_answer_all;
    assert_in_range(asked_elsewhere, 2, 10);
    for (uint32_t i = 0; i < 2; i++) {
        processors_now = i;
        assert_null(processors_recall(0, LOW));
        assert_null(processors_recall(0, LOW + PAGE_LEN));
    }
    processors_now = 0;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define TEST_WITHOUT(name) cmocka_unit_test_setup_teardown(name, setup_without_pcid, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_every_processor_forgets_what_is_unmapped),
        TEST(test_every_processor_forgets_rights),
        TEST(test_many_pages_at_once_are_all_forgotten),
        TEST(test_who_changes_pages_keeps_the_others),
        TEST(test_a_pcid_keeps_what_still_holds),
        TEST_WITHOUT(test_without_pcid_a_switch_forgets_everything),
        TEST(test_a_pcid_is_used_again_with_nothing_remembered),
        TEST(test_more_spaces_than_pcids),
        TEST(test_a_space_in_use_is_not_destroyed),
        TEST(test_two_processors_ask_each_other),
    };

    return cmocka_run_group_tests_name("shootdown", tests, nullptr, nullptr);
}
