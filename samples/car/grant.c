/* See grant.h. */
#include "grant.h"

#include <string.h>

bool
grant_is_vin(const char *text)
{
    static const char letters[] = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789";

    return strlen(text) == GRANT_VIN_LEN &&
           strspn(text, letters) == GRANT_VIN_LEN;
}

bool
grant_set_vehicle(const char *text, struct grant *out)
{
    if (!grant_is_vin(text))
        return false;
    memcpy(out->vehicle, text, GRANT_VIN_LEN + 1);
    return true;
}

bool
grant_equal(const struct grant *a, const struct grant *b)
{
    return strcmp(a->vehicle, b->vehicle) == 0 && a->allowed == b->allowed &&
           a->not_before == b->not_before && a->not_after == b->not_after &&
           a->uses == b->uses && a->sharing == b->sharing;
}

/* 0 is any number, which no limit holds. */
static bool
uses_within(int64_t inner, int64_t outer)
{
    return outer == 0 || (inner > 0 && inner <= outer);
}

bool
grant_within(const struct grant *inner, const struct grant *outer)
{
    return strcmp(inner->vehicle, outer->vehicle) == 0 &&
           entitlements_within(inner->allowed, outer->allowed) &&
           inner->not_before >= outer->not_before &&
           inner->not_after <= outer->not_after &&
           uses_within(inner->uses, outer->uses) &&
           inner->sharing < outer->sharing;
}
