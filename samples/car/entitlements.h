/* What a key may do with a vehicle: a set of actions.
 *
 * The action that a vehicle is asked for and the entitlement that allows it
 * carry the same name, so that there is one list of words for both.
 */
#ifndef CAR_ENTITLEMENTS_H
#define CAR_ENTITLEMENTS_H

#include <stdbool.h>
#include <stddef.h>

enum entitlement {
    ENTITLEMENT_UNLOCK,
    ENTITLEMENT_LOCK,
    ENTITLEMENT_START,
    ENTITLEMENT_DRIVE,
    ENTITLEMENT_TRUNK,
    ENTITLEMENT_COUNT
};

/* A set: bit 1 << enum entitlement. */
typedef unsigned entitlements;

/* Room for every name with a comma after each. */
enum { ENTITLEMENTS_TEXT = 64 };

/* "unlock", "lock", …; never NULL. */
const char *entitlements_name(enum entitlement which);

/* False, *out untouched, for a name that is none of them. */
bool entitlements_find(const char *name, enum entitlement *out);

bool entitlements_has(entitlements set, enum entitlement which);

/* That `inner` allows nothing that `outer` does not. */
bool entitlements_within(entitlements inner, entitlements outer);

/* "unlock,start" or "all" from a person. False, *out untouched, when a name is
 * unknown or given twice, or there is none. */
bool entitlements_parse(const char *text, entitlements *out);

/* The names in their order here, with commas: always the same text for the same
 * set, so that it can be signed. */
void entitlements_format(entitlements set, char out[static ENTITLEMENTS_TEXT]);

#endif
