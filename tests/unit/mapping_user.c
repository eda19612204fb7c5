#include "kernel/mem/mapping_user.h"

#include "kernel/mem/frames.h"
#include "tests/support/machine.h"

#define LOW UINT64_C(0x400000)
#define LAST (ADDRESS_USER_END - PAGE_LEN)
#define FRAME UINT64_C(0x10000000000) /* stands for any: no memory of this machine */

static const struct nonos_memory_region map[] = {
    {.paddr = MACHINE_PADDR, .page_count = 1024, .type = NONOS_MEMORY_USABLE},
};
static paddr_t root;
static struct quota quota;
static uint64_t free_at_first;

static uint64_t free_pages(void)
{
    struct frames_statistics statistics;

    frames_get_statistics(&statistics);
    return statistics.free_pages;
}

static int setup([[maybe_unused]] void **state)
{
    assert_int_equal(frames_init(map, 1, UINT64_C(1) << 32), NONOS_OK);
    frames_add(map, 1, NONOS_MEMORY_USABLE, 0, ADDRESS_PADDR_END);
    assert_int_equal(mapping_create(&root), NONOS_OK);
    quota = (struct quota){.limit_pages = 1000};
    free_at_first = free_pages();
    return 0;
}

static enum nonos_error add(vaddr_t vaddr, paddr_t paddr, unsigned flags)
{
    uint64_t before = quota.used_pages;
    uint64_t made = 9;
    enum nonos_error error = mapping_user_add(root, vaddr, paddr, flags, &quota, &made);

    assert_int_equal(made, quota.used_pages - before);
    return error;
}

/* Takes all pages of a range away and frees the tables; returns how many pages there were. */
static size_t remove_all(vaddr_t vaddr, vaddr_t end)
{
    struct mapping_batch batch;
    size_t pages = 0;

    while (vaddr < end) {
        vaddr = mapping_user_remove(root, vaddr, end, &batch);
        for (size_t i = 0; i < batch.count; i++) {
            if (frames_is_owned(batch.frames[i], FRAMES_KERNEL))
                quota_free_frame(&quota, batch.frames[i]);
            else
                pages++;
        }
    }
    return pages;
}

static void test_a_page_has_what_was_asked_for([[maybe_unused]] void **state)
{
    static const unsigned flags[] = {MAPPING_READ, MAPPING_WRITE, MAPPING_EXECUTE};
    struct mapping_page page;

    for (size_t i = 0; i < 3; i++)
        assert_int_equal(add(LOW + i * PAGE_LEN, FRAME + i * PAGE_LEN, flags[i]), NONOS_OK);
    for (size_t i = 0; i < 3; i++) {
        assert_true(mapping_user_next(root, LOW + i * PAGE_LEN, ADDRESS_USER_END, &page));
        assert_int_equal(page.vaddr, LOW + i * PAGE_LEN);
        assert_int_equal(page.paddr, FRAME + i * PAGE_LEN);
        assert_int_equal(page.flags, flags[i] | MAPPING_USER);
    }
    assert_false(mapping_user_next(root, LOW + 3 * PAGE_LEN, ADDRESS_USER_END, &page));
    assert_int_equal(page.paddr, 0);
    assert_int_equal(quota.used_pages, 3); /* tables */
}

static void test_what_no_program_may_have_is_refused([[maybe_unused]] void **state)
{
    assert_int_equal(add(LOW + 8, FRAME, 0), NONOS_E_SIZE);
    assert_int_equal(add(LOW, FRAME + 8, 0), NONOS_E_SIZE);
    assert_int_equal(add(ADDRESS_USER_END, FRAME, 0), NONOS_E_SIZE);
    assert_int_equal(add(ADDRESS_DIRECT_MAP, FRAME, 0), NONOS_E_SIZE);
    assert_int_equal(add(LOW, FRAME, MAPPING_WRITE | MAPPING_EXECUTE), NONOS_E_SIZE);
    assert_int_equal(quota.used_pages, 0);
    assert_int_equal(add(LOW, FRAME, 0), NONOS_OK);
    assert_int_equal(add(LOW, FRAME + PAGE_LEN, MAPPING_WRITE), NONOS_E_EXISTS);
}

