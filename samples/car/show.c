/* See show.h. */
#include "show.h"

#include <inttypes.h>
#include <stdio.h>

enum { LIMITS_MAX = 64 };

/* What is not usual: a limited number of uses, the right to lend on. */
static void
show_limits(const struct grant *grant, char out[static LIMITS_MAX])
{
    char uses[LIMITS_MAX / 2] = "";
    const char *on = "";

    if (grant->uses == 1)
        snprintf(uses, sizeof(uses), ", once");
    else if (grant->uses > 1)
        snprintf(uses, sizeof(uses), ", %" PRId64 " times", grant->uses);
    if (grant->sharing == 1)
        on = ", may be lent on";
    else if (grant->sharing > 1)
        on = ", may be lent on, by a friend too";
    snprintf(out, LIMITS_MAX, "%s%s", uses, on);
}

void
show_grant(const struct grant *grant, char out[static SHOW_GRANT_MAX])
{
    char allowed[ENTITLEMENTS_TEXT];
    char from[MOMENT_TEXT];
    char until[MOMENT_TEXT];
    char limits[LIMITS_MAX];

    entitlements_format(grant->allowed, allowed);
    moment_format(grant->not_before, from);
    moment_format(grant->not_after, until);
    show_limits(grant, limits);
    snprintf(out, SHOW_GRANT_MAX, "%s for vehicle %s, from %s until %s%s",
             allowed, grant->vehicle, from, until, limits);
}

void
show_grant_members(const struct grant *grant, struct members *members)
{
    char from[MOMENT_TEXT];
    char until[MOMENT_TEXT];

    moment_format(grant->not_before, from);
    moment_format(grant->not_after, until);
    members_set_text(members, "vehicle", grant->vehicle);
    for (int i = 0; i < ENTITLEMENT_COUNT; i++)
        if (entitlements_has(grant->allowed, (enum entitlement)i))
            members_add_text(members, "entitlements",
                             entitlements_name((enum entitlement)i));
    members_set_text(members, "notBefore", from);
    members_set_text(members, "notAfter", until);
    if (grant->uses > 0)
        members_set_integer(members, "uses", grant->uses);
    members_set_integer(members, "sharing", grant->sharing);
}
