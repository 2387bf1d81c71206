/* Why something that another party sent is refused: which check failed.
 *
 * A check returns REFUSAL_NONE or the first thing that is wrong. It is not an
 * error of ours (enum tg_err is for those), and not a bool, so that a forgotten
 * comparison does not read as "fine".
 */
#ifndef CAR_REFUSAL_H
#define CAR_REFUSAL_H

#include "report.h"

enum refusal {
    REFUSAL_NONE = 0,
    REFUSAL_FORMAT,      /* cannot be read */
    REFUSAL_CHAIN,       /* does not lead to the maker's root */
    REFUSAL_BEYOND,      /* gives more than its issuer has */
    REFUSAL_TOO_EARLY,   /* the window has not begun */
    REFUSAL_TOO_LATE,    /* the window is over */
    REFUSAL_VEHICLE,     /* for another vehicle */
    REFUSAL_ENTITLEMENT, /* the key is good, but not for this */
    REFUSAL_SIGNATURE,   /* not signed by that key over these words */
    REFUSAL_STALE,       /* the challenge was not answered in time */
    REFUSAL_SHARE,       /* belongs to another share */
    REFUSAL_TERMS,       /* asks for something else than was offered */
    REFUSAL_KEY,         /* certifies another key than ours */
    REFUSAL_PIN,         /* does not know the PIN */
    REFUSAL_REVOKED,     /* a key of the chain was revoked */
    REFUSAL_UNREGISTERED, /* the maker does not know the key */
    REFUSAL_USES         /* all uses are used up */
};

/* A stable short name such as "entitlement", for logs and --json. */
const char *refusal_name(enum refusal why);

/* A sentence for a person. */
const char *refusal_text(enum refusal why);

/* End with it. Returns the exit status. */
int refusal_report(struct report *report, enum refusal why);

#endif