/* At whichever of the three tables it happens. */
static void test_a_table_that_cannot_be_had_leaves_nothing([[maybe_unused]] void **state)
{
    struct mapping_page page;

    for (uint64_t limit = 0; limit < 3; limit++) {
        quota.limit_pages = limit;
        assert_int_equal(add(LOW, FRAME, 0), NONOS_E_QUOTA);
        assert_int_equal(quota.used_pages, 0);
        assert_int_equal(free_pages(), free_at_first);
        assert_false(mapping_user_next(root, 0, ADDRESS_USER_END, &page));
    }
    quota.limit_pages = 3;
    assert_int_equal(add(LOW, FRAME, 0), NONOS_OK);
    /* The next table is one too many, and those that are there stay. */
    assert_int_equal(add(LOW + (1 << 21), FRAME, 0), NONOS_E_QUOTA);
    assert_true(mapping_user_next(root, 0, ADDRESS_USER_END, &page));
    assert_int_equal(remove_all(0, ADDRESS_USER_END), 1);
    assert_int_equal(free_pages(), free_at_first);
}

static void test_the_last_page_takes_its_tables_along([[maybe_unused]] void **state)
{
    static const vaddr_t pages[] = {0x10000, LOW, LOW + (1 << 21), LOW + (1 << 30), LAST};

    for (size_t i = 0; i < 5; i++)
        assert_int_equal(add(pages[i], FRAME, 0), NONOS_OK);
    assert_int_equal(quota.used_pages, 2 + 3 + 1 + 3 + 1);
    assert_int_equal(remove_all(LOW, LOW + PAGE_LEN), 1);
    assert_int_equal(quota.used_pages, 9);
    assert_int_equal(remove_all(LOW + (1 << 30), LOW + (1 << 30) + PAGE_LEN), 1);
    assert_int_equal(quota.used_pages, 7);
    assert_int_equal(remove_all(0, ADDRESS_USER_END), 3);
    assert_int_equal(quota.used_pages, 0);
    assert_int_equal(free_pages(), free_at_first);
}

static void test_removing_nothing_comes_to_an_end([[maybe_unused]] void **state)
{
    assert_int_equal(remove_all(0, ADDRESS_USER_END), 0);
    assert_int_equal(add(LOW, FRAME, 0), NONOS_OK);
    assert_int_equal(remove_all(LOW + PAGE_LEN, ADDRESS_USER_END), 0);
    assert_int_equal(remove_all(0, LOW), 0);
    assert_int_equal(remove_all(0, ADDRESS_USER_END), 1);
}

/* A call takes no more than a batch, and names what it took. */
static void test_pages_are_removed_in_batches([[maybe_unused]] void **state)
{
    struct mapping_batch batch;
    vaddr_t next;

    for (size_t i = 0; i < 40; i++)
        assert_int_equal(add(LOW + i * PAGE_LEN, FRAME + i * PAGE_LEN, 0), NONOS_OK);
    next = mapping_user_remove(root, 0, LOW + 40 * PAGE_LEN, &batch);
    while (batch.count == 0)
        next = mapping_user_remove(root, next, LOW + 40 * PAGE_LEN, &batch);
    assert_int_equal(batch.count, MAPPING_BATCH_PAGES);
    assert_int_equal(batch.first, LOW);
    assert_int_equal(batch.end, LOW + MAPPING_BATCH_PAGES * PAGE_LEN);
    assert_int_equal(next, batch.end);
    for (size_t i = 0; i < batch.count; i++)
        assert_int_equal(batch.frames[i], FRAME + i * PAGE_LEN);
}

