/* See pg_pipeline.h. All parameters and results are binary: numbers are
 * bigint, in the network's byte order. */
#include "store/postgres/pg_pipeline.h"

#include <assert.h>
#include <limits.h>
#include <string.h>

static const int all_binary[PG_VALUES_MOST] = {1, 1, 1, 1, 1, 1,
                                               1, 1, 1, 1, 1, 1};

static void
add(struct pg_values *v, const void *bytes, size_t len)
{
    assert(v->count < PG_VALUES_MOST && len <= INT_MAX);
    v->at[v->count] = bytes;
    v->lens[v->count] = (int)len;
    v->count++;
}

/* A NULL pointer would be SQL's NULL, which no bytes are not. */
void
pg_values_add(struct pg_values *v, struct tg_span bytes)
{
    add(v, bytes.ptr != NULL ? (const void *)bytes.ptr : "", bytes.len);
}

void
pg_values_add_number(struct pg_values *v, int64_t number)
{
    uint8_t *at = v->numbers[v->count];

    for (size_t i = 0; i < PG_NUMBER_LEN; i++)
        at[i] = (uint8_t)((uint64_t)number >> (56 - 8 * i));
    add(v, at, PG_NUMBER_LEN);
}

void
pg_values_add_null(struct pg_values *v)
{
    add(v, NULL, 0);
}

int64_t
pg_pipeline_number(const PGresult *result, int row, int column)
{
    const char *at = PQgetvalue(result, row, column);
    uint64_t number = 0;

    assert(PQgetlength(result, row, column) == PG_NUMBER_LEN);
    for (size_t i = 0; i < PG_NUMBER_LEN; i++)
        number = number << 8 | (uint8_t)at[i];
    return (int64_t)number;
}

struct tg_span
pg_pipeline_bytes(const PGresult *result, int row, int column)
{
    return (struct tg_span){
        (const uint8_t *)PQgetvalue(result, row, column),
        (size_t)PQgetlength(result, row, column)};
}

/* ---- sending ----------------------------------------------------------- */

static enum tg_err
sent(struct pg_connection *c, int ok)
{
    if (ok == 1)
        return TG_OK;
    pg_connection_lose(c, PG_NO_ANSWER);
    return TG_E_NETWORK;
}

enum tg_err
pg_pipeline_send(struct pg_connection *c, enum pg_statement statement,
                 const struct pg_values *values)
{
    static const struct pg_values none;

    if (values == NULL)
        values = &none;
    return sent(c, PQsendQueryPrepared(
                       c->pg, pg_statements_name(statement), values->count,
                       values->at, values->lens, all_binary, 1));
}

enum tg_err
pg_pipeline_sync(struct pg_connection *c)
{
    return sent(c, PQpipelineSync(c->pg));
}

/* ---- receiving --------------------------------------------------------- */

static enum tg_err
failure(struct pg_connection *c, const PGresult *result)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    enum tg_err err = pg_trouble_error(sqlstate);

    if (err == TG_E_NETWORK || PQstatus(c->pg) == CONNECTION_BAD) {
        pg_connection_lose(c, pg_trouble_of(sqlstate));
        return TG_E_NETWORK;
    }
    if (err == TG_E_STORE || err == TG_E_FULL)
        c->trouble = pg_trouble_of(sqlstate);
    return err;
}

/* A statement's result, or a sync. A NULL ends a statement's results, and is
 * passed over; more than two in a row do not come while something is due. */
static enum tg_err
next(struct pg_connection *c, tg_mono_ms deadline, PGresult **out)
{
    enum tg_err err;

    for (int nulls = 0; nulls < 3; nulls++) {
        if ((err = pg_connection_await(c, deadline)) != TG_OK)
            return err;
        if ((*out = PQgetResult(c->pg)) != NULL)
            return TG_OK;
    }
    pg_connection_lose(c, PG_BROKEN);
    return TG_E_NETWORK;
}

/* TG_E_NO_NEWS: it is a sync. */
static enum tg_err
take(struct pg_connection *c, tg_mono_ms deadline, PGresult **out)
{
    PGresult *result;
    enum tg_err err;

    if ((err = next(c, deadline, &result)) != TG_OK)
        return err;
    switch ((int)PQresultStatus(result)) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK: *out = result; return TG_OK;
    case PGRES_PIPELINE_SYNC: err = TG_E_NO_NEWS; break;
    case PGRES_PIPELINE_ABORTED: err = TG_E_STATE; break;
    default: err = failure(c, result); break;
    }
    PQclear(result);
    return err;
}

enum tg_err
pg_pipeline_result(struct pg_connection *c, tg_mono_ms deadline,
                   PGresult **out)
{
    enum tg_err err = take(c, deadline, out);

    if (err != TG_E_NO_NEWS)
        return err;
    pg_connection_lose(c, PG_BROKEN); /* we have lost count */
    return TG_E_NETWORK;
}

enum tg_err
pg_pipeline_skip(struct pg_connection *c, tg_mono_ms deadline, unsigned count)
{
    PGresult *result;
    enum tg_err err = TG_OK;

    for (; count > 0 && err == TG_OK; count--)
        if ((err = pg_pipeline_result(c, deadline, &result)) == TG_OK)
            PQclear(result);
    return err;
}

enum tg_err
pg_pipeline_end(struct pg_connection *c, tg_mono_ms deadline)
{
    enum tg_err first = TG_OK;
    enum tg_err err;

    for (;;) {
        PGresult *result = NULL;

        err = take(c, deadline, &result);
        PQclear(result);
        if (err == TG_E_NO_NEWS)
            return first;
        if (err == TG_E_NETWORK)
            return err;
        if (first == TG_OK)
            first = err;
    }
}

enum tg_err
pg_pipeline_rollback(struct pg_connection *c, tg_mono_ms deadline)
{
    enum tg_err err;

    if ((err = pg_pipeline_send(c, PG_ROLLBACK, NULL)) != TG_OK ||
        (err = pg_pipeline_sync(c)) != TG_OK)
        return err;
    return pg_pipeline_end(c, deadline);
}

/* ---- preparing --------------------------------------------------------- */

enum tg_err
pg_pipeline_prepare(struct pg_connection *c, tg_mono_ms deadline)
{
    enum tg_err err;

    if ((err = sent(c, PQenterPipelineMode(c->pg))) != TG_OK)
        return err;
    for (int i = 0; i < PG_STATEMENTS; i++)
        if ((err = sent(c, PQsendPrepare(c->pg, pg_statements_name(i),
                                         pg_statements_text(i), 0,
                                         NULL))) != TG_OK)
            return err;
    if ((err = pg_pipeline_sync(c)) != TG_OK)
        return err;
    return pg_pipeline_end(c, deadline);
}
