/* Every statement that a relay sends for its work, in one place. */
#ifndef STORE_POSTGRES_PG_STATEMENTS_H
#define STORE_POSTGRES_PG_STATEMENTS_H

/* Parameters are $1 and so on; bytes unless called a number. */
enum pg_statement {
    PG_BEGIN,
    PG_COMMIT,
    PG_ROLLBACK,
    PG_BARRIER, /* makes its transaction one that the standbys confirm */
    PG_FIND,    /* keys: array → key, stamp, expires, blob */
    PG_STAMPS,  /* keys: array → key, stamp */
    /* A row: key, stamp (number), expires (number), small, large: one of the
     * two holds the blob, the other is NULL. Each says how many rows it has
     * written: none when somebody else was quicker. */
    PG_INSERT,      /* row */
    PG_UPDATE,      /* row, old stamp (number) */
    PG_DELETE,      /* key, old stamp (number) */
    PG_INSERT_PAIR, /* row, companion */
    PG_UPDATE_PAIR, /* row, old stamp (number), companion */
    PG_NOTIFY,      /* payload */
    PG_EXPIRE,      /* now, most (numbers) */
    PG_COUNT,       /* → rows, bytes (numbers) */
    PG_SALT,        /* → salt */
    /* → server_version_num, fsync, full_page_writes, synchronous_commit,
     * synchronous_standby_names; when this session has last loaded its
     * settings, how long ago in milliseconds (numbers) */
    PG_SETTINGS,
    PG_LOADED,      /* → when it has last loaded them (number) */
    PG_HOUR_FIND,   /* hour (number) → key */
    PG_HOUR_MAKE,   /* hour (number), key */
    PG_HOUR_DESTROY, /* hours before this (number) */
    PG_STATEMENTS
};

/* What it is called when prepared, and its text. */
const char *pg_statements_name(enum pg_statement statement);
const char *pg_statements_text(enum pg_statement statement);

/* Given to a connection before anything is prepared. */
extern const char pg_statements_session[];

#endif
