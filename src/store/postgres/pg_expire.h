/* Removing what is due, in slices. See relay/store.h. */
#ifndef STORE_POSTGRES_PG_EXPIRE_H
#define STORE_POSTGRES_PG_EXPIRE_H

#include "store/postgres/pg_session.h"

/* The session must have a connection. */
TG_MUST_USE enum tg_err pg_expire(struct pg_session *s, tg_mono_ms deadline,
                                  tg_time_s now, size_t most,
                                  size_t *removed);

TG_MUST_USE enum tg_err pg_expire_count(struct pg_session *s,
                                        tg_mono_ms deadline,
                                        struct store_count *out);

#endif
