/* Frames on a machine of 1 TiB, whole or of islands. The memory is the host's, which gives a page
 * only where one is touched: how many were shows how much work it took. */
#include "kernel/mem/books.h"
#include "kernel/mem/frames.h"
#include "kernel/mem/shootdown.h"
#include "kernel/panic.h"
#include "kernel/sched/sched.h"
#include "tests/support/vectors.h"

#include <sys/mman.h>
#include <sys/resource.h>

#define TIB (UINT64_C(1) << 40)
#define GIB (UINT64_C(1) << 30)
#define MIB (UINT64_C(1) << 20)
#define HOST_PAGES_PER_MIB (MIB / PAGE_LEN)

static uint8_t *memory;

void *direct_map_at(paddr_t paddr)
{
    return memory + paddr;
}

void preempt_point(void)
{
}

void panic(const char *format, ...)
{
    fail_msg("panic: %s", format);
    abort();
}

void shootdown_wait(void)
{
    fail_msg("a lock is waited for that will never be released");
}

static int setup([[maybe_unused]] void **state)
{
    memory = mmap(nullptr, TIB + 4 * GIB, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    assert_ptr_not_equal(memory, MAP_FAILED);
    return 0;
}

static int teardown([[maybe_unused]] void **state)
{
    assert_int_equal(munmap(memory, TIB + 4 * GIB), 0);
    return 0;
}

static uint64_t touched_pages(void)
{
    struct rusage usage;

    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    return (uint64_t)usage.ru_minflt;
}

static struct frames_statistics statistics(void)
{
    struct frames_statistics s;

    frames_get_statistics(&s);
    return s;
}

/* As at the start: what the first tables map, then the rest. */
static void start_with(const struct nonos_memory_region *map, size_t count)
{
    assert_int_equal(frames_init(map, count, 4 * GIB), NONOS_OK);
    frames_add(map, count, NONOS_MEMORY_USABLE, 0, 4 * GIB);
    frames_add(map, count, NONOS_MEMORY_USABLE, 4 * GIB, ADDRESS_PADDR_END);
    frames_add(map, count, NONOS_MEMORY_LOADER, 0, ADDRESS_PADDR_END);
}

static void use_all_orders(void)
{
    uint64_t free_before = statistics().free_pages;

    for (unsigned order = 0; order <= 10; order++) {
        paddr_t paddr = frames_allocate(order);

        assert_int_not_equal(paddr, 0);
        assert_int_equal(paddr % ((uint64_t)PAGE_LEN << order), 0);
        frames_free(paddr);
    }
    assert_int_equal(statistics().free_pages, free_before);
}

/* A PC: a hole under 4 GiB, and all types there are. */
static void test_a_tebibyte_takes_a_byte_for_each_frame([[maybe_unused]] void **state)
{
    static const struct nonos_memory_region map[] = {
        {.paddr = 0, .page_count = 0x9F, .type = NONOS_MEMORY_USABLE},
        {.paddr = 0x9F000, .page_count = 0x61, .type = NONOS_MEMORY_RESERVED},
        {.paddr = MIB, .page_count = 0x200, .type = NONOS_MEMORY_KERNEL},
        {.paddr = 3 * MIB,
         .page_count = (2 * GIB - 3 * MIB) / PAGE_LEN,
         .type = NONOS_MEMORY_USABLE},
        {.paddr = 2 * GIB, .page_count = 0x1000, .type = NONOS_MEMORY_LOADER},
        {.paddr = 2 * GIB + 16 * MIB, .page_count = 0x100, .type = NONOS_MEMORY_ACPI_RECLAIM},
        {.paddr = 2 * GIB + 17 * MIB, .page_count = 0x100, .type = NONOS_MEMORY_ACPI_NVS},
        {.paddr = 2 * GIB + 18 * MIB, .page_count = 0x100, .type = NONOS_MEMORY_RUNTIME},
        {.paddr = 2 * GIB + 19 * MIB, .page_count = 0x100, .type = NONOS_MEMORY_BAD},
        {.paddr = 3 * GIB, .page_count = GIB / PAGE_LEN, .type = NONOS_MEMORY_MMIO},
        {.paddr = 4 * GIB, .page_count = TIB / PAGE_LEN, .type = NONOS_MEMORY_USABLE},
    };
    uint64_t touched = touched_pages();
    struct frames_statistics s;

    start_with(map, sizeof map / sizeof map[0]);
    touched = touched_pages() - touched;
    s = statistics();
    /* 1024 sections above 4 GiB, and what there is of two below, each a byte for a frame. */
    assert_in_range(s.books_pages, 256 * HOST_PAGES_PER_MIB, 257 * HOST_PAGES_PER_MIB);
    assert_int_equal(s.total_pages + s.books_pages,
                     (TIB + 2 * GIB - 3 * MIB + 16 * MIB) / PAGE_LEN);
    assert_int_equal(s.left_out_pages, 0x9F);
    assert_int_equal(s.largest_free_order, FRAMES_MAX_ORDER);
    /* The books, the loader's memory, a page for each free block; and what the sanitizer needs. */
    assert_in_range(touched, 0, (s.books_pages + 0x1000 + 2048) * 5 / 4);
    use_all_orders();
}

/* 64 MiB every 64 GiB. */
static void test_holes_take_next_to_nothing([[maybe_unused]] void **state)
{
    struct nonos_memory_region map[17];
    uint64_t touched = touched_pages();
    struct frames_statistics s;

    for (size_t i = 0; i < 17; i++)
        map[i] = (struct nonos_memory_region){.paddr = i == 0 ? MIB : i * 64 * GIB,
                                              .page_count = 64 * HOST_PAGES_PER_MIB,
                                              .type = NONOS_MEMORY_USABLE};
    start_with(map, 17);
    touched = touched_pages() - touched;
    s = statistics();
    assert_int_equal(s.total_pages + s.books_pages, 17 * 64 * HOST_PAGES_PER_MIB);
    assert_int_equal(s.left_out_pages, 0);
    /* 16 KiB of books for each island and 16 bytes for each GiB. */
    assert_in_range(s.books_pages, 1, 17 * 4 + 5 + 1);
    assert_in_range(touched, 0, s.books_pages + 200);
    use_all_orders();
}

/* Every frame that is handed out is one of the map's, and of the right type. */
static void test_holes_are_never_handed_out([[maybe_unused]] void **state)
{
    static const struct nonos_memory_region map[] = {
        {.paddr = MIB, .page_count = 300, .type = NONOS_MEMORY_USABLE},
        {.paddr = MIB + 310 * PAGE_LEN, .page_count = 3, .type = NONOS_MEMORY_USABLE},
        {.paddr = GIB - PAGE_LEN, .page_count = 2, .type = NONOS_MEMORY_USABLE},
        {.paddr = 5 * GIB + 7 * PAGE_LEN, .page_count = 5, .type = NONOS_MEMORY_USABLE},
        {.paddr = 5 * GIB + 12 * PAGE_LEN, .page_count = 5, .type = NONOS_MEMORY_RUNTIME},
        {.paddr = TIB, .page_count = 9, .type = NONOS_MEMORY_USABLE},
    };
    uint64_t count = 0;

    start_with(map, sizeof map / sizeof map[0]);
    for (paddr_t paddr = frames_allocate(0); paddr != 0; paddr = frames_allocate(0)) {
        bool is_in = false;

        for (size_t i = 0; i < sizeof map / sizeof map[0]; i++)
            is_in = is_in || (map[i].type == NONOS_MEMORY_USABLE && paddr >= map[i].paddr &&
                              paddr < map[i].paddr + map[i].page_count * PAGE_LEN);
        assert_true(is_in);
        count++;
    }
    assert_int_equal(count, statistics().total_pages);
    assert_int_equal(count + statistics().books_pages, 300 + 3 + 2 + 5 + 9);
}

/* The largest range below 4 GiB has no room for all books: what is too high for them is left out.
 */
static void test_too_little_low_memory_leaves_the_highest_out([[maybe_unused]] void **state)
{
    static const struct nonos_memory_region map[] = {
        {.paddr = MIB, .page_count = 8, .type = NONOS_MEMORY_USABLE},
        {.paddr = 16 * MIB, .page_count = 3, .type = NONOS_MEMORY_USABLE},
        {.paddr = GIB - PAGE_LEN, .page_count = 2, .type = NONOS_MEMORY_USABLE},
    };

    start_with(map, sizeof map / sizeof map[0]);
    assert_int_equal(statistics().left_out_pages, 2);
    assert_int_equal(statistics().total_pages + statistics().books_pages, 8 + 3);
    while (frames_allocate(0) != 0)
        continue;
    assert_int_equal(statistics().free_pages, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_tebibyte_takes_a_byte_for_each_frame, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_holes_take_next_to_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_holes_are_never_handed_out, setup, teardown),
        cmocka_unit_test_setup_teardown(test_too_little_low_memory_leaves_the_highest_out, setup,
                                        teardown),
    };

    return cmocka_run_group_tests_name("frames_terabyte", tests, nullptr, nullptr);
}
