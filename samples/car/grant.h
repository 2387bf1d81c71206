/* A grant: which vehicle, what it may be asked for, from when until when, how
 * often, and whether it may be lent on. It is what an owner offers, a friend
 * asks for, and a certificate carries. */
#ifndef CAR_GRANT_H
#define CAR_GRANT_H

#include "entitlements.h"
#include "moment.h"

/* A vehicle identification number (ISO 3779): 17 characters. */
enum { GRANT_VIN_LEN = 17 };

enum {
    GRANT_USES_MAX = 1000000,
    GRANT_SHARING_MAX = 2 /* the owner's: to a friend, and to a friend of his */
};

struct grant {
    char vehicle[GRANT_VIN_LEN + 1];
    entitlements allowed;
    moment not_before; /* the first second in which it may be used */
    moment not_after;  /* the first one in which it may not be any more */
    int64_t uses;      /* how many actions, at most; 0: any number */
    unsigned sharing;  /* to how many further generations it may be lent on */
};

/* That `text` is 17 capital letters and digits without I, O and Q. */
bool grant_is_vin(const char *text);

/* False, *out untouched, when `text` is none. */
bool grant_set_vehicle(const char *text, struct grant *out);

bool grant_equal(const struct grant *a, const struct grant *b);

/* That `inner` gives nothing beyond `outer`: same vehicle, no further
 * entitlement, not one second earlier or later, no more uses, and a generation
 * less to lend on to. */
bool grant_within(const struct grant *inner, const struct grant *outer);

#endif
