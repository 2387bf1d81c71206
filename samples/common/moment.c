/* See moment.h. */
#include "moment.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

moment
moment_now(void)
{
    return time(NULL);
}

/* The digits at `text`, or -1. */
static int
number(const char *text, int digits)
{
    int value = 0;

    for (int i = 0; i < digits; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

/* That the separators stand where they belong. */
static bool
shape_is_right(const char *text)
{
    static const char shape[] = "dddd-dd-ddTdd:dd:ddZ";

    if (strlen(text) != sizeof(shape) - 1)
        return false;
    for (size_t i = 0; i < sizeof(shape) - 1; i++)
        if (shape[i] != 'd' && text[i] != shape[i])
            return false;
    return true;
}

bool
moment_parse(const char *text, moment *out)
{
    char again[MOMENT_TEXT];
    struct tm tm = {0};
    moment when;

    if (!shape_is_right(text))
        return false;
    tm.tm_year = number(text, 4) - 1900;
    tm.tm_mon = number(text + 5, 2) - 1;
    tm.tm_mday = number(text + 8, 2);
    tm.tm_hour = number(text + 11, 2);
    tm.tm_min = number(text + 14, 2);
    tm.tm_sec = number(text + 17, 2);
    if (tm.tm_year < 70)
        return false;
    /* timegm() repairs February 31st; what it had to repair is no date. A
     * part that is not a number cannot come back the same either. */
    when = timegm(&tm);
    if (when < 0)
        return false;
    moment_format(when, again);
    if (strcmp(text, again) != 0)
        return false;
    *out = when;
    return true;
}

void
moment_format(moment when, char out[static MOMENT_TEXT])
{
    struct tm tm;
    time_t seconds = when;

    gmtime_r(&seconds, &tm);
    if (strftime(out, MOMENT_TEXT, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        out[0] = '\0';
}
