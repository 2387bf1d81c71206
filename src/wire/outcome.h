/* Status, problem type and title of every way in which a call can end. */
#ifndef WIRE_OUTCOME_H
#define WIRE_OUTCOME_H

#include "wire/wire.h"

struct outcome_entry {
    unsigned status;
    const char *type;        /* of the problem document (RFC 9457 §3.1.1) */
    const char *title;       /* likewise, §3.1.3 */
    const char *detail;      /* §3.1.4; when nothing closer is known */
    const char *retry_after; /* seconds, or NULL */
};

/* The entry of a refusal; not for WIRE_FINE. */
const struct outcome_entry *outcome_entry(enum wire_refusal refusal);

/* The status of a call that was done, now or earlier. */
unsigned outcome_status(enum relay_outcome outcome);

/* The refusal that stands for an outcome; WIRE_FINE for the two that say
 * done. RELAY_BODY_REFUSED becomes WIRE_BODY_BAD; the problem that wire/ kept
 * tells more. */
enum wire_refusal outcome_refusal(enum relay_outcome outcome);

#endif
