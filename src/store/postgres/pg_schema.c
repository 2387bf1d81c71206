/* See pg_schema.h. */
#include "store/postgres/pg_schema.h"

#include <stdlib.h>

#include "crypto/random.h"
#include "store/postgres/pg_migrations.h"

struct migration {
    const uint8_t *text;
    const size_t *len;
    int needs; /* the lowest number that a relay must know of to work with it */
};

/* In order: the first is number 1. */
static const struct migration migrations[] = {
    {migration_001_rows_sql, &migration_001_rows_sql_len, 1},
};
enum { NEWEST = sizeof(migrations) / sizeof(migrations[0]) };

struct version {
    int number; /* 0: no tables */
    int needs;
};

/* A number that nobody else in this database is likely to lock: "tigr". */
#define LOCK "SELECT pg_advisory_xact_lock(1953064818)"

static int
int_of(const PGresult *result, int column)
{
    return (int)strtol(PQgetvalue(result, 0, column), NULL, 10);
}

/* From the catalogue itself: the server's own functions may still remember, in
 * a transaction that began before it was made, that it was not there. */
static enum tg_err
is_there(struct pg_connection *c, tg_mono_ms deadline, bool *out)
{
    PGresult *result;
    enum tg_err err;

    if ((err = pg_connection_query(
             c, "SELECT count(*) FROM pg_catalog.pg_class c"
                " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
                " WHERE nspname = 'tigress' AND relname = 'migrations'",
             deadline, &result)) != TG_OK)
        return err;
    *out = int_of(result, 0) > 0;
    PQclear(result);
    return TG_OK;
}

static enum tg_err
find_version(struct pg_connection *c, tg_mono_ms deadline,
             struct version *out)
{
    PGresult *result;
    enum tg_err err;
    bool there;

    *out = (struct version){0};
    if ((err = is_there(c, deadline, &there)) != TG_OK || !there)
        return err;
    if ((err = pg_connection_query(
             c, "SELECT coalesce(max(number), 0), coalesce(max(needs), 0)"
                " FROM tigress.migrations",
             deadline, &result)) != TG_OK)
        return err;
    out->number = int_of(result, 0);
    out->needs = int_of(result, 1);
    PQclear(result);
    return TG_OK;
}

static enum tg_err
judge(struct pg_connection *c, const struct version *v)
{
    if (v->needs <= NEWEST)
        return TG_OK;
    c->trouble = PG_SCHEMA_NEW;
    return TG_E_VERSION;
}

enum tg_err
pg_schema_check(struct pg_connection *c, tg_mono_ms deadline)
{
    struct version v;
    enum tg_err err;

    if ((err = find_version(c, deadline, &v)) != TG_OK ||
        (err = judge(c, &v)) != TG_OK)
        return err;
    if (v.number == 0)
        return TG_E_NOT_FOUND;
    if (v.number >= NEWEST)
        return TG_OK;
    c->trouble = PG_SCHEMA_OLD;
    return TG_E_VERSION;
}

/* ---- migrating --------------------------------------------------------- */

static enum tg_err
apply(struct pg_connection *c, int number, tg_mono_ms deadline)
{
    const struct migration *m = &migrations[number - 1];
    struct tg_buf text = TG_BUF_EMPTY;
    enum tg_err err;

    if ((err = tg_buf_append(&text,
                             (struct tg_span){m->text, *m->len})) == TG_OK &&
        (err = tg_buf_printf(&text,
                             "INSERT INTO tigress.migrations (number, needs)"
                             " VALUES (%d, %d)", number, m->needs)) == TG_OK &&
        (err = tg_buf_terminate(&text)) == TG_OK)
        err = pg_connection_query(c, (const char *)text.ptr, deadline, NULL);
    tg_buf_free(&text);
    return err;
}

/* Drawn here, since a plain PostgreSQL has no 32 random bytes to offer. */
static enum tg_err
give_salt(struct pg_connection *c, tg_mono_ms deadline)
{
    TG_WIPED(struct row_salt, salt);
    struct tg_buf text = TG_BUF_EMPTY;
    enum tg_err err;

    if ((err = random_bytes(salt.bytes, sizeof(salt.bytes))) != TG_OK)
        return err;
    err = tg_buf_text(&text, "INSERT INTO tigress.site (salt) VALUES ('\\x");
    for (size_t i = 0; i < sizeof(salt.bytes) && err == TG_OK; i++)
        err = tg_buf_printf(&text, "%02x", salt.bytes[i]);
    if (err == TG_OK)
        err = tg_buf_text(&text, "') ON CONFLICT DO NOTHING");
    if (err == TG_OK)
        err = tg_buf_terminate(&text);
    if (err == TG_OK)
        err = pg_connection_query(c, (const char *)text.ptr, deadline, NULL);
    tg_buf_free(&text);
    return err;
}

static enum tg_err
bring_up_to_date(struct pg_connection *c, tg_mono_ms deadline)
{
    struct version v;
    enum tg_err err;

    if ((err = pg_connection_query(c, LOCK, deadline, NULL)) != TG_OK ||
        (err = find_version(c, deadline, &v)) != TG_OK ||
        (err = judge(c, &v)) != TG_OK)
        return err;
    for (int number = v.number + 1; number <= NEWEST; number++)
        if ((err = apply(c, number, deadline)) != TG_OK)
            return err;
    return give_salt(c, deadline);
}

/* Our limits for statements are not for this. */
enum tg_err
pg_schema_migrate(struct pg_connection *c, tg_mono_ms deadline)
{
    enum tg_err err;

    if ((err = pg_connection_query(
             c, "BEGIN; SET LOCAL statement_timeout = 0;"
                " SET LOCAL lock_timeout = 0", deadline, NULL)) != TG_OK)
        return err;
    if ((err = bring_up_to_date(c, deadline)) == TG_OK)
        return pg_connection_query(c, "COMMIT", deadline, NULL);
    if (c->pg != NULL &&
        pg_connection_query(c, "ROLLBACK", deadline, NULL) != TG_OK &&
        c->pg != NULL)
        pg_connection_close(c);
    return err;
}
