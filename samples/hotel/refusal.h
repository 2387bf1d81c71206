/* Why something is refused at a door or at the desk: which check failed.
 *
 * A check returns REFUSAL_NONE or the first thing that is wrong; never a bool,
 * so that a forgotten comparison does not read as "fine".
 */
#ifndef HOTEL_REFUSAL_H
#define HOTEL_REFUSAL_H

enum refusal {
    REFUSAL_NONE = 0,
    REFUSAL_FORMAT,    /* cannot be read */
    REFUSAL_DESK,      /* a key that our desk did not sign */
    REFUSAL_TOO_EARLY, /* the stay has not begun */
    REFUSAL_TOO_LATE,  /* the stay is over */
    REFUSAL_ROOM,      /* for another room */
    REFUSAL_DOOR,      /* for this room, but not for this door */
    REFUSAL_SIGNATURE, /* not signed by that key over these words */
    REFUSAL_STALE,     /* the challenge was not answered in time */
    REFUSAL_CANCELLED, /* the key or the token was cancelled */
    REFUSAL_BOOKING,   /* no such booking, or not its secret */
    REFUSAL_BEYOND,    /* more than was booked */
    REFUSAL_REQUEST,   /* this request asked for something else before */
    REFUSAL_LIMIT,     /* too many keys for one booking */
    REFUSAL_TOKEN,     /* no such token */
    REFUSAL_REDEEMED,  /* the token was redeemed, by another device's key */
    REFUSAL_TERMS,     /* not what was offered */
    REFUSAL_COUNT
};

/* A stable short name such as "too-late", for logs and --json. */
const char *refusal_name(enum refusal why);

/* A sentence for a person. */
const char *refusal_text(enum refusal why);

/* Which one has that name; REFUSAL_FORMAT when none has. */
enum refusal refusal_find(const char *name);

#endif
