#include "kernel/mem/heap.h"

#include "kernel/mem/frames.h"
#include "kernel/mem/slab.h"
#include "tests/support/machine.h"

#include <sys/mman.h>

static const struct nonos_memory_region map[] = {
    {.paddr = MACHINE_PADDR, .page_count = MACHINE_LEN / PAGE_LEN, .type = NONOS_MEMORY_USABLE},
};

static int setup(void **state)
{
    (void)state;
    memset(machine_memory, 0xA5, sizeof machine_memory);
    assert_int_equal(frames_init(map, 1, UINT64_C(1) << 32), NONOS_OK);
    frames_add(map, 1, NONOS_MEMORY_USABLE, 0, ADDRESS_PADDR_END);
    return 0;
}

/* The heap's lists outlive a test, so each one gives everything back. */
static int teardown(void **state)
{
    struct heap_statistics heap;

    (void)state;
    heap_get_statistics(&heap);
    assert_int_equal(heap.allocations, 0);
    assert_int_equal(heap.bytes, 0);
    assert_int_equal(heap.pages, 0);
    return 0;
}

static uint64_t free_pages(void)
{
    struct frames_statistics statistics;

    frames_get_statistics(&statistics);
    return statistics.free_pages;
}

static bool is_filled(const uint8_t *bytes, size_t len, uint8_t value)
{
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] != value)
            return false;
    }
    return true;
}

static void test_every_length_is_aligned_zero_and_whole(void **state)
{
    (void)state;
    for (size_t len = 1; len <= 5000; len++) {
        uint8_t *bytes = heap_allocate(len);
        uint8_t *other = heap_allocate(len);

        assert_non_null(bytes);
        assert_non_null(other);
        assert_int_equal((uintptr_t)bytes % 16, 0);
        assert_true(is_filled(bytes, len, 0));
        memset(bytes, 0x5A, len);
        assert_true(is_filled(other, len, 0));
        heap_free(bytes);
        heap_free(other);
    }
}

static void test_freed_memory_is_zeroed_at_once(void **state)
{
    static const size_t lengths[] = {16, 100, 1008, 2016, 5000};

    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        uint8_t *keep = heap_allocate(lengths[i]); /* so that the slab stays */
        uint8_t *bytes = heap_allocate(lengths[i]);
        size_t links_len = lengths[i] > 2016 ? 16 : 0; /* of a free block of frames */

        memset(bytes, 0x5A, lengths[i]);
        heap_free(bytes);
        assert_true(is_filled(bytes + links_len, lengths[i] - links_len, 0));
        heap_free(keep);
    }
}

static void test_empty_slabs_go_back(void **state)
{
    uint64_t before = free_pages();
    void *many[600];

    (void)state;
    for (size_t i = 0; i < 600; i++)
        assert_non_null(many[i] = heap_allocate(16));
    assert_int_equal(free_pages(), before - 3);
    for (size_t i = 0; i < 600; i++)
        heap_free(many[i * 7 % 600]);
    assert_int_equal(free_pages(), before);
}

static void test_full_slabs_are_used_again(void **state)
{
    uint64_t before = free_pages();
    void *many[252]; /* what one slab holds */

    (void)state;
    for (size_t i = 0; i < 252; i++)
        assert_non_null(many[i] = heap_allocate(16));
    assert_int_equal(free_pages(), before - 1);
    heap_free(many[100]);
    many[100] = heap_allocate(16);
    assert_int_equal(free_pages(), before - 1);
    for (size_t i = 0; i < 252; i++)
        heap_free(many[i]);
}

static void test_large_ones_are_frames(void **state)
{
    uint64_t before = free_pages();
    uint8_t *bytes = heap_allocate(5 * PAGE_LEN);

    (void)state;
    assert_non_null(bytes);
    assert_int_equal((uintptr_t)bytes % PAGE_LEN, 0);
    assert_int_equal(free_pages(), before - 8);
    heap_free(bytes);
    assert_int_equal(free_pages(), before);
}

static void test_nothing_for_nothing(void **state)
{
    (void)state;
    assert_null(heap_allocate(0));
    heap_free(nullptr);
}

static void test_running_out_is_null_and_counted(void **state)
{
    struct heap_statistics before;
    struct heap_statistics after;
    void *blocks[64];
    size_t count = 0;

    (void)state;
    heap_get_statistics(&before);
    assert_null(heap_allocate(SIZE_MAX));
    assert_null(heap_allocate(MACHINE_LEN));
    while ((blocks[count] = heap_allocate(MACHINE_LEN / 16)) != nullptr)
        count++;
    assert_in_range(count, 14, 15);
    heap_get_statistics(&after);
    assert_int_equal(after.failures, before.failures + 3);
    while (count > 0)
        heap_free(blocks[--count]);
}

