/* Room for new rows where old ones were, before the table grows beyond twice
 * what lives in it (docs/decisions/12).
 *
 * PostgreSQL's own autovacuum looks once a minute, which is long beside the
 * rows that die in it, and how often it looks is not for a relay to set. So of
 * all the relays of a database one vacuums: in a thread with a connection of
 * its own, so that no operation waits. Where little dies there is neither.
 */
#ifndef STORE_POSTGRES_PG_VACUUM_H
#define STORE_POSTGRES_PG_VACUUM_H

#include "store/postgres/pg_store.h"

struct pg_vacuum;

/* `options` is copied; what it points to is borrowed until pg_vacuum_free().
 * Nothing is begun yet. TG_E_NOMEM, TG_E_IO, TG_E_RANDOM. */
TG_MUST_USE enum tg_err pg_vacuum_new(const struct pg_options *options,
                                      struct pg_vacuum **out);

/* So many rows have died: were removed, or replaced by a new version. Never
 * waits. This one and the next are called from one thread. */
void pg_vacuum_tell(struct pg_vacuum *v, size_t died);

/* Whether it has found, for the first time, that its user may not vacuum. */
bool pg_vacuum_was_refused(struct pg_vacuum *v);

/* End the thread, at once when it is waiting for the database, at most within
 * some seconds. Accepts NULL. */
void pg_vacuum_free(struct pg_vacuum *v);

#endif
