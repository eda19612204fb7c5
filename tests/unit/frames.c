#include "kernel/mem/frames.h"

#include "kernel/cpu/interrupt_flag.h"
#include "tests/support/machine.h"

#define PAGES (MACHINE_LEN / PAGE_LEN)
#define END (MACHINE_PADDR + MACHINE_LEN)

static const struct nonos_memory_region whole[] = {
    {.paddr = 0, .page_count = 0xA0, .type = NONOS_MEMORY_USABLE},
    {.paddr = MACHINE_PADDR, .page_count = PAGES, .type = NONOS_MEMORY_USABLE},
};

static void start_with(const struct nonos_memory_region *map, size_t count)
{
    memset(machine_memory, 0xA5, sizeof machine_memory);
    assert_int_equal(frames_init(map, count, UINT64_C(1) << 32), NONOS_OK);
    frames_add(map, count, NONOS_MEMORY_USABLE, 0, ADDRESS_PADDR_END);
}

static struct frames_statistics statistics(void)
{
    struct frames_statistics s;

    frames_get_statistics(&s);
    return s;
}

static bool is_zero(paddr_t paddr, size_t len)
{
    const uint8_t *bytes = direct_map_at(paddr);

    for (size_t i = 0; i < len; i++) {
        if (bytes[i] != 0)
            return false;
    }
    return true;
}

static void test_all_memory_is_counted([[maybe_unused]] void **state)
{
    start_with(whole, 2);
    assert_int_equal(statistics().books_pages, 2);
    assert_int_equal(statistics().total_pages, PAGES - 2);
    assert_int_equal(statistics().free_pages, PAGES - 2);
    assert_int_equal(statistics().left_out_pages, 0xA0);
}

static void test_all_memory_can_be_had_once(void **state)
{
    static uint8_t seen[PAGES];
    size_t count = 0;

    (void)state;
    start_with(whole, 2);
    memset(seen, 0, sizeof seen);
    for (paddr_t paddr = frames_allocate(0); paddr != 0; paddr = frames_allocate(0)) {
        size_t page = (paddr - MACHINE_PADDR) / PAGE_LEN;

        assert_in_range(paddr, MACHINE_PADDR, END - PAGE_LEN);
        assert_int_equal(paddr % PAGE_LEN, 0);
        assert_int_equal(seen[page], 0);
        seen[page] = 1;
        count++;
    }
    assert_int_equal(count, PAGES - 2);
    assert_int_equal(statistics().free_pages, 0);
    assert_int_equal(statistics().peak_used_pages, PAGES - 2);
}

static void test_blocks_are_aligned_to_their_size([[maybe_unused]] void **state)
{
    start_with(whole, 2);
    for (unsigned order = 0; order <= 10; order++) {
        paddr_t paddr = frames_allocate(order);

        assert_int_not_equal(paddr, 0);
        assert_int_equal(paddr % ((uint64_t)PAGE_LEN << order), 0);
        assert_int_equal(frames_order(paddr), order);
    }
}

static void test_what_firmware_left_is_never_seen([[maybe_unused]] void **state)
{
    start_with(whole, 2);
    for (unsigned order = 0; order <= 8; order++) {
        paddr_t paddr = frames_allocate(order);

        assert_true(is_zero(paddr, (size_t)PAGE_LEN << order));
    }
}

static void test_freed_memory_is_zeroed_at_once(void **state)
{
    paddr_t paddr;

    (void)state;
    start_with(whole, 2);
    paddr = frames_allocate(3);
    memset(direct_map_at(paddr), 0x77, 8 * PAGE_LEN);
    frames_free(paddr);
    /* The list's links take the first bytes of the free block it has become part of. */
    for (size_t page = 0; page < 8; page++)
        assert_true(is_zero(paddr + page * PAGE_LEN + 16, PAGE_LEN - 16));
}

/* Once it has been cut up to the last frame, in an order that leaves every kind of gap. */
static void test_freed_blocks_join_again(void **state)
{
    static paddr_t blocks[PAGES];
    unsigned largest;
    size_t count = 0;

    (void)state;
    start_with(whole, 2);
    largest = statistics().largest_free_order;
    while (count < PAGES && (blocks[count] = frames_allocate(0)) != 0)
        count++;
    assert_int_equal(count, PAGES - 2);
    for (size_t step = 0; step < 7; step++) {
        for (size_t i = step; i < count; i += 7)
            frames_free(blocks[i]);
    }
    assert_int_equal(statistics().free_pages, PAGES - 2);
    assert_int_equal(statistics().largest_free_order, largest);
    assert_int_not_equal(frames_allocate(largest), 0);
}