static void test_wrong_frees_panic(void **state)
{
    uint8_t *small = heap_allocate(16);
    uint8_t *keep = heap_allocate(100);
    uint8_t *bytes = heap_allocate(100);
    uint8_t *large = heap_allocate(5000);
    uint8_t *raw = direct_map_at(frames_allocate(0));

    (void)state;
    assert_panic(heap_free(bytes + 1), "not the start");
    assert_panic(heap_free(bytes + 16), "not the start");
    /* Inside the header of a slab. */
    assert_panic(heap_free((uint8_t *)((uintptr_t)bytes & ~(uintptr_t)PAGE_MASK) + 16),
                 "not the start");
    assert_panic(heap_free((uint8_t *)((uintptr_t)small & ~(uintptr_t)PAGE_MASK) + 16),
                 "not the start");
    /* Behind the last object of a slab. */
    assert_panic(heap_free((uint8_t *)((uintptr_t)bytes & ~(uintptr_t)PAGE_MASK) + 64 + 31 * 128),
                 "not the start");
    assert_panic(heap_free(raw + 64), "never allocated");
    /* Frames that are somebody else's, and a slab's own page. */
    assert_panic(heap_free(raw), "never allocated");
    assert_panic(heap_free((uint8_t *)((uintptr_t)bytes & ~(uintptr_t)PAGE_MASK)),
                 "never allocated");
    assert_panic(heap_free(large + PAGE_LEN), "not the start");
    heap_free(bytes);
    assert_panic(heap_free(bytes), "free already");
    heap_free(large);
    assert_panic(heap_free(large), "not the start");
    heap_free(keep);
    heap_free(small);
}

/* Of caches that lie before and behind those of the heap. */
static void test_what_another_cache_gave_is_refused([[maybe_unused]] void **state)
{
    struct slab_cache here = SLAB_CACHE("thread", 200);
    void *low = mmap(nullptr, PAGE_LEN, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    struct slab_cache *caches[] = {&here, low};

    assert_ptr_not_equal(low, MAP_FAILED);
    *caches[1] = here;
    for (size_t i = 0; i < 2; i++) {
        void *object = slab_allocate(caches[i]);

        assert_panic(heap_free(object), "is a thread");
        slab_free(caches[i], object);
        assert_int_equal(caches[i]->objects, 0);
    }
    assert_int_equal(munmap(low, PAGE_LEN), 0);
}

static void test_statistics_follow(void **state)
{
    struct heap_statistics s;
    void *small = heap_allocate(20);
    void *large = heap_allocate(4097);

    (void)state;
    heap_get_statistics(&s);
    assert_int_equal(s.allocations, 2);
    assert_int_equal(s.bytes, 32 + 8192);
    assert_int_equal(s.pages, 3);
    assert_true(s.peak_bytes >= s.bytes);
    heap_free(small);
    heap_free(large);
}

static void test_random_use_keeps_contents_apart(void **state)
{
    struct {
        uint8_t *bytes;
        size_t len;
        uint8_t value;
    } held[300];
    size_t count = 0;

    (void)state;
    for (unsigned turn = 0; turn < 30000; turn++) {
        if (count < 300 && test_random_below(2) == 0) {
            size_t len = 1 + test_random_below(test_random_below(8) == 0 ? 9000 : 600);
            uint8_t *bytes = heap_allocate(len);

            assert_non_null(bytes);
            assert_true(is_filled(bytes, len, 0));
            held[count].bytes = bytes;
            held[count].len = len;
            held[count].value = (uint8_t)(1 + test_random_below(255));
            memset(bytes, held[count].value, len);
            count++;
        } else if (count > 0) {
            size_t i = test_random_below(count);

            assert_true(is_filled(held[i].bytes, held[i].len, held[i].value));
            heap_free(held[i].bytes);
            held[i] = held[--count];
        }
    }
    while (count > 0)
        heap_free(held[--count].bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_every_length_is_aligned_zero_and_whole, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_freed_memory_is_zeroed_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_empty_slabs_go_back, setup, teardown),
        cmocka_unit_test_setup_teardown(test_full_slabs_are_used_again, setup, teardown),
        cmocka_unit_test_setup_teardown(test_large_ones_are_frames, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nothing_for_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_running_out_is_null_and_counted, setup, teardown),
        cmocka_unit_test_setup_teardown(test_wrong_frees_panic, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_another_cache_gave_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_statistics_follow, setup, teardown),
        cmocka_unit_test_setup_teardown(test_random_use_keeps_contents_apart, setup, teardown),
    };

    return cmocka_run_group_tests_name("heap", tests, nullptr, nullptr);
}
