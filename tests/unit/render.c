#include "boot/render.h"

#include "tests/support/vectors.h"

#include <inttypes.h>

#define ASSERT_RENDERED(expected, ...)                                                             \
    do {                                                                                           \
        char out[200];                                                                             \
        memset(out, 'x', sizeof(out));                                                             \
        assert_int_equal(render_format(out, sizeof(out), __VA_ARGS__), strlen(expected));          \
        assert_string_equal(out, expected);                                                        \
    } while (0)

static void test_render_numbers(void **state)
{
    (void)state;
    ASSERT_RENDERED("0 4294967295 -2147483648 2147483647", "%u %u %d %d", 0u, UINT32_MAX, INT32_MIN,
                    INT32_MAX);
    ASSERT_RENDERED("18446744073709551615 ffffffffffffffff 0", "%llu %llx %llx",
                    (unsigned long long)UINT64_MAX, (unsigned long long)UINT64_MAX, 0ull);
    ASSERT_RENDERED("07 0000000000100000 deadbeef -05", "%02u %016llx %x %02d", 7u, 0x100000ull,
                    0xdeadbeefu, -5);
}

static void test_render_text(void **state)
{
    (void)state;
    const char *none = nullptr;
    ASSERT_RENDERED("a bc  -", "%s %.*s %.*s %s", "a", 2, "bcd", 0, "x", none);
    ASSERT_RENDERED("", "%.*s", -3, "abc");
    ASSERT_RENDERED("100%", "%u%%", 100u);
}

static void test_render_reads_no_further_than_the_length_given(void **state)
{
    (void)state;
    char *piece = malloc(2);
    assert_non_null(piece);
    memcpy(piece, "ok", 2);
    ASSERT_RENDERED("<ok>", "<%.*s>", 2, piece);
    free(piece);
}

static void test_render_cuts_off_what_does_not_fit(void **state)
{
    (void)state;
    char out[6];
    memset(out, 'x', sizeof(out));
    assert_int_equal(render_format(out, 5, "%s", "abcdefgh"), 4);
    assert_memory_equal(out, "abcd\0x", 6);
    assert_int_equal(render_format(out, 5, "ab%u", 123456u), 4);
    assert_string_equal(out, "ab12");
    assert_int_equal(render_format(out, 1, "abc"), 0);
    assert_int_equal(out[0], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_render_numbers),
        cmocka_unit_test(test_render_text),
        cmocka_unit_test(test_render_reads_no_further_than_the_length_given),
        cmocka_unit_test(test_render_cuts_off_what_does_not_fit),
    };
    return cmocka_run_group_tests_name("render", tests, nullptr, nullptr);
}
