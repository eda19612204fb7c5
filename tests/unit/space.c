#include "kernel/mem/space.h"

#include "kernel/mem/mapping_user.h"
#include "kernel/mem/slab.h"
#include "tests/support/spaces.h"

static uint64_t until_failure; /* 0: none */

/* In front of what allocates (rules.mk). */
paddr_t __real_frames_allocate(unsigned order);
paddr_t __wrap_frames_allocate(unsigned order);
void *__real_slab_allocate(struct slab_cache *cache);
void *__wrap_slab_allocate(struct slab_cache *cache);

static bool is_to_fail(void)
{
    if (until_failure == 0)
        return false;
    until_failure--;
    return until_failure == 0;
}

paddr_t __wrap_frames_allocate(unsigned order)
{
    return is_to_fail() ? 0 : __real_frames_allocate(order);
}

void *__wrap_slab_allocate(struct slab_cache *cache)
{
    return is_to_fail() ? nullptr : __real_slab_allocate(cache);
}

static void test_pages_are_zero_charged_and_the_programs_own([[maybe_unused]] void **state)
{
    struct audit_space audit;
    struct mapping_page page;

    assert_int_equal(space_map(space, LOW, PAGES * PAGE_LEN, MAPPING_WRITE), NONOS_OK);
    assert_int_equal(quota.used_pages, 1 + 3 + PAGES);
    for (size_t i = 0; i < PAGES; i++) {
        const uint8_t *bytes;

        assert_true(mapping_user_next(space->translations.root, LOW + i * PAGE_LEN,
                                      ADDRESS_USER_END, &page));
        assert_int_equal(page.flags, MAPPING_USER | MAPPING_WRITE);
        assert_true(frames_is_owned(page.paddr, FRAMES_PROGRAM));
        bytes = direct_map_at(page.paddr);
        for (size_t at = 0; at < PAGE_LEN; at++)
            assert_int_equal(bytes[at], 0);
    }
    space_audit(space, &audit);
    assert_int_equal(audit.pages, PAGES);
    assert_true(audit_space_is_clean(&audit));
}

static void test_the_upper_half_is_the_kernels([[maybe_unused]] void **state)
{
    struct mapping_entry entry;

    assert_true(mapping_find(space->translations.root, ADDRESS_DIRECT_MAP, &entry));
    assert_true(entry.writable);
}

static void test_ranges_that_no_program_may_have_are_refused([[maybe_unused]] void **state)
{
    static const struct {
        vaddr_t vaddr;
        uint64_t len;
        unsigned flags;
    } cases[] = {
        {0, PAGE_LEN, 0},
        {SPACE_START - PAGE_LEN, PAGE_LEN, 0},
        {SPACE_END, PAGE_LEN, 0}, /* the last page before the hole */
        {SPACE_END - PAGE_LEN, 2 * PAGE_LEN, 0},
        {LOW, 0, 0},
        {LOW, 100, 0},
        {LOW + 1, PAGE_LEN, 0},
        {LOW, UINT64_MAX & ~PAGE_MASK, 0},
        {ADDRESS_DIRECT_MAP, PAGE_LEN, 0},
        {LOW, PAGE_LEN, MAPPING_WRITE | MAPPING_EXECUTE},
        {LOW, PAGE_LEN, MAPPING_UNCACHED},
        {LOW, PAGE_LEN, MAPPING_USER},
        {LOW, PAGE_LEN, MAPPING_PAGES_1G},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(space_map(space, cases[i].vaddr, cases[i].len, cases[i].flags),
                         NONOS_E_SIZE);
        assert_int_equal(space_protect(space, cases[i].vaddr, cases[i].len, cases[i].flags),
                         NONOS_E_SIZE);
        if (cases[i].flags == 0)
            assert_int_equal(space_unmap(space, cases[i].vaddr, cases[i].len), NONOS_E_SIZE);
    }
    assert_int_equal(quota.used_pages, 1);
    assert_int_equal(space_map(space, SPACE_START, PAGE_LEN, 0), NONOS_OK);
    assert_int_equal(space_map(space, SPACE_END - PAGE_LEN, PAGE_LEN, 0), NONOS_OK);
}

static void test_a_quota_that_is_too_small_leaves_nothing([[maybe_unused]] void **state)
{
    quota.limit_pages = 20;
    assert_int_equal(space_map(space, LOW, 17 * PAGE_LEN, MAPPING_WRITE), NONOS_E_QUOTA);
    assert_int_equal(quota.used_pages, 1);
    assert_int_equal(space->frames, 1);
    assert_int_equal(space_map(space, LOW, 16 * PAGE_LEN, MAPPING_WRITE), NONOS_OK);
    assert_int_equal(quota.used_pages, 20);
    assert_int_equal(space_unmap(space, LOW, 16 * PAGE_LEN), NONOS_OK);
    assert_int_equal(quota.used_pages, 1);
    assert_int_equal(space_map(space, LOW, 16 * PAGE_LEN, MAPPING_WRITE), NONOS_OK);
}

