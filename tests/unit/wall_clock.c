#include "boot/wall_clock.h"

#include "tests/support/vectors.h"

#include <time.h>

static struct efi_time at(uint16_t year, uint8_t month, uint8_t day, uint8_t hour, uint8_t minute,
                          uint8_t second, int16_t zone)
{
    return (struct efi_time){.year = year,
                             .month = month,
                             .day = day,
                             .hour = hour,
                             .minute = minute,
                             .second = second,
                             .time_zone = zone};
}

static void assert_seconds(struct efi_time time, int64_t expected)
{
    int64_t seconds = -1;
    assert_true(wall_clock_convert(&time, &seconds));
    assert_true(seconds == expected);
}

static void test_convert_known_times(void **state)
{
    (void)state;
    assert_seconds(at(1970, 1, 1, 0, 0, 0, 0), 0);
    assert_seconds(at(2000, 3, 1, 0, 0, 0, 0), 951868800);
    assert_seconds(at(2026, 1, 1, 0, 0, 0, EFI_UNSPECIFIED_TIMEZONE), 1767225600);
    assert_seconds(at(1969, 12, 31, 23, 59, 59, 0), -1);
    assert_seconds(at(2038, 1, 19, 3, 14, 8, 0), INT64_C(2147483648));
    assert_seconds(at(9999, 12, 31, 23, 59, 59, 0), INT64_C(253402300799));
}

static void test_convert_applies_the_zone(void **state)
{
    (void)state;
    /* local time = UTC - zone: -60 is one hour east of Greenwich */
    assert_seconds(at(1970, 1, 1, 1, 0, 0, -60), 0);
    assert_seconds(at(1969, 12, 31, 19, 0, 0, 300), 0);
}

static void test_convert_agrees_with_the_c_library(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 20000; i++) {
        time_t expected = (time_t)test_random_below(253402300800u) - 2208988800;
        struct tm tm;
        assert_non_null(gmtime_r(&expected, &tm));
        if (tm.tm_year + 1900 < 1900)
            continue;
        assert_seconds(at((uint16_t)(tm.tm_year + 1900), (uint8_t)(tm.tm_mon + 1),
                          (uint8_t)tm.tm_mday, (uint8_t)tm.tm_hour, (uint8_t)tm.tm_min,
                          (uint8_t)tm.tm_sec, 0),
                       expected);
    }
}

static void test_convert_refuses_fields_out_of_range(void **state)
{
    (void)state;
    const struct efi_time bad[] = {
        at(1899, 12, 31, 0, 0, 0, 0),   at(10000, 1, 1, 0, 0, 0, 0), at(2026, 0, 1, 0, 0, 0, 0),
        at(2026, 13, 1, 0, 0, 0, 0),    at(2026, 1, 0, 0, 0, 0, 0),  at(2026, 4, 31, 0, 0, 0, 0),
        at(2026, 2, 29, 0, 0, 0, 0),    at(1900, 2, 29, 0, 0, 0, 0), at(2026, 1, 1, 24, 0, 0, 0),
        at(2026, 1, 1, 0, 60, 0, 0),    at(2026, 1, 1, 0, 0, 60, 0), at(2026, 1, 1, 0, 0, 0, 1441),
        at(2026, 1, 1, 0, 0, 0, -1441),
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        int64_t seconds = 17;
        assert_false(wall_clock_convert(&bad[i], &seconds));
        assert_true(seconds == 0);
    }
    assert_seconds(at(2000, 2, 29, 0, 0, 0, 1440), 951782400 + 86400);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_convert_known_times),
        cmocka_unit_test(test_convert_applies_the_zone),
        cmocka_unit_test(test_convert_agrees_with_the_c_library),
        cmocka_unit_test(test_convert_refuses_fields_out_of_range),
    };
    return cmocka_run_group_tests_name("wall_clock", tests, nullptr, nullptr);
}
