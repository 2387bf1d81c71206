/* One connection to the database: to whichever of the named servers takes
 * writes, with a deadline for everything, so that a server that is frozen or
 * cut off costs a bounded time.
 *
 * Neighbours: pg_session.h makes it fit for work, pg_pipeline.h sends the work.
 */
#ifndef STORE_POSTGRES_PG_CONNECTION_H
#define STORE_POSTGRES_PG_CONNECTION_H

#include <stdbool.h>

#include <libpq-fe.h>

#include "base/clock.h"
#include "store/postgres/pg_store.h"
#include "store/postgres/pg_trouble.h"

/* What this connection calls itself: "tigress-" and 16 hexadecimal digits that
 * nobody else has. */
enum { PG_NAME_LEN = 8 + 16 };

/* Start with pg_connection_init(). */
struct pg_connection {
    const struct pg_options *options;
    char name[PG_NAME_LEN + 1];
    PGconn *pg;              /* NULL: closed */
    size_t server;           /* of those in the URI, the first to be tried */
    bool warned;             /* the server has warned; see pg_pipeline.h */
    bool was_lost;           /* without an orderly end: it may still live on
                                the server's side */
    enum pg_trouble trouble; /* the last, until it works again */
};

/* `options` are borrowed for its life. TG_E_RANDOM. */
TG_MUST_USE enum tg_err pg_connection_init(struct pg_connection *c,
                                           const struct pg_options *options);

/* What keeps a URI from being used, as a sentence, or NULL. */
const char *pg_connection_check_uri(const char *uri);

/* Connect to the server that takes writes, trying each for two seconds (or
 * connect_timeout=). TG_E_STORE: none does; c->trouble says why. */
TG_MUST_USE enum tg_err pg_connection_open(struct pg_connection *c);

/* A closed one is fine. */
void pg_connection_close(struct pg_connection *c);

/* Close one that failed: what it was doing may still go on over there. */
void pg_connection_lose(struct pg_connection *c, enum pg_trouble trouble);

/* Wait until something can be had from PQgetResult() without waiting.
 * TG_E_NETWORK: the deadline is over or the connection gone; it is closed. */
TG_MUST_USE enum tg_err pg_connection_await(struct pg_connection *c,
                                            tg_mono_ms deadline);

/* Run the statements in `text`, outside of a pipeline; *out is the last one's
 * result, PQclear() it. A NULL `out` drops it.
 * TG_E_NETWORK: the connection is closed. Others: see pg_trouble_error(); it
 * is not, and c->trouble tells more. */
TG_MUST_USE enum tg_err pg_connection_query(struct pg_connection *c,
                                            const char *text,
                                            tg_mono_ms deadline,
                                            PGresult **out);

/* What an earlier connection of this name left behind over there, perhaps
 * waiting for a lock or a standby, must not come to life later, nor take a
 * place for good: end it, and wait until it is gone. What it has done by then
 * is all that it will have done. As pg_connection_query(). */
TG_MUST_USE enum tg_err pg_connection_end_leftovers(struct pg_connection *c,
                                                    tg_mono_ms deadline);

/* Tell the operator c->trouble. */
void pg_connection_complain(const struct pg_connection *c);

#endif
