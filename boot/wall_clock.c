#include "boot/wall_clock.h"

static bool is_leap(unsigned year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static unsigned month_days(unsigned year, unsigned month)
{
    static const uint8_t days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && is_leap(year) ? 1u : 0u);
}

static bool is_valid(const struct efi_time *time)
{
    return time->year >= 1900 && time->year <= 9999 && time->month >= 1 && time->month <= 12 &&
           time->day >= 1 && time->day <= month_days(time->year, time->month) && time->hour < 24 &&
           time->minute < 60 && time->second < 60 &&
           (time->time_zone == EFI_UNSPECIFIED_TIMEZONE ||
            (time->time_zone >= -1440 && time->time_zone <= 1440));
}

/* Leap days in the years 1 to year. */
static int64_t leap_days(int64_t year)
{
    return year / 4 - year / 100 + year / 400;
}

bool wall_clock_convert(const struct efi_time *time, int64_t *seconds)
{
    *seconds = 0;
    if (!is_valid(time))
        return false;
    int64_t days = (int64_t)(time->year - 1970) * 365 + leap_days(time->year - 1) - leap_days(1969);
    for (unsigned month = 1; month < time->month; month++)
        days += month_days(time->year, month);
    days += time->day - 1;
    int64_t minutes = (days * 24 + time->hour) * 60 + time->minute;
    /* Local time = UTC - zone. */
    if (time->time_zone != EFI_UNSPECIFIED_TIMEZONE)
        minutes += time->time_zone;
    *seconds = minutes * 60 + time->second;
    return true;
}
