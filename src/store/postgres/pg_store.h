/* The store of many machines, on PostgreSQL 15 or later: any number of relays
 * serve from one database, which may be replicated (docs/decisions/12).
 *
 * A thread has one connection. Losing it is nothing that a caller sees, unless
 * it lasts: batches are tried again for five seconds.
 */
#ifndef STORE_POSTGRES_PG_STORE_H
#define STORE_POSTGRES_PG_STORE_H

#include "relay/store.h"
#include "row/hour_keys.h"
#include "row/row_keys.h"

/* When something counts as durable: on the primary's disk, or also on those
 * standbys' that synchronous_standby_names asks for. */
enum pg_durability { PG_LOCAL, PG_REPLICATED };

struct pg_options {
    const char *uri; /* postgresql://…, without a password; borrowed */
    enum pg_durability durability;
    /* Tells the operator, once for each trouble; in the store's thread. The
     * text is a sentence without secrets and addresses. */
    void (*complain)(void *self, const char *text);
    void *complain_self;
};

/* What keeps a URI from being used, as a sentence, or NULL: not one of
 * PostgreSQL, or with a password in it, which whoever may read the
 * configuration would then know. */
const char *pg_store_check_uri(const char *uri);

/* Make or renew the tables, as their owner. Several may do so at once.
 * TG_E_STORE: the complaint tells why. TG_E_NOMEM, TG_E_RANDOM. */
TG_MUST_USE enum tg_err pg_store_migrate(const struct pg_options *options);

/* Open in the thread that will use it. In a database without tables they are
 * made. *salt is the deployment's, which all of its relays share.
 * `options` is copied; what it points to is borrowed while the store is open.
 * TG_E_STORE: not now; the complaint tells why. TG_E_NOMEM, TG_E_RANDOM. */
TG_MUST_USE enum tg_err pg_store_open(const struct pg_options *options,
                                      struct store *out,
                                      struct hour_keys *hours,
                                      struct row_salt *salt);

#endif
