/* The tables: numbered migrations, applied in order and once, all together or
 * not at all, whoever else is trying the same. */
#ifndef STORE_POSTGRES_PG_SCHEMA_H
#define STORE_POSTGRES_PG_SCHEMA_H

#include "store/postgres/pg_connection.h"

/* Whether this relay can work with the tables as they are. Not in a pipeline.
 * TG_E_NOT_FOUND: there are none. TG_E_VERSION, TG_E_STORE: it cannot, and
 * c->trouble says why. TG_E_NETWORK. */
TG_MUST_USE enum tg_err pg_schema_check(struct pg_connection *c,
                                        tg_mono_ms deadline);

/* Bring them up to date. Not in a pipeline. TG_E_VERSION, TG_E_STORE: nothing
 * has changed, and c->trouble says why. TG_E_NETWORK, TG_E_RANDOM,
 * TG_E_NOMEM. */
TG_MUST_USE enum tg_err pg_schema_migrate(struct pg_connection *c,
                                          tg_mono_ms deadline);

#endif
