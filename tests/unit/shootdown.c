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

/* Random use of several spaces by all processors at once, against a plain record. A processor that
 * waits lets others do something: use a page, load another space, map and unmap themselves.
 * Whatever a processor reaches is a page that its space has, or is just losing; never one that is
 * free or another's. */
#define RANDOM_SPACES 5u
#define RANDOM_PAGES 48u
#define RANDOM_DEPTH 3u

enum page_state { PAGE_NONE, PAGE_COMES, PAGE_THERE, PAGE_GOES };

static struct {
    struct space *space;
    enum page_state pages[RANDOM_PAGES];
    uint64_t tag; /* of all pages of this space, never used again */
    unsigned busy;
} uses[RANDOM_SPACES];
static struct space *loaded[PROCESSORS];
static bool is_busy[PROCESSORS];
static unsigned depth;
static uint64_t tags;
static uint64_t reached;

/* Two pages in each of 24 tables, which share the upper ones. */
static vaddr_t random_vaddr(size_t page)
{
    return LOW + page % 2 * PAGE_LEN + ((page / 2 % 3) << 21) + ((page / 6 % 2) << 30) +
           (page / 12 << 39);
}

static uint64_t *words_of(uint64_t entry)
{
    return direct_map_at(entry & UINT64_C(0x000FFFFFFFFFF000));
}

/* The processor that runs uses a page of the space that it has loaded. */
static void use_page(void)
{
    size_t which = 0;
    size_t page = test_random_below(RANDOM_PAGES);
    uint64_t entry = processors_translate(random_vaddr(page));

    while (which < RANDOM_SPACES && uses[which].space != loaded[processors_now])
        which++;
    if (loaded[processors_now] == nullptr) {
        assert_int_equal(entry, 0);
        return;
    }
    assert_true(which < RANDOM_SPACES);
    if (uses[which].pages[page] == PAGE_NONE)
        assert_int_equal(entry, 0);
    if (uses[which].pages[page] == PAGE_THERE)
        assert_int_not_equal(entry, 0);
    if (entry == 0)
        return;
    reached++;
    assert_true(frames_is_owned(entry & UINT64_C(0x000FFFFFFFFFF000), FRAMES_PROGRAM));
    if (uses[which].pages[page] != PAGE_COMES)
        assert_int_equal(words_of(entry)[0], uses[which].tag + page);
}

static void load_any(void)
{
    size_t which = test_random_below(RANDOM_SPACES + 1);
    struct space *next = which < RANDOM_SPACES ? uses[which].space : nullptr;

    space_switch(loaded[processors_now], next);
    loaded[processors_now] = next;
}

static void tag_page(size_t which, size_t page)
{
    struct mapping_entry entry;

    assert_true(mapping_find(uses[which].space->translations.root, random_vaddr(page), &entry));
    *words_of(entry.paddr) = uses[which].tag + page;
}

static void change_page(size_t which, size_t page)
{
    enum page_state *state = &uses[which].pages[page];

    if (*state == PAGE_NONE) {
        enum nonos_error error;

        *state = PAGE_COMES;
        error = space_map(uses[which].space, random_vaddr(page), PAGE_LEN, MAPPING_WRITE);
        assert_true(error == NONOS_OK || error == NONOS_E_QUOTA);
        if (error == NONOS_OK)
            tag_page(which, page);
        *state = error == NONOS_OK ? PAGE_THERE : PAGE_NONE;
    } else if (*state == PAGE_THERE) {
        *state = PAGE_GOES;
        assert_int_equal(space_unmap(uses[which].space, random_vaddr(page), PAGE_LEN), NONOS_OK);
        *state = PAGE_NONE;
    }
}

static void make_space(size_t which)
{
    enum nonos_error error = space_create(&quota, &uses[which].space);

    assert_true(error == NONOS_OK || error == NONOS_E_QUOTA);
    memset(uses[which].pages, PAGE_NONE, sizeof uses[which].pages);
    uses[which].tag = ++tags << 32;
}

/* Another one comes, where nobody is on the old one. */
static void replace_space(size_t which)
{
    struct space *old = uses[which].space;

    if (uses[which].busy > 0 || (old != nullptr && old->translations.loaded != 0))
        return;
    uses[which].busy++;
    uses[which].space = nullptr;
    if (old != nullptr)
        space_destroy(old);
    make_space(which);
    uses[which].busy--;
}

/* Then a real processor would wait, and answer meanwhile. */
static bool is_locked(const struct space *one)
{
    return one->lock.next != one->lock.serving;
}

static void do_anything(void)
{
    size_t which = test_random_below(RANDOM_SPACES);
    uint64_t action = test_random_below(20);

    is_busy[processors_now] = true;
    if (action < 10 || (uses[which].space != nullptr && is_locked(uses[which].space))) {
        use_page();
    } else if (action < 12) {
        load_any();
    } else if (action < 19 && uses[which].space != nullptr) {
        uses[which].busy++;
        change_page(which, test_random_below(RANDOM_PAGES));
        uses[which].busy--;
    } else {
        replace_space(which);
    }
    is_busy[processors_now] = false;
}

/* What the others do while one lets interrupts in; and sooner or later they answer. */
static void others_run(void)
{
    uint32_t was = processors_now;

    depth++;
    for (unsigned i = 0; depth <= RANDOM_DEPTH && i < 3; i++) {
        uint32_t other = (uint32_t)test_random_below(PROCESSORS);

        if (is_busy[other])
            continue;
        processors_now = other;
        do_anything();
        processors_now = was;
    }
    if (test_random_below(4) == 0)
        processors_answer((uint32_t)test_random_below(PROCESSORS));
    depth--;
}

static void use_at_random(void)
{
    uint64_t free_before = free_pages();
    uint64_t used_before = quota.used_pages;

    quota.limit_pages = 150;
    memset(uses, 0, sizeof uses);
    memset(loaded, 0, sizeof loaded);
    depth = 0;
    reached = 0;
    for (size_t i = 0; i < RANDOM_SPACES; i++)
        make_space(i);
    machine_interrupt = others_run;
    processors_wait = others_run;
    for (unsigned turn = 0; turn < 20000; turn++) {
        processors_now = (uint32_t)test_random_below(PROCESSORS);
        do_anything();
    }
    machine_interrupt = nullptr;
    processors_wait = processors_answer_all;
    for (uint32_t i = 0; i < PROCESSORS; i++)
        switch_to(i, loaded[i], nullptr);
    for (size_t i = 0; i < RANDOM_SPACES; i++) {
        struct audit_space audit;

        if (uses[i].space == nullptr)
            continue;
        space_audit(uses[i].space, &audit);
        assert_true(audit_space_is_clean(&audit));
        for (size_t page = 0; page < RANDOM_PAGES; page++)
            audit.pages -= uses[i].pages[page] == PAGE_THERE;
        assert_int_equal(audit.pages, 0);
        space_destroy(uses[i].space);
    }
    assert_int_equal(quota.used_pages, used_before);
    assert_int_equal(free_pages(), free_before);
    assert_in_range(reached, 1000, UINT64_MAX); /* else nothing has been shown */
    assert_in_range(processors_interrupts, 1000, UINT64_MAX);
}

static void test_random_use_with_pcid([[maybe_unused]] void **state)
{
    use_at_random();
}

static void test_random_use_without_pcid([[maybe_unused]] void **state)
{
    use_at_random();
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
        TEST(test_random_use_with_pcid),
        TEST_WITHOUT(test_random_use_without_pcid),
    };

    return cmocka_run_group_tests_name("shootdown", tests, nullptr, nullptr);
}
