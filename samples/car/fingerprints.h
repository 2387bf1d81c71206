/* A set of keys' fingerprints. */
#ifndef CAR_FINGERPRINTS_H
#define CAR_FINGERPRINTS_H

#include "device_key.h"
#include "members.h"

struct fingerprints {
    char (*at)[DEVICE_KEY_FINGERPRINT]; /* in order */
    size_t count;
};

#define FINGERPRINTS_EMPTY ((struct fingerprints){NULL, 0})

void fingerprints_free(struct fingerprints *set);

bool fingerprints_has(const struct fingerprints *set, const char *fingerprint);

/* Add the list `name` of an object. TG_E_FORMAT when it holds anything else,
 * TG_E_NOMEM; the set is as it was then. */
TG_MUST_USE enum tg_err fingerprints_add(struct fingerprints *set,
                                         const struct members *members,
                                         const char *name);

/* As the list `name`. */
void fingerprints_write(const struct fingerprints *set,
                        struct members *members, const char *name);

#endif
