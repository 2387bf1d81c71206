/* The keys of expiry hours in the database's table, for all relays.
 *
 * Those that this thread has used are remembered, but for no longer than the
 * connection they came by: what a primary told that then failed may not be
 * what the next one knows.
 *
 * What destroying cannot undo here: pages and write-ahead log keep what was
 * deleted until they are used again, on each server, and backups for ever
 * (docs/decisions/12-postgresql.md).
 */
#ifndef STORE_POSTGRES_PG_HOUR_KEYS_H
#define STORE_POSTGRES_PG_HOUR_KEYS_H

#include "row/hour_keys.h"
#include "store/postgres/pg_session.h"

/* As many as there may be hours in the longest lifetime; a power of two. */
enum { PG_HOURS = 1024 };

/* All zero is empty. */
struct pg_hour_keys {
    unsigned session; /* the number of the connection that they came by */
    tg_time_s hours[PG_HOURS]; /* 0: empty */
    struct hour_key keys[PG_HOURS];
};

/* The operations of row/hour_keys.h. Both may lose the connection: then
 * TG_E_STORE, and the caller sees it at s->link.pg. */
TG_MUST_USE enum tg_err pg_hour_keys_get(struct pg_hour_keys *h,
                                         struct pg_session *s,
                                         tg_mono_ms deadline,
                                         tg_time_s expires, bool create,
                                         struct hour_key *out);
TG_MUST_USE enum tg_err pg_hour_keys_destroy(struct pg_hour_keys *h,
                                             struct pg_session *s,
                                             tg_mono_ms deadline,
                                             tg_time_s now);

/* Forget what is over at `now`, or all (INT64_MAX); from memory alone. */
void pg_hour_keys_forget(struct pg_hour_keys *h, tg_time_s now);

#endif
