/* The text of a notification on the channel `tigress`: what relays tell each
 * other, one behind the other. Each is a letter and some bytes in base64:
 *
 *   l key                 who waits for this row is to look
 *   e key                 … and to wait no more
 *   n key claim ticket    a newer read of this claim waits: end older ones
 *
 * An empty text means that all who wait are to look.
 */
#ifndef STORE_POSTGRES_PG_WAKES_H
#define STORE_POSTGRES_PG_WAKES_H

#include "base/base64.h"
#include "relay/store.h"

enum pg_wake_kind {
    PG_WAKE_LOOK = 'l',
    PG_WAKE_END = 'e',
    PG_WAKE_NEWER = 'n'
};

struct pg_wake {
    enum pg_wake_kind kind;
    struct store_key key;
    uint64_t claim;  /* PG_WAKE_NEWER: the beginning of its mark */
    uint64_t ticket; /* PG_WAKE_NEWER: how new it is */
};

enum {
    PG_WAKES_EACH = 1 + TG_BASE64_LEN(STORE_KEY_LEN),
    PG_WAKES_LONGEST = 1 + TG_BASE64_LEN(STORE_KEY_LEN + 2 * 8),
    PG_WAKES_TEXT = 7999, /* what NOTIFY takes */
    PG_WAKES_MOST = PG_WAKES_TEXT / PG_WAKES_EACH /* rows */
};

/* Append one. TG_E_NOMEM. */
TG_MUST_USE enum tg_err pg_wakes_add(struct tg_buf *text,
                                     const struct pg_wake *wake);

/* Take the next off *text, which comes from outside. TG_E_NOT_FOUND: there is
 * no more. TG_E_FORMAT, TG_E_NOMEM: better wake all. */
TG_MUST_USE enum tg_err pg_wakes_next(struct tg_span *text,
                                      struct pg_wake *wake);

#endif