static void test_loader_memory_comes_later(void **state)
{
    const struct nonos_memory_region map[] = {
        {.paddr = MACHINE_PADDR, .page_count = 512, .type = NONOS_MEMORY_USABLE},
        {.paddr = MACHINE_PADDR + 512 * PAGE_LEN, .page_count = 256, .type = NONOS_MEMORY_LOADER},
        {.paddr = MACHINE_PADDR + 768 * PAGE_LEN, .page_count = 64, .type = NONOS_MEMORY_KERNEL},
        {.paddr = MACHINE_PADDR + 832 * PAGE_LEN, .page_count = 64, .type = NONOS_MEMORY_RUNTIME},
        {.paddr = MACHINE_PADDR + 896 * PAGE_LEN, .page_count = 64, .type = NONOS_MEMORY_ACPI_NVS},
    };

    (void)state;
    start_with(map, 5);
    assert_int_equal(statistics().total_pages, 511);
    frames_add(map, 5, NONOS_MEMORY_LOADER, 0, ADDRESS_PADDR_END);
    assert_int_equal(statistics().total_pages, 511 + 256);
    /* Nothing of the loader is left, at once, but what a free block says of its neighbours. */
    for (size_t i = 0; i < 256; i++)
        assert_true(is_zero(MACHINE_PADDR + (512 + i) * PAGE_LEN + 16, PAGE_LEN - 16));
    assert_false(is_zero(MACHINE_PADDR + 16 * PAGE_LEN, PAGE_LEN));
    for (paddr_t paddr = frames_allocate(0); paddr != 0; paddr = frames_allocate(0)) {
        assert_in_range(paddr, MACHINE_PADDR, MACHINE_PADDR + 767 * PAGE_LEN);
        assert_true(is_zero(paddr, PAGE_LEN));
    }
    assert_int_equal(statistics().free_pages, 0);
}

static void test_memory_is_added_in_steps(void **state)
{
    paddr_t middle = MACHINE_PADDR + MACHINE_LEN / 2;

    (void)state;
    memset(machine_memory, 0xA5, sizeof machine_memory);
    assert_int_equal(frames_init(whole, 2, middle), NONOS_OK);
    frames_add(whole, 2, NONOS_MEMORY_USABLE, 0, middle);
    assert_int_equal(statistics().total_pages, PAGES / 2 - 2);
    /* Nothing outside the first step has been touched. */
    for (size_t i = MACHINE_LEN / 2; i < MACHINE_LEN; i++)
        assert_int_equal(machine_memory[i], 0xA5);
    frames_add(whole, 2, NONOS_MEMORY_USABLE, middle, ADDRESS_PADDR_END);
    assert_int_equal(statistics().total_pages, PAGES - 2);
}

/* What is left is too small for the books of all that is far above. */
static void test_far_memory_is_left_out_rather_than_all(void **state)
{
    const struct nonos_memory_region map[] = {
        {.paddr = MACHINE_PADDR, .page_count = 4, .type = NONOS_MEMORY_USABLE},
        {.paddr = UINT64_C(1) << 38, .page_count = 16, .type = NONOS_MEMORY_USABLE},
        {.paddr = UINT64_C(1) << 44, .page_count = 16, .type = NONOS_MEMORY_USABLE},
        {.paddr = ADDRESS_PADDR_END, .page_count = 16, .type = NONOS_MEMORY_USABLE},
    };

    (void)state;
    start_with(map, 4);
    assert_int_equal(statistics().left_out_pages, 48);
    assert_int_equal(statistics().total_pages + statistics().books_pages, 4);
}

static void test_no_memory_is_an_error(void **state)
{
    const struct nonos_memory_region reserved[] = {
        {.paddr = MACHINE_PADDR, .page_count = PAGES, .type = NONOS_MEMORY_RESERVED},
    };
    const struct nonos_memory_region low[] = {
        {.paddr = 0, .page_count = 256, .type = NONOS_MEMORY_USABLE},
    };

    (void)state;
    assert_int_equal(frames_init(reserved, 1, UINT64_C(1) << 32), NONOS_E_NO_MEMORY);
    assert_int_equal(frames_init(low, 1, UINT64_C(1) << 32), NONOS_E_NO_MEMORY);
    assert_int_equal(frames_init(whole, 2, MACHINE_PADDR), NONOS_E_NO_MEMORY);
}

