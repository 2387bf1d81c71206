/* See clock.h. */
#include "base/clock.h"

#include <assert.h>
#include <stdio.h>
#include <time.h>

tg_time_s
tg_time_now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_REALTIME, &ts);
    return ts.tv_sec;
}

tg_mono_ms
tg_mono_now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (tg_mono_ms)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static bool
is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int
days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30,
                               31, 31, 30, 31, 30, 31};

    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* The decimal number at text[at..at+len), or -1. */
static int
digits(struct tg_span text, size_t at, size_t len)
{
    int value = 0;

    for (size_t i = at; i < at + len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return -1;
        value = value * 10 + (text.ptr[i] - '0');
    }
    return value;
}

static bool
has_separators(struct tg_span text)
{
    return text.ptr[4] == '-' && text.ptr[7] == '-' && text.ptr[10] == 'T' &&
           text.ptr[13] == ':' && text.ptr[16] == ':' && text.ptr[19] == 'Z';
}

enum tg_err
tg_time_parse(struct tg_span text, tg_time_s *out)
{
    struct tm tm = {0};
    int year;
    int month;

    if (text.len != TG_TIME_TEXT_LEN || !has_separators(text))
        return TG_E_FORMAT;
    year = digits(text, 0, 4);
    month = digits(text, 5, 2);
    tm.tm_mday = digits(text, 8, 2);
    tm.tm_hour = digits(text, 11, 2);
    tm.tm_min = digits(text, 14, 2);
    tm.tm_sec = digits(text, 17, 2);
    if (year < 1970 || month < 1 || month > 12)
        return TG_E_FORMAT;
    if (tm.tm_mday < 1 || tm.tm_mday > days_in_month(year, month))
        return TG_E_FORMAT;
    if (tm.tm_hour < 0 || tm.tm_hour > 23 || tm.tm_min < 0 ||
        tm.tm_min > 59 || tm.tm_sec < 0 || tm.tm_sec > 59)
        return TG_E_FORMAT;
    tm.tm_year = year - 1900;
    tm.tm_mon = month - 1;
    *out = timegm(&tm);
    return TG_OK;
}

void
tg_time_format(tg_time_s t, char out[TG_TIME_TEXT_LEN + 1])
{
    time_t seconds = (time_t)t;
    struct tm tm;
    size_t len;

    assert(t >= 0 && t <= INT64_C(253402300799));
    gmtime_r(&seconds, &tm);
    len = strftime(out, TG_TIME_TEXT_LEN + 1, "%Y-%m-%dT%H:%M:%SZ", &tm);
    assert(len == TG_TIME_TEXT_LEN);
}
