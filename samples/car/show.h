/* Grants and shares as a person reads them, and as members of --json. */
#ifndef CAR_SHOW_H
#define CAR_SHOW_H

#include "grant.h"
#include "members.h"

enum { SHOW_GRANT_MAX = 256 };

/* "unlock,start for vehicle V, from T until T, 20 times, may be lent on". */
void show_grant(const struct grant *grant, char out[static SHOW_GRANT_MAX]);

/* The members vehicle, entitlements, notBefore, notAfter, sharing, and uses if
 * they are limited. */
void show_grant_members(const struct grant *grant, struct members *members);

#endif
