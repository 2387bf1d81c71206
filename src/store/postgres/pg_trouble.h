/* What may be wrong with the database, in words for whoever runs it.
 *
 * The words name settings and what to do; never an address, a user or a
 * password, since logs are read by many.
 */
#ifndef STORE_POSTGRES_PG_TROUBLE_H
#define STORE_POSTGRES_PG_TROUBLE_H

#include "base/bytes.h"

enum pg_trouble {
    PG_FINE,
    PG_NO_ANSWER,
    PG_REFUSED,      /* password, certificate or user */
    PG_PASSWORD_WANTED,
    PG_NO_DATABASE,
    PG_NO_TLS,
    PG_TOO_MANY,     /* connections */
    PG_NO_PRIMARY,   /* nobody takes writes */
    PG_OLD_SERVER,
    PG_FSYNC_OFF,
    PG_PAGES_OFF,
    PG_COMMIT_WEAK,
    PG_NO_STANDBY,
    PG_NO_RIGHTS,
    PG_NO_SCHEMA,    /* and this user may not make it */
    PG_SCHEMA_OLD,
    PG_SCHEMA_NEW,
    PG_OTHER,        /* a database that is not the one of before */
    PG_DISK_FULL,
    PG_NO_ACKNOWLEDGEMENT, /* of the standbys */
    PG_NO_VACUUM,    /* this user may not */
    PG_BROKEN        /* anything else: the database's own log knows */
};

/* A sentence that says what to do. Never NULL. */
const char *pg_trouble_words(enum pg_trouble trouble);

/* What an SQLSTATE says (five characters; NULL: there is none, the connection
 * is gone):
 *   TG_E_CONFLICT  somebody else was quicker: try again
 *   TG_E_NETWORK   this server is not, or no longer, the one to talk to
 *   TG_E_EXISTS    the key is there
 *   TG_E_FULL      no room
 *   TG_E_STORE     anything else. */
enum tg_err pg_trouble_error(const char *sqlstate);

/* The trouble that an SQLSTATE of a statement or a connection tells. */
enum pg_trouble pg_trouble_of(const char *sqlstate);

#endif
