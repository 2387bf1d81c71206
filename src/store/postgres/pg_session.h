/* A connection that is fit for work: the right server, set up and checked,
 * statements prepared; and another when it is lost.
 */
#ifndef STORE_POSTGRES_PG_SESSION_H
#define STORE_POSTGRES_PG_SESSION_H

#include "store/postgres/pg_connection.h"

/* How long a caller's operations are tried, all in all; and while commits are
 * not confirmed. */
enum { PG_PATIENCE_MS = 5000, PG_SHORT_PATIENCE_MS = 2000 };

/* Start with pg_session_init(). */
struct pg_session {
    struct pg_options options;
    struct pg_connection link;
    struct row_salt salt;   /* the deployment's, once it has been open */
    bool has_salt;
    int64_t loaded;         /* the settings that were judged: when */
    unsigned number;        /* of connections that there were */
    unsigned failures;      /* to connect, in a row */
    tg_mono_ms next_try;
    tg_mono_ms out_since;   /* 0: it works */
    enum pg_trouble told;
    tg_mono_ms last_full;   /* something was refused for want of room */
};

/* TG_E_RANDOM. */
TG_MUST_USE enum tg_err pg_session_init(struct pg_session *s,
                                        const struct pg_options *options);
void pg_session_close(struct pg_session *s);

/* When to give up what is begun now: sooner when the database has been away
 * for some time already, so that nobody waits for nothing. */
tg_mono_ms pg_session_deadline(const struct pg_session *s);

/* Whether what was last told is that commits are not confirmed. */
bool pg_session_is_unconfirmed(const struct pg_session *s);

/* Make sure that there is a connection; wait for one until the deadline, with
 * pauses between attempts that grow. TG_E_STORE: none; the operator has been
 * told why. */
TG_MUST_USE enum tg_err pg_session_ensure(struct pg_session *s,
                                          tg_mono_ms deadline);

/* Settings may change under a connection: an administrator who empties
 * synchronous_standby_names even ends the wait of commits that nobody has
 * confirmed. So what was done counts only if its session has loaded none since
 * they were judged. Ask behind the commit … */
TG_MUST_USE enum tg_err pg_session_ask(struct pg_session *s);

/* … take the answer in its turn: *same is false when they were loaded anew … */
TG_MUST_USE enum tg_err pg_session_hear(struct pg_session *s,
                                        tg_mono_ms deadline, bool *same);

/* … and judge those then, with nothing under way. TG_E_NETWORK: they are not
 * as they must be, and the connection is closed with that as its trouble; or
 * it was lost. */
TG_MUST_USE enum tg_err pg_session_judge(struct pg_session *s,
                                         tg_mono_ms deadline);

/* A connection was lost soon after it was made: the next not at once. */
void pg_session_pause(struct pg_session *s);

/* Make or renew the tables. As pg_store_migrate(). */
TG_MUST_USE enum tg_err pg_session_migrate(struct pg_session *s);

/* Tell the operator of a trouble, unless it is the one last told. PG_FINE ends
 * one. */
void pg_session_tell(struct pg_session *s, enum pg_trouble trouble);

#endif
