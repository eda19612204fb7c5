/*
 * Byte strings: comparison, wiping, fixed byte order.
 */
#include "crypto/bytes.h"

#include "tests/support/vectors.h"

#define MAX_LEN 70

static void test_wipe_sets_exactly_the_range_to_zero(void **)
{
    for (size_t len = 0; len <= MAX_LEN; len++) {
        uint8_t bytes[MAX_LEN + 2];
        memset(bytes, 0xA5, sizeof bytes);
        bytes_wipe(bytes + 1, len);
        assert_int_equal(bytes[0], 0xA5);
        assert_int_equal(bytes[len + 1], 0xA5);
        for (size_t i = 1; i <= len; i++)
            assert_int_equal(bytes[i], 0);
    }
}

static void test_equal_sees_every_single_bit(void **)
{
    uint8_t a[MAX_LEN], b[MAX_LEN];
    test_random(a, sizeof a);
    memcpy(b, a, sizeof b);
    for (size_t len = 0; len <= MAX_LEN; len++) {
        assert_true(bytes_equal(a, b, len));
        for (size_t bit = 0; bit < 8 * len; bit++) {
            b[bit / 8] ^= (uint8_t)(1u << (bit % 8));
            assert_false(bytes_equal(a, b, len));
            b[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        }
    }
}

static void test_equal_does_not_look_behind_the_end(void **)
{
    static const uint8_t a[3] = {1, 2, 3}, b[3] = {1, 2, 4};
    assert_true(bytes_equal(a, b, 2));
    assert_true(bytes_equal(a, b, 0));
    assert_false(bytes_equal(a, b, 3));
}

/* Differences that cancel out: in a sum, in an exclusive or. */
static void test_equal_sees_differences_that_cancel(void **)
{
    static const uint8_t a[4] = {0, 0, 0, 0}, b[4] = {0x80, 0x80, 0, 0}, c[4] = {1, 0xFF, 0, 0};
    assert_false(bytes_equal(a, b, 4));
    assert_false(bytes_equal(a, c, 4));
}

static void test_zero_sees_every_single_bit(void **)
{
    uint8_t bytes[MAX_LEN] = {0};
    for (size_t len = 0; len <= MAX_LEN; len++) {
        assert_true(bytes_are_zero(bytes, len));
        for (size_t bit = 0; bit < 8 * len; bit++) {
            bytes[bit / 8] = (uint8_t)(1u << (bit % 8));
            assert_false(bytes_are_zero(bytes, len));
            bytes[bit / 8] = 0;
        }
    }
    bytes[3] = 1;
    assert_true(bytes_are_zero(bytes, 3));
}

static void test_integers_have_their_byte_order(void **)
{
    static const uint8_t b[8] = {0x01, 0x82, 0x03, 0x84, 0x05, 0x86, 0x07, 0x88};
    uint8_t out[8];
    assert_int_equal(load_le32(b), 0x84038201);
    assert_int_equal(load_le64(b), 0x8807860584038201);
    assert_int_equal(load_be64(b), 0x0182038405860788);
    store_le32(out, 0x84038201);
    assert_memory_equal(out, b, 4);
    store_le64(out, 0x8807860584038201);
    assert_memory_equal(out, b, 8);
    store_be64(out, 0x0182038405860788);
    assert_memory_equal(out, b, 8);
}

static void test_barrier_keeps_the_value(void **)
{
    uint64_t value = test_random_u64();
    assert_int_equal(value_barrier(value), value);
    assert_int_equal(value_barrier(0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wipe_sets_exactly_the_range_to_zero),
        cmocka_unit_test(test_equal_sees_every_single_bit),
        cmocka_unit_test(test_equal_does_not_look_behind_the_end),
        cmocka_unit_test(test_equal_sees_differences_that_cancel),
        cmocka_unit_test(test_zero_sees_every_single_bit),
        cmocka_unit_test(test_integers_have_their_byte_order),
        cmocka_unit_test(test_barrier_keeps_the_value),
    };
    return cmocka_run_group_tests_name("bytes", tests, nullptr, nullptr);
}
