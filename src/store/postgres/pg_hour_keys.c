/* See pg_hour_keys.h. */
#include "store/postgres/pg_hour_keys.h"

#include <string.h>

#include "crypto/random.h"
#include "store/postgres/pg_pipeline.h"

static size_t
slot_of(tg_time_s hour)
{
    return (size_t)((uint64_t)hour % PG_HOURS);
}

void
pg_hour_keys_forget(struct pg_hour_keys *h, tg_time_s now)
{
    for (size_t i = 0; i < PG_HOURS; i++)
        if (h->hours[i] != 0 && h->hours[i] < now / HOUR_SECONDS) {
            h->hours[i] = 0;
            tg_wipe(&h->keys[i], sizeof(h->keys[i]));
        }
}

static void
remember(struct pg_hour_keys *h, tg_time_s hour, const struct hour_key *key)
{
    h->hours[slot_of(hour)] = hour;
    h->keys[slot_of(hour)] = *key;
}

/* TG_E_NOT_FOUND: there is none. */
static enum tg_err
take(const PGresult *result, struct hour_key *out)
{
    struct tg_span key;

    if (PQntuples(result) == 0)
        return TG_E_NOT_FOUND;
    key = pg_pipeline_bytes(result, 0, 0);
    if (key.len != HOUR_KEY_LEN)
        return TG_E_STORE;
    memcpy(out->bytes, key.ptr, HOUR_KEY_LEN);
    return TG_OK;
}

static enum tg_err
find(struct pg_connection *c, tg_mono_ms deadline, tg_time_s hour,
     struct hour_key *out)
{
    struct pg_values v = {0};
    PGresult *result = NULL;
    enum tg_err err;
    enum tg_err end;

    pg_values_add_number(&v, hour);
    if ((err = pg_pipeline_send(c, PG_HOUR_FIND, &v)) != TG_OK ||
        (err = pg_pipeline_sync(c)) != TG_OK)
        return err;
    if ((err = pg_pipeline_result(c, deadline, &result)) == TG_OK)
        err = take(result, out);
    PQclear(result);
    if (c->pg != NULL && (end = pg_pipeline_end(c, deadline)) != TG_OK)
        err = end;
    return err;
}

/* Whether it was this one or another relay's: `find` tells afterwards. */
static enum tg_err
make(struct pg_connection *c, tg_mono_ms deadline, tg_time_s hour)
{
    TG_WIPED(struct hour_key, key);
    struct pg_values v = {0};
    enum tg_err err;

    if ((err = random_bytes(key.bytes, HOUR_KEY_LEN)) != TG_OK)
        return err;
    pg_values_add_number(&v, hour);
    pg_values_add(&v, TG_SPAN_ARRAY(key.bytes));
    c->warned = false;
    if ((err = pg_pipeline_send(c, PG_HOUR_MAKE, &v)) != TG_OK ||
        (err = pg_pipeline_sync(c)) != TG_OK)
        return err;
    err = pg_pipeline_end(c, deadline);
    return err == TG_OK && c->warned ? TG_E_STORE : err;
}

enum tg_err
pg_hour_keys_get(struct pg_hour_keys *h, struct pg_session *s,
                 tg_mono_ms deadline, tg_time_s expires, bool create,
                 struct hour_key *out)
{
    TG_WIPED(struct hour_key, key);
    const tg_time_s hour = expires / HOUR_SECONDS;
    enum tg_err err;

    if (expires < HOUR_SECONDS)
        return TG_E_NOT_FOUND; /* hour 0 marks an empty slot */
    if (h->session != s->number) {
        pg_hour_keys_forget(h, INT64_MAX);
        h->session = s->number;
    }
    if (h->hours[slot_of(hour)] == hour) {
        *out = h->keys[slot_of(hour)];
        return TG_OK;
    }
    if (s->link.pg == NULL)
        return TG_E_STORE;
    err = find(&s->link, deadline, hour, &key);
    if (err == TG_E_NOT_FOUND && create) {
        if ((err = make(&s->link, deadline, hour)) == TG_OK)
            err = find(&s->link, deadline, hour, &key);
        if (err == TG_E_NOT_FOUND)
            err = TG_E_STORE;
    }
    if (err == TG_OK) {
        remember(h, hour, &key);
        *out = key;
    }
    return err == TG_OK || err == TG_E_NOT_FOUND || err == TG_E_FULL
               ? err
               : TG_E_STORE;
}

enum tg_err
pg_hour_keys_destroy(struct pg_hour_keys *h, struct pg_session *s,
                     tg_mono_ms deadline, tg_time_s now)
{
    struct pg_values v = {0};

    pg_hour_keys_forget(h, now);
    if (pg_session_ensure(s, deadline) != TG_OK)
        return TG_E_STORE;
    pg_values_add_number(&v, now / HOUR_SECONDS);
    if (pg_pipeline_send(&s->link, PG_HOUR_DESTROY, &v) != TG_OK ||
        pg_pipeline_sync(&s->link) != TG_OK)
        return TG_E_STORE;
    return pg_pipeline_end(&s->link, deadline) == TG_OK ? TG_OK : TG_E_STORE;
}
