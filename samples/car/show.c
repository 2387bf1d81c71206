/* See show.h. */
#include "show.h"

#include <stdio.h>

void
show_grant(const struct grant *grant, char out[static SHOW_GRANT_MAX])
{
    char allowed[ENTITLEMENTS_TEXT];
    char from[MOMENT_TEXT];
    char until[MOMENT_TEXT];

    entitlements_format(grant->allowed, allowed);
    moment_format(grant->not_before, from);
    moment_format(grant->not_after, until);
    snprintf(out, SHOW_GRANT_MAX, "%s for vehicle %s, from %s until %s",
             allowed, grant->vehicle, from, until);
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
}
