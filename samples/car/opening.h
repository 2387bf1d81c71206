/* A key at the vehicle: answer its challenge. */
#ifndef CAR_OPENING_H
#define CAR_OPENING_H

#include "entitlements.h"
#include "identity.h"

/* The key for a vehicle and an action. TG_E_NOT_FOUND when there is none for
 * that vehicle. *out is released with identity_free(). */
typedef enum tg_err opening_chooser(const struct device *self,
                                    const char *vehicle,
                                    enum entitlement action,
                                    struct identity *out);

/* Ask the vehicle that listens at the socket `path` for `action`, and answer
 * its challenge with the key that `choose` gives for that vehicle. Nothing is
 * signed for a vehicle that no key is for. No relay is needed. Returns the exit
 * status. */
int opening_ask(const struct device *device, struct report *report,
                const char *path, enum entitlement action,
                opening_chooser *choose);

#endif
