/* The text of a notification on the channel `tigress`: the rows whose waiting
 * readers are to be woken, one behind the other; each a letter, `l` to look or
 * `e` to end, and its key in base64. An empty text means all of them.
 */
#ifndef STORE_POSTGRES_PG_WAKES_H
#define STORE_POSTGRES_PG_WAKES_H

#include "base/base64.h"
#include "relay/store.h"

enum {
    PG_WAKES_EACH = 1 + TG_BASE64_LEN(STORE_KEY_LEN),
    PG_WAKES_MOST = 7999 / PG_WAKES_EACH /* what NOTIFY takes */
};

/* Append a row; not STORE_WAKE_NOBODY. TG_E_NOMEM. */
TG_MUST_USE enum tg_err pg_wakes_add(struct tg_buf *text,
                                     const struct store_key *key,
                                     enum store_wake wake);

/* Take the next row off *text, which comes from outside. TG_E_NOT_FOUND: there
 * is no more. TG_E_FORMAT, TG_E_NOMEM: better wake all. */
TG_MUST_USE enum tg_err pg_wakes_next(struct tg_span *text,
                                      struct store_key *key,
                                      enum store_wake *wake);

#endif
