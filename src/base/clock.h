/* Points in time: UTC seconds, and their text in the protocol. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

#include "base/bytes.h"

/* Seconds since 1970-01-01T00:00:00Z. Never a duration's clock: that is
 * tg_mono_ms. */
typedef int64_t tg_time_s;

/* Milliseconds of a clock that only goes forward; for waiting. */
typedef int64_t tg_mono_ms;

enum { TG_TIME_TEXT_LEN = 20 };

/* The clocks of the system. The core never calls them: it is told the time. */
tg_time_s tg_time_now(void);
tg_mono_ms tg_mono_now(void);

/* Parse `YYYY-MM-DDThh:mm:ssZ`: a real date, no leap second, years 1970 to
 * 9999. TG_E_FORMAT leaves *out untouched. Source: R-CREATE-4. */
TG_MUST_USE enum tg_err tg_time_parse(struct tg_span text, tg_time_s *out);

/* Write the same form and a NUL. `t` must lie in the years 1970 to 9999. */
void tg_time_format(tg_time_s t, char out[TG_TIME_TEXT_LEN + 1]);

#endif