static void test_running_out_gives_nothing([[maybe_unused]] void **state)
{
    start_with(whole, 2);
    assert_int_equal(frames_allocate(FRAMES_MAX_ORDER), 0);
    assert_int_equal(frames_allocate(FRAMES_MAX_ORDER + 1), 0);
    assert_int_equal(statistics().free_pages, PAGES - 2);
}

static void test_order_for_a_length([[maybe_unused]] void **state)
{
    assert_int_equal(frames_order_for(1), 0);
    assert_int_equal(frames_order_for(PAGE_LEN), 0);
    assert_int_equal(frames_order_for(PAGE_LEN + 1), 1);
    assert_int_equal(frames_order_for((size_t)PAGE_LEN << FRAMES_MAX_ORDER), FRAMES_MAX_ORDER);
    assert_int_equal(frames_order_for(SIZE_MAX), FRAMES_MAX_ORDER + 1);
}

static void test_wrong_frees_panic(void **state)
{
    paddr_t paddr;

    (void)state;
    start_with(whole, 2);
    paddr = frames_allocate(2);
    assert_panic(frames_free(paddr + PAGE_LEN), "not the start");
    assert_panic(frames_free(paddr + 8), "not the start");
    assert_panic(frames_free(0), "not the start");
    assert_panic(frames_free(END), "not the start");
    assert_panic(frames_free(UINT64_MAX & ~PAGE_MASK), "not the start");
    frames_free(paddr);
    assert_panic(frames_free(paddr), "not the start");
}

static void test_an_owner_stays_until_the_block_is_freed(void **state)
{
    paddr_t owned;
    paddr_t other;

    (void)state;
    start_with(whole, 2);
    owned = frames_allocate(2);
    other = frames_allocate(2);
    for (unsigned turn = 0; turn < 2; turn++) {
        enum frames_owner owner = turn == 0 ? FRAMES_HEAP : FRAMES_PROGRAM;

        frames_set_owner(owned, owner);
        assert_true(frames_is_owned(owned, owner));
        assert_false(frames_is_owned(owned, FRAMES_KERNEL));
        assert_false(frames_is_owned(owned, turn == 0 ? FRAMES_PROGRAM : FRAMES_HEAP));
        assert_true(frames_is_owned(other, FRAMES_KERNEL));
        assert_false(frames_is_owned(owned + 8, owner));
        assert_int_equal(frames_order(owned), 2);
    }
    assert_panic(frames_set_owner(owned + PAGE_LEN, FRAMES_HEAP), "not the start");
    /* Its buddy must not take it for a free one. */
    frames_free(other);
    assert_true(frames_is_owned(owned, FRAMES_PROGRAM));
    frames_free(owned);
    assert_false(frames_is_owned(owned, FRAMES_PROGRAM));
    assert_int_equal(frames_allocate(2), owned);
    assert_true(frames_is_owned(owned, FRAMES_KERNEL));
}

/* Whatever the address: an audit asks about what it finds in a table. */
static void test_nobody_owns_what_is_no_block(void **state)
{
    static const paddr_t none[] = {0,   0x1000,     MACHINE_PADDR + 8,
                                   END, UINT64_MAX, UINT64_C(1) << 51};

    (void)state;
    start_with(whole, 2);
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        assert_false(frames_is_owned(none[i], FRAMES_KERNEL));
}

static paddr_t being_zeroed;
static unsigned looked;

/* While a large block is zeroed others run: they can neither have it nor free it. */
static void look_at_the_block(void)
{
    paddr_t other = frames_allocate(0);

    looked++;
    assert_false(machine_interrupts_are_on);
    assert_false(frames_is_owned(being_zeroed, FRAMES_KERNEL));
    assert_true(other < being_zeroed || other >= being_zeroed + 16 * PAGE_LEN);
    assert_true(is_zero(other, PAGE_LEN));
    machine_interrupt = nullptr; /* an interrupt in the middle of that would not come to an end */
    frames_free(other);
    machine_interrupt = look_at_the_block;
}