static void test_rights_change_where_pages_are([[maybe_unused]] void **state)
{
    struct mapping_page page;
    vaddr_t next;

    for (size_t i = 0; i < 3; i++)
        assert_int_equal(add(LOW + i * PAGE_LEN, FRAME + i * PAGE_LEN, MAPPING_WRITE), NONOS_OK);
    assert_int_equal(mapping_user_protect(root, LOW, LOW + 2 * PAGE_LEN, MAPPING_EXECUTE, &next),
                     NONOS_OK);
    assert_int_equal(next, LOW + 2 * PAGE_LEN);
    for (size_t i = 0; i < 3; i++) {
        assert_true(mapping_user_next(root, LOW + i * PAGE_LEN, ADDRESS_USER_END, &page));
        assert_int_equal(page.paddr, FRAME + i * PAGE_LEN);
        assert_int_equal(page.flags, MAPPING_USER | (i < 2 ? MAPPING_EXECUTE : MAPPING_WRITE));
    }
    assert_int_equal(
        mapping_user_protect(root, LOW + 2 * PAGE_LEN, LOW + 4 * PAGE_LEN, MAPPING_READ, &next),
        NONOS_E_NOT_FOUND);
    assert_int_equal(next, LOW + 3 * PAGE_LEN);
    assert_int_equal(
        mapping_user_protect(root, LOW, LOW + PAGE_LEN, MAPPING_WRITE | MAPPING_EXECUTE, &next),
        NONOS_E_SIZE);
    assert_int_equal(mapping_user_protect(root, ADDRESS_USER_END, ADDRESS_USER_END + PAGE_LEN,
                                          MAPPING_READ, &next),
                     NONOS_E_SIZE);
}

/* Interrupts are off meanwhile. */
static void test_one_call_changes_the_rights_of_so_many_pages([[maybe_unused]] void **state)
{
    vaddr_t next;

    for (size_t i = 0; i <= MAPPING_BATCH_PAGES; i++)
        assert_int_equal(add(LOW + i * PAGE_LEN, FRAME + i * PAGE_LEN, 0), NONOS_OK);
    assert_int_equal(mapping_user_protect(root, LOW, LOW + (MAPPING_BATCH_PAGES + 1) * PAGE_LEN,
                                          MAPPING_WRITE, &next),
                     NONOS_OK);
    assert_int_equal(next, LOW + MAPPING_BATCH_PAGES * PAGE_LEN);
}

/* Against a plain record, at addresses that share tables on every level, and with too little
 * memory. */
static void test_random_use_follows_a_record([[maybe_unused]] void **state)
{
    static const unsigned shifts[] = {12, 21, 30, 39};
    static bool mapped[4096];

    memset(mapped, 0, sizeof mapped);
    for (unsigned turn = 0; turn < 20000; turn++) {
        vaddr_t vaddr = 0;
        size_t index = test_random_below(4096);
        struct mapping_page page;

        for (unsigned i = 0; i < 4; i++)
            vaddr |= (vaddr_t)(index >> (3 * i) & 7) * 36 << shifts[i];
        quota.limit_pages = test_random_below(4) == 0 ? quota.used_pages : 1000;
        if (test_random_below(2) == 0) {
            enum nonos_error error = add(vaddr, FRAME + index * PAGE_LEN, 0);

            assert_int_equal(error == NONOS_E_EXISTS, mapped[index]);
            mapped[index] = mapped[index] || error == NONOS_OK;
        } else {
            assert_int_equal(remove_all(vaddr, vaddr + PAGE_LEN), mapped[index]);
            mapped[index] = false;
        }
        assert_int_equal(mapping_user_next(root, vaddr, vaddr + PAGE_LEN, &page), mapped[index]);
        assert_int_equal(free_pages() + quota.used_pages, free_at_first);
    }
    (void)remove_all(0, ADDRESS_USER_END);
    assert_int_equal(quota.used_pages, 0);
    assert_int_equal(free_pages(), free_at_first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_a_page_has_what_was_asked_for, setup),
        cmocka_unit_test_setup(test_what_no_program_may_have_is_refused, setup),
        cmocka_unit_test_setup(test_a_table_that_cannot_be_had_leaves_nothing, setup),
        cmocka_unit_test_setup(test_the_last_page_takes_its_tables_along, setup),
        cmocka_unit_test_setup(test_removing_nothing_comes_to_an_end, setup),
        cmocka_unit_test_setup(test_pages_are_removed_in_batches, setup),
        cmocka_unit_test_setup(test_rights_change_where_pages_are, setup),
        cmocka_unit_test_setup(test_one_call_changes_the_rights_of_so_many_pages, setup),
        cmocka_unit_test_setup(test_random_use_follows_a_record, setup),
    };

    return cmocka_run_group_tests_name("mapping_user", tests, nullptr, nullptr);
}
