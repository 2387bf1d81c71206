/* The port to the keys of expiry hours.
 *
 * Every row that ends within one hour of the clock is sealed also under that
 * hour's key. When the hour is over the key is destroyed, and what is left of
 * its rows on any disk is unreadable, mailbox URL in hand or not (D-C).
 */
#ifndef ROW_HOUR_KEYS_H
#define ROW_HOUR_KEYS_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/clock.h"

enum { HOUR_KEY_LEN = 32, HOUR_SECONDS = 3600 };

struct hour_key {
    uint8_t bytes[HOUR_KEY_LEN];
};

/* Used from the store's thread only. */
struct hour_keys {
    void *self;

    /* The key of the hour in which `expires` lies.
     *   create  make it when there is none yet; durable on return
     * TG_E_NOT_FOUND: none (and not to be made, or destroyed already).
     * TG_E_FULL, TG_E_STORE: it could not be made durable. */
    enum tg_err (*get)(void *self, tg_time_s expires, bool create,
                       struct hour_key *out);

    /* Destroy the keys of all hours that are over at `now`: overwritten in
     * memory, and on disk where the store is a file (of PostgreSQL:
     * docs/operations.md). TG_E_STORE: some may be left; call again. */
    enum tg_err (*destroy)(void *self, tg_time_s now);
};

#endif