static void test_what_is_mapped_is_not_mapped_over([[maybe_unused]] void **state)
{
    uint64_t before;

    assert_int_equal(space_map(space, LOW + 2 * PAGE_LEN, PAGE_LEN, 0), NONOS_OK);
    before = quota.used_pages;
    assert_int_equal(space_map(space, LOW, 4 * PAGE_LEN, MAPPING_WRITE), NONOS_E_EXISTS);
    assert_int_equal(quota.used_pages, before);
}

static void test_room_is_found_and_not_given_out_again([[maybe_unused]] void **state)
{
    vaddr_t first;
    vaddr_t second;
    vaddr_t third;

    assert_int_equal(space_map_anywhere(space, PAGE_LEN, MAPPING_WRITE, &first), NONOS_OK);
    assert_int_equal(space_unmap(space, first, PAGE_LEN), NONOS_OK);
    /* What a program has put in the way itself is stepped over. */
    assert_int_equal(space_map(space, first + 2 * PAGE_LEN, PAGE_LEN, 0), NONOS_OK);
    assert_int_equal(space_map_anywhere(space, 2 * PAGE_LEN, 0, &second), NONOS_OK);
    assert_true(second >= first + 3 * PAGE_LEN);
    assert_int_equal(space_map_anywhere(space, 100, 0, &third), NONOS_E_SIZE);
    assert_int_equal(space_map_anywhere(space, 0, 0, &third), NONOS_E_SIZE);
    assert_int_equal(space_map_anywhere(space, ADDRESS_USER_END, 0, &third), NONOS_E_SIZE);
    assert_int_equal(third, 0);
    /* At the end of all addresses it begins again. */
    space->next_room = SPACE_END - PAGE_LEN;
    assert_int_equal(space_map_anywhere(space, 2 * PAGE_LEN, 0, &third), NONOS_OK);
    assert_int_equal(third, first);
}

static void test_room_of_many_pages_is_kept_as_a_whole([[maybe_unused]] void **state)
{
    vaddr_t first;
    vaddr_t second;

    assert_int_equal(space_map_anywhere(space, 20 * PAGE_LEN, 0, &first), NONOS_OK);
    assert_int_equal(space_map_anywhere(space, PAGE_LEN, 0, &second), NONOS_OK);
    assert_int_equal(second, first + 20 * PAGE_LEN);
}

static void test_a_program_is_written_into_its_pages([[maybe_unused]] void **state)
{
    static uint8_t bytes[PAGE_LEN];
    struct mapping_page page;

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 7 + 1);
    assert_int_equal(space_map(space, LOW, 2 * PAGE_LEN, MAPPING_EXECUTE), NONOS_OK);
    assert_int_equal(space_write(space, LOW + 100, bytes, sizeof bytes), NONOS_OK);
    assert_true(mapping_user_next(space->translations.root, LOW, ADDRESS_USER_END, &page));
    assert_memory_equal((uint8_t *)direct_map_at(page.paddr) + 100, bytes, PAGE_LEN - 100);
    assert_true(
        mapping_user_next(space->translations.root, LOW + PAGE_LEN, ADDRESS_USER_END, &page));
    assert_memory_equal(direct_map_at(page.paddr), bytes + PAGE_LEN - 100, 100);
    assert_int_equal(space_write(space, LOW + PAGE_LEN + 1, bytes, sizeof bytes),
                     NONOS_E_NOT_FOUND);
    assert_int_equal(space_write(space, LOW - 1, bytes, 1), NONOS_E_NOT_FOUND);
}

/* What may be done with one space after the other, for the failures below. */
static enum nonos_error do_all(void)
{
    struct space *other;
    vaddr_t vaddr;
    enum nonos_error error = space_create(&quota, &other);

    if (error != NONOS_OK)
        return error;
    error = space_map(other, LOW, PAGES * PAGE_LEN, MAPPING_WRITE);
    if (error == NONOS_OK)
        error = space_map_anywhere(other, PAGE_LEN, 0, &vaddr);
    if (error == NONOS_OK)
        error = space_map(other, LOW + (1 << 30), PAGE_LEN, MAPPING_EXECUTE);
    if (error == NONOS_OK)
        error = space_unmap(other, LOW, PAGE_LEN);
    space_destroy(other);
    return error;
}

