/*
 * The kernel's and loader's memory functions, under other names, against the C library's.
 */
#include "tests/support/vectors.h"

#define memcpy freestanding_memcpy
#define memmove freestanding_memmove
#define memset freestanding_memset
#define memcmp freestanding_memcmp
#define strlen freestanding_strlen
#include "crypto/freestanding/string.c" // NOLINT(bugprone-suspicious-include)
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef strlen

/* Past the lengths where the code takes another way (8, 128), with an edge around them. */
#define MAX_LEN 300u
#define EDGE 24u
#define AREA_LEN (2 * EDGE + MAX_LEN)

static void test_memcpy_copies_every_length_at_every_alignment(void **)
{
    uint8_t from[AREA_LEN], to[AREA_LEN], wanted[AREA_LEN];
    test_random(from, sizeof from);
    for (size_t len = 0; len <= MAX_LEN; len++) {
        for (size_t shift = 0; shift < 64; shift++) {
            memset(to, 0xA5, sizeof to);
            memset(wanted, 0xA5, sizeof wanted);
            uint8_t *at = to + EDGE - 8 + shift % 8;
            assert_ptr_equal(freestanding_memcpy(at, from + shift / 8, len), at);
            memcpy(wanted + EDGE - 8 + shift % 8, from + shift / 8, len);
            assert_memory_equal(to, wanted, sizeof to);
        }
    }
}

static void test_memmove_moves_over_every_distance(void **)
{
    uint8_t start[AREA_LEN], to[AREA_LEN], wanted[AREA_LEN];
    test_random(start, sizeof start);
    for (size_t len = 0; len <= MAX_LEN; len++) {
        for (size_t target = 0; target <= 2 * EDGE; target++) {
            memcpy(to, start, sizeof to);
            memcpy(wanted, start, sizeof wanted);
            assert_ptr_equal(freestanding_memmove(to + target, to + EDGE, len), to + target);
            memmove(wanted + target, wanted + EDGE, len);
            assert_memory_equal(to, wanted, sizeof to);
        }
    }
}

static void test_memmove_between_separate_strings(void **)
{
    uint8_t a[400], b[400] = {0};
    test_random(a, sizeof a);
    freestanding_memmove(b, a, sizeof a);
    assert_memory_equal(a, b, sizeof a);
    freestanding_memmove(b + 1, b, sizeof b - 1);
    assert_int_equal(b[0], a[0]);
    assert_memory_equal(b + 1, a, sizeof b - 1);
}

static void test_memset_sets_every_length_at_every_alignment(void **)
{
    static const int values[] = {0, 1, 0x7F, 0x80, 0xFF, -1, 0x1234};
    uint8_t to[AREA_LEN], wanted[AREA_LEN];
    for (size_t len = 0; len <= MAX_LEN; len++) {
        for (size_t shift = 0; shift < 8; shift++) {
            int value = values[(len + shift) % (sizeof values / sizeof *values)];
            test_random(to, sizeof to);
            memcpy(wanted, to, sizeof wanted);
            assert_ptr_equal(freestanding_memset(to + shift, value, len), to + shift);
            memset(wanted + shift, value, len);
            assert_memory_equal(to, wanted, sizeof to);
        }
    }
}

static int sign(int n)
{
    return (n > 0) - (n < 0);
}

static void test_memcmp_has_the_sign_of_the_first_difference(void **)
{
    uint8_t a[64], b[64];
    for (size_t len = 0; len <= sizeof a; len++) {
        for (size_t at = 0; at < sizeof a; at++) {
            test_random(a, sizeof a);
            memcpy(b, a, sizeof b);
            b[at] ^= (uint8_t)(1 + test_random_below(255));
            /* A later difference, the other way round, must not count. */
            if (at + 1 < sizeof a)
                b[at + 1] = (uint8_t)~b[at + 1];
            int wanted = memcmp(a, b, len);
            assert_int_equal(sign(freestanding_memcmp(a, b, len)), sign(wanted));
            assert_int_equal(sign(freestanding_memcmp(b, a, len)), -sign(wanted));
            assert_int_equal(freestanding_memcmp(a, a, len), 0);
        }
    }
}

static void test_memcmp_compares_bytes_without_sign(void **)
{
    assert_true(freestanding_memcmp("\x80", "\x7F", 1) > 0);
    assert_true(freestanding_memcmp("01234567\x01\xFF", "01234567\x02\x00", 10) < 0);
    assert_true(freestanding_memcmp("\x01\xFF\xFF\xFF\xFF\xFF\xFF\xFF", "\x02\0\0\0\0\0\0\0", 8) <
                0);
}

static void test_strlen_stops_at_the_first_nul(void **)
{
    assert_int_equal(freestanding_strlen(""), 0);
    assert_int_equal(freestanding_strlen("a\0b"), 1);
    for (size_t len = 0; len <= MAX_LEN; len++) {
        /* Exactly as long as it is, so that the sanitizer sees a read behind the NUL. */
        char *text = (char *)test_allocate(len + 1);
        memset(text, 'x', len);
        text[len] = '\0';
        assert_int_equal(freestanding_strlen(text), len);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memcpy_copies_every_length_at_every_alignment),
        cmocka_unit_test(test_memmove_moves_over_every_distance),
        cmocka_unit_test(test_memmove_between_separate_strings),
        cmocka_unit_test(test_memset_sets_every_length_at_every_alignment),
        cmocka_unit_test(test_memcmp_has_the_sign_of_the_first_difference),
        cmocka_unit_test(test_memcmp_compares_bytes_without_sign),
        cmocka_unit_test(test_strlen_stops_at_the_first_nul),
    };
    return cmocka_run_group_tests_name("freestanding_string", tests, nullptr, nullptr);
}
