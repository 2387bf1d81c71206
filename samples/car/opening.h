/* The friend's key at the vehicle: answer its challenge. */
#ifndef CAR_OPENING_H
#define CAR_OPENING_H

#include "borrowing.h"
#include "entitlements.h"

/* Ask the vehicle that listens at the socket `path` for `action`, and answer
 * its challenge with a key for that vehicle. Nothing is signed for a vehicle
 * that no key is for. No relay is needed. Returns the exit status. */
int opening_ask(const struct borrowing *borrowing, struct report *report,
                const char *path, enum entitlement action);

#endif