static void
test_large_blocks_are_zeroed_in_pieces_that_nobody_can_have([[maybe_unused]] void **state)
{
    start_with(whole, 2);
    being_zeroed = frames_allocate(4);
    memset(direct_map_at(being_zeroed), 0x77, 16 * PAGE_LEN);
    machine_preempt_points = 0;
    looked = 0;
    machine_interrupt = look_at_the_block;
    frames_free(being_zeroed);
    machine_interrupt = nullptr;
    assert_int_equal(looked, 15);
    assert_int_equal(machine_preempt_points, 15);
    assert_int_equal(frames_allocate(4), being_zeroed);
    assert_true(is_zero(being_zeroed, 16 * PAGE_LEN));
    /* What firmware left is zeroed in pieces, too. */
    machine_preempt_points = 0;
    assert_int_not_equal(frames_allocate(8), 0);
    assert_int_equal(machine_preempt_points, 255);
    /* A single page is no long work: it may be had with a lock held. */
    machine_preempt_points = 0;
    frames_free(frames_allocate(0));
    assert_int_equal(machine_preempt_points, 0);
}

/* Also when it has become the second half of a larger free block. */
static void test_freeing_twice_panics_after_joining(void **state)
{
    paddr_t lower;
    paddr_t upper;

    (void)state;
    start_with(whole, 2);
    do {
        lower = frames_allocate(0);
        upper = frames_allocate(0);
    } while ((lower ^ upper) != PAGE_LEN);
    frames_free(lower);
    frames_free(upper);
    assert_panic(frames_free(lower), "not the start");
    assert_panic(frames_free(upper), "not the start");
}

/* Against a plain record of who has what. */
static void test_random_use_never_overlaps_and_is_always_zero([[maybe_unused]] void **state)
{
    struct {
        paddr_t paddr;
        unsigned order;
    } held[200];
    size_t count = 0;
    uint64_t held_pages = 0;

    start_with(whole, 2);
    for (unsigned turn = 0; turn < 20000; turn++) {
        if (count < 200 && test_random_below(2) == 0) {
            unsigned order = (unsigned)test_random_below(6);
            paddr_t paddr = frames_allocate(order);

            if (paddr == 0)
                continue;
            assert_true(is_zero(paddr, (size_t)PAGE_LEN << order));
            for (size_t i = 0; i < count; i++)
                assert_true(paddr + ((uint64_t)PAGE_LEN << order) <= held[i].paddr ||
                            held[i].paddr + ((uint64_t)PAGE_LEN << held[i].order) <= paddr);
            memset(direct_map_at(paddr), 0xEE, 64);
            memset((uint8_t *)direct_map_at(paddr) + ((size_t)PAGE_LEN << order) - 64, 0xEE, 64);
            held[count].paddr = paddr;
            held[count++].order = order;
            held_pages += UINT64_C(1) << order;
        } else if (count > 0) {
            size_t i = test_random_below(count);

            frames_free(held[i].paddr);
            held_pages -= UINT64_C(1) << held[i].order;
            held[i] = held[--count];
        }
        assert_int_equal(statistics().free_pages, PAGES - 2 - held_pages);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_memory_is_counted),
        cmocka_unit_test(test_all_memory_can_be_had_once),
        cmocka_unit_test(test_blocks_are_aligned_to_their_size),
        cmocka_unit_test(test_what_firmware_left_is_never_seen),
        cmocka_unit_test(test_freed_memory_is_zeroed_at_once),
        cmocka_unit_test(test_freed_blocks_join_again),
        cmocka_unit_test(test_loader_memory_comes_later),
        cmocka_unit_test(test_memory_is_added_in_steps),
        cmocka_unit_test(test_far_memory_is_left_out_rather_than_all),
        cmocka_unit_test(test_no_memory_is_an_error),
        cmocka_unit_test(test_running_out_gives_nothing),
        cmocka_unit_test(test_order_for_a_length),
        cmocka_unit_test(test_wrong_frees_panic),
        cmocka_unit_test(test_an_owner_stays_until_the_block_is_freed),
        cmocka_unit_test(test_nobody_owns_what_is_no_block),
        cmocka_unit_test(test_large_blocks_are_zeroed_in_pieces_that_nobody_can_have),
        cmocka_unit_test(test_freeing_twice_panics_after_joining),
        cmocka_unit_test(test_random_use_never_overlaps_and_is_always_zero),
    };

    return cmocka_run_group_tests_name("frames", tests, nullptr, nullptr);
}
