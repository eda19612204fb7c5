#include "kernel/format.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What libc says, for directives that mean the same there. */
#define CHECK_LIKE_LIBC(format, ...)                                                               \
    do {                                                                                           \
        char wanted[400];                                                                          \
        char got[400];                                                                             \
        int len = snprintf(wanted, sizeof wanted, format __VA_OPT__(, ) __VA_ARGS__);              \
        assert_int_equal(format_text(got, sizeof got, format __VA_OPT__(, ) __VA_ARGS__), len);    \
        assert_string_equal(got, wanted);                                                          \
    } while (0)

/* The format comes through a variable where the compiler would rightly complain. */
static void check_text(const char *wanted, const char *format, ...)
{
    char got[200];
    va_list arguments;
    size_t len;

    va_start(arguments, format);
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wformat-nonliteral"
    len = format_text_list(got, sizeof got, format, arguments);
#pragma clang diagnostic pop
    va_end(arguments);
    assert_string_equal(got, wanted);
    assert_int_equal(len, strlen(wanted));
}

static void test_plain_text_stays([[maybe_unused]] void **state)
{
    check_text("", "");
    check_text("plain", "plain");
    CHECK_LIKE_LIBC("100%% of %s%%", "it");
}

static void test_numbers_of_all_lengths([[maybe_unused]] void **state)
{
    CHECK_LIKE_LIBC("%d %d %d %d", 0, -1, INT32_MAX, INT32_MIN);
    CHECK_LIKE_LIBC("%ld %ld", INT64_MAX, INT64_MIN);
    CHECK_LIKE_LIBC("%lld %lld", (long long)INT64_MAX, (long long)INT64_MIN);
    CHECK_LIKE_LIBC("%zd %zu", (ssize_t)-5, SIZE_MAX);
    CHECK_LIKE_LIBC("%u %lu %llu", UINT32_MAX, UINT64_MAX, (unsigned long long)UINT64_MAX);
    CHECK_LIKE_LIBC("%x %lx %llx %zx", 0xDEADBEEF, UINT64_MAX, 0x123456789ABCDEFull, (size_t)0);
    /* A length that is too long for int must not be taken from the wrong half. */
    CHECK_LIKE_LIBC("%d %lx %d", -7, UINT64_C(0x8000000000000000), 7);
}

static void test_width_and_fill([[maybe_unused]] void **state)
{
    CHECK_LIKE_LIBC("[%5d][%-5d][%05d]", 42, 42, 42);
    CHECK_LIKE_LIBC("[%5d][%-5d][%05d][%2d]", -42, -42, -42, -4242);
    CHECK_LIKE_LIBC("[%016llx][%-6x][%6x]", 0xABCull, 0xABC, 0xABC);
    CHECK_LIKE_LIBC("[%8s][%-8s][%2s]", "text", "text", "text");
    CHECK_LIKE_LIBC("[%*d][%-*d]", 6, 1, 6, 1);
    CHECK_LIKE_LIBC("[%3c][%-3c][%c]", 'a', 'b', 'c');
    check_text("[   -1][-1   ]", "[%5d][%-05d]", -1, -1);
}

static void test_text_with_precision([[maybe_unused]] void **state)
{
    const char unterminated[3] = {'a', 'b', 'c'};

    CHECK_LIKE_LIBC("[%.3s][%.0s][%.9s]", "abcdef", "abcdef", "abc");
    CHECK_LIKE_LIBC("[%6.2s][%-6.2s]", "abcdef", "abcdef");
    /* Reads no byte more than told to: the sanitizer watches. */
    check_text("[abc]", "[%.*s]", 3, unterminated);
}

static void test_pointers_have_sixteen_digits([[maybe_unused]] void **state)
{
    check_text("0x00000000deadbeef", "%p", (void *)(uintptr_t)0xDEADBEEF);
    check_text("0xffff800000001000", "%p", (void *)(uintptr_t)0xFFFF800000001000);
    check_text("0x0000000000000000", "%p", nullptr);
}

static void test_null_text_is_no_crash([[maybe_unused]] void **state)
{
    check_text("[(null)]", "[%s]", nullptr);
    check_text("[(nu]", "[%.3s]", nullptr);
}

static void test_unknown_directives_are_shown([[maybe_unused]] void **state)
{
    check_text("%q 5", "%q %d", 5);
    check_text("%08lf", "%08lf");
    check_text("end %", "end %");
    check_text("end %-5l", "end %-5l");
    check_text("%n", "%n");
}

static void test_width_is_bounded([[maybe_unused]] void **state)
{
    char got[8];

    assert_int_equal(format_text(got, sizeof got, "%*d", INT32_MAX, 1), 256);
    assert_string_equal(got, "       ");
    assert_int_equal(format_text(got, sizeof got, "%4294967297d", 1), 256);
    assert_int_equal(format_text(got, sizeof got, "%*d", INT32_MIN, 1), 1);
}

static void test_long_text_is_cut_and_terminated([[maybe_unused]] void **state)
{
    char out[6] = "-----";

    assert_int_equal(format_text(out, 5, "%s", "abcdefgh"), 8);
    assert_memory_equal(out, "abcd\0", 6);
    assert_int_equal(format_text(out, 1, "%d", 12), 2);
    assert_string_equal(out, "");
    out[0] = 'x';
    assert_int_equal(format_text(out, 0, "%d", 12), 2);
    assert_int_equal(out[0], 'x');
    assert_int_equal(format_text(out, 5, "abcd"), 4);
    assert_string_equal(out, "abcd");
}

struct pieces {
    char text[64];
    size_t len;
    unsigned empty_count;
};

static void collect(void *context, const char *text, size_t len)
{
    struct pieces *pieces = context;

    pieces->empty_count += len == 0;
    assert_true(pieces->len + len < sizeof pieces->text);
    memcpy(pieces->text + pieces->len, text, len);
    pieces->len += len;
}

[[gnu::format(printf, 2, 3)]] static void send(struct pieces *pieces, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    format_to_sink(collect, pieces, format, arguments);
    va_end(arguments);
}

static void test_sink_gets_all_and_nothing_empty([[maybe_unused]] void **state)
{
    struct pieces pieces = {};

    send(&pieces, "a%sb%5dc%%%s", "", 1, "z");
    assert_int_equal(pieces.len, 10);
    assert_memory_equal(pieces.text, "ab    1c%z", 10);
    assert_int_equal(pieces.empty_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_text_stays),
        cmocka_unit_test(test_numbers_of_all_lengths),
        cmocka_unit_test(test_width_and_fill),
        cmocka_unit_test(test_text_with_precision),
        cmocka_unit_test(test_pointers_have_sixteen_digits),
        cmocka_unit_test(test_null_text_is_no_crash),
        cmocka_unit_test(test_unknown_directives_are_shown),
        cmocka_unit_test(test_width_is_bounded),
        cmocka_unit_test(test_long_text_is_cut_and_terminated),
        cmocka_unit_test(test_sink_gets_all_and_nothing_empty),
    };

    return cmocka_run_group_tests_name("format", tests, nullptr, nullptr);
}
