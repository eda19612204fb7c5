#include "kernel/mem/slab.h"

#include "kernel/mem/frames.h"
#include "kernel/mem/heap.h"
#include "tests/support/machine.h"

struct thing {
    uint64_t words[13]; /* 104 bytes, which become 112: 36 in a page */
};
#define THINGS_PER_PAGE 36u

static const struct nonos_memory_region map[] = {
    {.paddr = MACHINE_PADDR, .page_count = 64, .type = NONOS_MEMORY_USABLE},
};
static struct slab_cache things;
static struct slab_cache others;

static int setup([[maybe_unused]] void **state)
{
    assert_int_equal(frames_init(map, 1, UINT64_C(1) << 32), NONOS_OK);
    frames_add(map, 1, NONOS_MEMORY_USABLE, 0, ADDRESS_PADDR_END);
    things = (struct slab_cache)SLAB_CACHE("thing", sizeof(struct thing));
    others = (struct slab_cache)SLAB_CACHE("other thing", sizeof(struct thing));
    return 0;
}

static uint64_t free_pages(void)
{
    struct frames_statistics statistics;

    frames_get_statistics(&statistics);
    return statistics.free_pages;
}

static bool is_zero(const struct thing *thing)
{
    static const struct thing zero;

    return memcmp(thing, &zero, sizeof zero) == 0;
}

static void test_objects_are_zero_and_apart([[maybe_unused]] void **state)
{
    uint64_t before = free_pages();
    struct thing *held[100];

    for (unsigned turn = 0; turn < 2; turn++) {
        for (size_t i = 0; i < 100; i++) {
            held[i] = slab_allocate(&things);
            assert_non_null(held[i]);
            assert_int_equal((uintptr_t)held[i] % 16, 0);
            assert_true(is_zero(held[i]));
            memset(held[i], (int)i + 1, sizeof *held[i]);
        }
        assert_int_equal(things.objects, 100);
        assert_int_equal(things.pages, 3);
        assert_int_equal(free_pages(), before - 3);
        for (size_t i = 0; i < 100; i++)
            assert_int_equal(held[i]->words[12], (i + 1) * UINT64_C(0x0101010101010101));
        for (size_t i = 0; i < 100; i++)
            slab_free(&things, held[i * 7 % 100]);
        assert_int_equal(things.objects, 0);
        assert_int_equal(free_pages(), before);
    }
}

static void test_a_full_page_is_used_again([[maybe_unused]] void **state)
{
    struct thing *held[THINGS_PER_PAGE];

    for (size_t i = 0; i < THINGS_PER_PAGE; i++)
        held[i] = slab_allocate(&things);
    assert_int_equal(things.pages, 1);
    slab_free(&things, held[17]);
    assert_ptr_equal(slab_allocate(&things), held[17]);
    assert_int_equal(things.pages, 1);
    assert_non_null(slab_allocate(&things));
    assert_int_equal(things.pages, 2);
}

static void test_the_largest_and_the_smallest_fit([[maybe_unused]] void **state)
{
    struct slab_cache large = SLAB_CACHE("large", SLAB_MAX_LEN);
    struct slab_cache small = SLAB_CACHE("small", 1);
    uint8_t *last;

    assert_non_null(slab_allocate(&large));
    last = slab_allocate(&large);
    assert_int_equal(large.pages, 1);
    assert_int_equal((uintptr_t)last % PAGE_LEN + SLAB_MAX_LEN, PAGE_LEN);
    for (size_t i = 0; i < 252; i++)
        assert_non_null(slab_allocate(&small));
    assert_int_equal(small.pages, 1);
}

static void test_running_out_is_null([[maybe_unused]] void **state)
{
    size_t count = 0;

    while (slab_allocate(&things) != nullptr)
        count++;
    assert_int_equal(free_pages(), 0);
    assert_int_equal(count, things.pages * THINGS_PER_PAGE);
    assert_int_equal(count, things.objects);
    assert_null(slab_allocate(&others));
}

static void test_an_object_is_of_one_cache_alone([[maybe_unused]] void **state)
{
    struct thing *thing = slab_allocate(&things);

    assert_panic(slab_free(&others, thing), "is no other thing");
    assert_panic(heap_free(thing), "is a thing");
    assert_ptr_equal(slab_cache_of(thing), &things);
    slab_free(&things, thing);
    slab_free(&things, nullptr);
}

static void test_wrong_frees_panic([[maybe_unused]] void **state)
{
    uint8_t *keep = slab_allocate(&things);
    uint8_t *thing = slab_allocate(&things);
    uint8_t *page = direct_map_at(frames_allocate(0));

    assert_panic(slab_free(&things, thing + 16), "not the start");
    assert_panic(slab_free(&things, (uint8_t *)((uintptr_t)thing & ~UINT64_C(0xFFF)) + 16),
                 "not the start");
    assert_panic(slab_free(&things, page + 64), "never allocated");
    assert_panic(slab_free(&things, page), "never allocated");
    slab_free(&things, thing);
    assert_panic(slab_free(&things, thing), "free already");
    /* The lock was released each time. */
    slab_free(&things, keep);
    assert_int_equal(things.lock.next, things.lock.serving);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_objects_are_zero_and_apart, setup),
        cmocka_unit_test_setup(test_a_full_page_is_used_again, setup),
        cmocka_unit_test_setup(test_the_largest_and_the_smallest_fit, setup),
        cmocka_unit_test_setup(test_running_out_is_null, setup),
        cmocka_unit_test_setup(test_an_object_is_of_one_cache_alone, setup),
        cmocka_unit_test_setup(test_wrong_frees_panic, setup),
    };

    return cmocka_run_group_tests_name("slab", tests, nullptr, nullptr);
}
