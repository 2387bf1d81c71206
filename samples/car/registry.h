/* What the vehicle maker remembers: the vehicles it made, with what they prove
 * themselves by, and their keys, registered or revoked. A SQLite database.
 *
 * A call that has returned TG_OK is on the disk. Revoked is for good: nothing
 * here takes it back. Several processes may have it open.
 *
 * Errors of all: TG_E_LOCKED (somebody else is at it for seconds), TG_E_IO,
 * TG_E_FULL, TG_E_FORMAT (no database of ours), TG_E_NOMEM; nothing has changed
 * then.
 */
#ifndef CAR_REGISTRY_H
#define CAR_REGISTRY_H

#include <stdbool.h>

#include "state.h"

enum {
    REGISTRY_KEYS_MAX = 3000,   /* of a vehicle: then none is registered */
    REGISTRY_ALL_MAX = 6000,    /* then none is revoked that is not there */
    REGISTRY_TOKEN_BYTES = 32
};

struct registry;

/* Made if need be, 0600. Released with registry_close(). */
TG_MUST_USE enum tg_err registry_open(const struct state *state,
                                      struct registry **out);
void registry_close(struct registry *registry);

/* A vehicle is made, or made once more. `token` is what it will prove itself
 * by, instead of any before; NULL: it will not. Only its hash is kept. */
TG_MUST_USE enum tg_err registry_add_vehicle(struct registry *registry,
                                             const char *vehicle,
                                             const char *token);

/* TG_E_NOT_FOUND when it was not made here. */
TG_MUST_USE enum tg_err registry_find_vehicle(struct registry *registry,
                                              const char *vehicle);

/* TG_E_AUTH when the vehicle has another token, none, or was not made here. */
TG_MUST_USE enum tg_err registry_check_token(struct registry *registry,
                                             const char *vehicle,
                                             const char *token);

/* Register the first of these keys, a chain of `count` fingerprints. Again is
 * fine. TG_E_REFUSED when one of them is revoked; TG_E_LIMIT. */
TG_MUST_USE enum tg_err registry_register(struct registry *registry,
                                          const char *vehicle,
                                          const char *const *fingerprints,
                                          size_t count);

/* Registered before or not; again is fine. TG_E_LIMIT. */
TG_MUST_USE enum tg_err registry_revoke(struct registry *registry,
                                        const char *vehicle,
                                        const char *fingerprint);

/* Call `each` for every key of the vehicle, in the order of fingerprints. */
typedef void registry_each(void *self, const char *fingerprint, bool revoked);
TG_MUST_USE enum tg_err registry_list(struct registry *registry,
                                      const char *vehicle,
                                      registry_each *each, void *self);

#endif
