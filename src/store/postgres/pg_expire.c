/* See pg_expire.h. */
#include "store/postgres/pg_expire.h"

#include <stdlib.h>

#include "store/postgres/pg_pipeline.h"

/* Send one statement in a transaction of its own; *out as it was committed. */
static enum tg_err
ask(struct pg_connection *c, tg_mono_ms deadline, enum pg_statement statement,
    const struct pg_values *values, PGresult **out)
{
    PGresult *result = NULL;
    enum tg_err err;
    enum tg_err end;

    c->warned = false;
    if ((err = pg_pipeline_send(c, statement, values)) != TG_OK ||
        (err = pg_pipeline_sync(c)) != TG_OK)
        return err;
    err = pg_pipeline_result(c, deadline, &result);
    if (c->pg != NULL && (end = pg_pipeline_end(c, deadline)) != TG_OK)
        err = end;
    if (err == TG_OK && c->warned)
        err = TG_E_STORE;
    if (err == TG_OK)
        *out = result;
    else
        PQclear(result);
    return err;
}

static enum tg_err
port_error(enum tg_err err)
{
    return err == TG_OK || err == TG_E_FULL ? err : TG_E_STORE;
}

enum tg_err
pg_expire(struct pg_session *s, tg_mono_ms deadline, tg_time_s now,
          size_t most, size_t *removed)
{
    struct pg_values values = {0};
    PGresult *result;
    enum tg_err err;

    pg_values_add_number(&values, now);
    pg_values_add_number(&values, (int64_t)most);
    if ((err = ask(&s->link, deadline, PG_EXPIRE, &values, &result)) != TG_OK)
        return port_error(err);
    *removed = (size_t)strtoul(PQcmdTuples(result), NULL, 10);
    PQclear(result);
    return TG_OK;
}

enum tg_err
pg_expire_count(struct pg_session *s, tg_mono_ms deadline,
                struct store_count *out)
{
    PGresult *result;
    enum tg_err err;

    if ((err = ask(&s->link, deadline, PG_COUNT, NULL, &result)) != TG_OK)
        return port_error(err);
    out->rows = (uint64_t)pg_pipeline_number(result, 0, 0);
    out->bytes = (uint64_t)pg_pipeline_number(result, 0, 1);
    PQclear(result);
    return TG_OK;
}