static void test_failure_at_every_allocation_leaves_nothing([[maybe_unused]] void **state)
{
    uint64_t free_before = free_pages();
    uint64_t used_before = quota.used_pages;
    uint64_t site = 0;
    enum nonos_error error;

    do {
        until_failure = ++site;
        error = do_all();
        assert_true(error == NONOS_OK || error == NONOS_E_QUOTA || error == NONOS_E_NO_MEMORY);
        assert_int_equal(free_pages(), free_before);
        assert_int_equal(quota.used_pages, used_before);
    } while (until_failure == 0);
    until_failure = 0;
    /* The pages with their tables, the root, and the object. */
    assert_int_equal(error, NONOS_OK);
    assert_int_equal(site - 1, (PAGES + 3) + (1 + 3) + (1 + 2) + 1 + 1);
}

static void test_running_out_of_quota_anywhere_leaves_nothing([[maybe_unused]] void **state)
{
    uint64_t free_before = free_pages();
    uint64_t used_before = quota.used_pages;
    enum nonos_error error;

    quota.limit_pages = used_before;
    do {
        error = do_all();
        assert_true(error == NONOS_OK || error == NONOS_E_QUOTA);
        assert_int_equal(free_pages(), free_before);
        assert_int_equal(quota.used_pages, used_before);
        quota.limit_pages++;
    } while (error != NONOS_OK);
    assert_int_equal(quota.limit_pages - 1 - used_before, (PAGES + 3) + (1 + 3) + (1 + 2) + 1);
}

static void test_the_audit_sees_what_must_not_be([[maybe_unused]] void **state)
{
    uint64_t *root = direct_map_at(space->translations.root);
    struct mapping_page page;
    struct audit_space audit;
    uint64_t *table;
    uint64_t kept;

    assert_int_equal(space_map(space, LOW, PAGE_LEN, MAPPING_EXECUTE), NONOS_OK);
    assert_true(mapping_user_next(space->translations.root, LOW, ADDRESS_USER_END, &page));
    table = direct_map_at(root[0] & UINT64_C(0x000FFFFFFFFFF000));
    table = direct_map_at(table[0] & UINT64_C(0x000FFFFFFFFFF000));
    table = direct_map_at(table[2] & UINT64_C(0x000FFFFFFFFFF000));

    kept = table[0];
    table[0] |= 2; /* writable */
    space_audit(space, &audit);
    assert_int_equal(audit.writable_executable_pages, 1);
    assert_int_equal(audit.first_bad, LOW);
    table[0] = kept & ~PROCESSORS_USER_BIT;
    space_audit(space, &audit);
    assert_int_equal(audit.closed_pages, 1);
    table[0] = (kept & ~UINT64_C(0x000FFFFFFFFFF000)) | kernel_root;
    space_audit(space, &audit);
    assert_int_equal(audit.foreign_pages, 1);
    assert_false(audit_space_is_clean(&audit));
    table[0] = kept;

    for (size_t i = 256; i < 512; i += 51) { /* the first and the last, too */
        kept = root[i];
        root[i] = 0x1000 | 1;
        space_audit(space, &audit);
        assert_int_equal(audit.root_entries, 1);
        assert_false(audit_space_is_clean(&audit));
        root[i] = kept;
    }
}

/* Of all spaces at once, where the kernel's own entry lets programs in. */
static void test_the_audit_sees_a_kernel_that_is_open([[maybe_unused]] void **state)
{
    uint64_t *entries[] = {(uint64_t *)direct_map_at(space->translations.root) + 300,
                           (uint64_t *)direct_map_at(kernel_root) + 300};
    struct audit_space audit;

    for (size_t i = 0; i < 2; i++)
        *entries[i] = 0x1000 | 1 | PROCESSORS_USER_BIT;
    space_audit(space, &audit);
    assert_int_equal(audit.root_entries, 1);
    assert_false(audit_space_is_clean(&audit));
    for (size_t i = 0; i < 2; i++)
        *entries[i] = 0;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_pages_are_zero_charged_and_the_programs_own),
        TEST(test_the_upper_half_is_the_kernels),
        TEST(test_ranges_that_no_program_may_have_are_refused),
        TEST(test_a_quota_that_is_too_small_leaves_nothing),
        TEST(test_what_is_mapped_is_not_mapped_over),
        TEST(test_room_is_found_and_not_given_out_again),
        TEST(test_room_of_many_pages_is_kept_as_a_whole),
        TEST(test_a_program_is_written_into_its_pages),
        TEST(test_failure_at_every_allocation_leaves_nothing),
        TEST(test_running_out_of_quota_anywhere_leaves_nothing),
        TEST(test_the_audit_sees_what_must_not_be),
        TEST(test_the_audit_sees_a_kernel_that_is_open),
    };

    return cmocka_run_group_tests_name("space", tests, nullptr, nullptr);
}
