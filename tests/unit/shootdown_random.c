/* Random use of several spaces by all processors at once, against a plain record. A processor that
 * waits lets others do something: use a page, load another space, map and unmap themselves.
 * Whatever a processor reaches is a page that its space has, or is just losing; never one that is
 * free or another's. */
#include "kernel/mem/shootdown.h"

#include "kernel/cpu/interrupt_flag.h"
#include "kernel/mem/mapping.h"
#include "tests/support/spaces.h"

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
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_random_use_with_pcid, setup, teardown),
        cmocka_unit_test_setup_teardown(test_random_use_without_pcid, setup_without_pcid, teardown),
    };

    return cmocka_run_group_tests_name("shootdown_random", tests, nullptr, nullptr);
}
