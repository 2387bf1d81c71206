/* What relays of one database tell each other (R-WAIT-3): LISTEN and NOTIFY in
 * a thread with a connection of its own.
 *
 * A store notifies behind the transaction that changes a row, so whoever is
 * told finds the change. Nothing is missed: whenever the connection is new, or
 * too much came at once, PG_HEARD_ALL is heard. A server that is frozen or was
 * deposed is noticed within some seconds by a barrier (docs/decisions/12).
 */
#ifndef STORE_POSTGRES_PG_EAR_H
#define STORE_POSTGRES_PG_EAR_H

#include "store/postgres/pg_store.h"
#include "store/postgres/pg_wakes.h"

struct pg_ear;

/* Start listening. Signals are blocked in the thread. `options` is copied;
 * what it points to is borrowed until pg_ear_free(). TG_E_NOMEM, TG_E_IO,
 * TG_E_RANDOM. */
TG_MUST_USE enum tg_err pg_ear_new(const struct pg_options *options,
                                   struct pg_ear **out);

/* Readable when something has been heard. */
int pg_ear_fd(const struct pg_ear *ear);

enum pg_heard {
    PG_HEARD_NOTHING, /* no more */
    PG_HEARD_WAKE,    /* *wake */
    PG_HEARD_ALL      /* any row may have changed */
};

/* Take what was heard next. PG_HEARD_NOTHING clears the descriptor. */
enum pg_heard pg_ear_take(struct pg_ear *ear, struct pg_wake *wake);

/* Tell all relays, as soon as may be; what one tells comes back to itself. It
 * is no promise: what cannot be told is dropped. */
void pg_ear_tell(struct pg_ear *ear, const struct pg_wake *wake);

/* End the thread, within some seconds. Accepts NULL. */
void pg_ear_free(struct pg_ear *ear);

#endif
