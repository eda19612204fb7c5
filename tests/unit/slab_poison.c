/* Slabs with the debug build's filling of free objects in them. */
#include "kernel/debug/slab_fill.c" // NOLINT(bugprone-suspicious-include)
#include "kernel/mem/frames.h"
#include "kernel/mem/slab.h"
#include "tests/support/machine.h"

#define LEN 96u

static const struct nonos_memory_region map[] = {
    {.paddr = MACHINE_PADDR, .page_count = 16, .type = NONOS_MEMORY_USABLE},
};
static struct slab_cache cache;

static int setup([[maybe_unused]] void **state)
{
    assert_int_equal(frames_init(map, 1, UINT64_C(1) << 32), NONOS_OK);
    frames_add(map, 1, NONOS_MEMORY_USABLE, 0, ADDRESS_PADDR_END);
    cache = (struct slab_cache)SLAB_CACHE("thing", LEN);
    return 0;
}

static void test_what_is_had_is_zero_and_what_is_free_is_not([[maybe_unused]] void **state)
{
    uint8_t *keep = slab_allocate(&cache);

    for (unsigned turn = 0; turn < 3; turn++) {
        uint8_t *bytes = slab_allocate(&cache);

        for (size_t i = 0; i < LEN; i++)
            assert_int_equal(bytes[i], 0);
        memset(bytes, 0x77, LEN);
        slab_free(&cache, bytes);
        for (size_t i = 0; i < LEN; i++)
            assert_int_equal(bytes[i], PATTERN);
    }
    slab_free(&cache, keep);
}

/* In an object that was freed, and in one that nobody ever had. */
static void test_a_write_to_a_free_object_is_seen([[maybe_unused]] void **state)
{
    uint8_t *keep = slab_allocate(&cache);
    uint8_t *bytes = slab_allocate(&cache);

    slab_free(&cache, bytes);
    bytes[LEN - 1] = 0;
    assert_panic((void)slab_allocate(&cache), "byte 95 of");
    bytes = keep + 2 * LEN; /* the next one */
    bytes[0] ^= 1;
    assert_panic((void)slab_allocate(&cache), "byte 0 of");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_what_is_had_is_zero_and_what_is_free_is_not, setup),
        cmocka_unit_test_setup(test_a_write_to_a_free_object_is_seen, setup),
    };

    return cmocka_run_group_tests_name("slab_poison", tests, nullptr, nullptr);
}
