/* UTC seconds as text: `YYYY-MM-DDThh:mm:ssZ`, the only form used here. */
#ifndef COMMON_MOMENT_H
#define COMMON_MOMENT_H

#include <stdbool.h>
#include <stdint.h>

/* Seconds since 1970, UTC. */
typedef int64_t moment;

enum { MOMENT_TEXT = sizeof("YYYY-MM-DDThh:mm:ssZ") };

moment moment_now(void);

/* False, *out untouched, unless `text` is exactly of that form and a date that
 * exists between the years 1970 and 9999. */
bool moment_parse(const char *text, moment *out);

/* `when` must come from moment_parse() or lie in those years. */
void moment_format(moment when, char out[static MOMENT_TEXT]);

#endif
