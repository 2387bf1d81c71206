/* See entitlements.h. */
#include "entitlements.h"

#include <string.h>

static const char *const names[ENTITLEMENT_COUNT] = {
    [ENTITLEMENT_UNLOCK] = "unlock", [ENTITLEMENT_LOCK] = "lock",
    [ENTITLEMENT_START] = "start",   [ENTITLEMENT_DRIVE] = "drive",
    [ENTITLEMENT_TRUNK] = "trunk",
};

const char *
entitlements_name(enum entitlement which)
{
    return names[which];
}

static bool
find(const char *name, size_t len, enum entitlement *out)
{
    for (int i = 0; i < ENTITLEMENT_COUNT; i++) {
        if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0) {
            *out = (enum entitlement)i;
            return true;
        }
    }
    return false;
}

bool
entitlements_find(const char *name, enum entitlement *out)
{
    return find(name, strlen(name), out);
}

bool
entitlements_has(entitlements set, enum entitlement which)
{
    return (set & (1U << which)) != 0;
}

bool
entitlements_within(entitlements inner, entitlements outer)
{
    return (inner & ~outer) == 0;
}

bool
entitlements_parse(const char *text, entitlements *out)
{
    entitlements set = 0;
    size_t len;

    if (strcmp(text, "all") == 0) {
        *out = (1U << ENTITLEMENT_COUNT) - 1;
        return true;
    }
    for (;; text += len + 1) {
        enum entitlement which;

        len = strcspn(text, ",");
        if (!find(text, len, &which) || entitlements_has(set, which))
            return false;
        set |= 1U << which;
        if (text[len] == '\0')
            break;
    }
    *out = set;
    return true;
}

void
entitlements_format(entitlements set, char out[static ENTITLEMENTS_TEXT])
{
    size_t at = 0;

    for (int i = 0; i < ENTITLEMENT_COUNT; i++) {
        size_t len = strlen(names[i]);

        if (!entitlements_has(set, (enum entitlement)i))
            continue;
        if (at > 0)
            out[at++] = ',';
        memcpy(out + at, names[i], len);
        at += len;
    }
    out[at] = '\0';
}
