/* Grants and shares as a person reads them, and as members of --json. */
#ifndef CAR_SHOW_H
#define CAR_SHOW_H

#include "grant.h"
#include "members.h"

enum { SHOW_GRANT_MAX = 256 };

/* "vehicle V: unlock, start; from T until T". */
void show_grant(const struct grant *grant, char out[static SHOW_GRANT_MAX]);

/* The members vehicle, entitlements, notBefore, notAfter. */
void show_grant_members(const struct grant *grant, struct members *members);

#endif
