/* Reading rows, and making sure that what was read is the quorum's. */
#include <assert.h>
#include <string.h>

#include "store/postgres/pg_pipeline.h"
#include "store/postgres/pg_keys.h"
#include "store/postgres/pg_run.h"

enum { KEY, STAMP, EXPIRES, BLOB };

static void
note_rows(struct pg_run *run)
{
    const int count = PQntuples(run->rows);

    for (int i = 0; i < count; i++) {
        struct tg_span bytes = pg_pipeline_bytes(run->rows, i, KEY);
        struct store_row row = {
            .expires = pg_pipeline_number(run->rows, i, EXPIRES),
            .blob = pg_pipeline_bytes(run->rows, i, BLOB),
        };
        struct store_key key;
        struct pg_slot *slot;

        assert(bytes.len == STORE_KEY_LEN);
        memcpy(key.bytes, bytes.ptr, STORE_KEY_LEN);
        slot = pg_batch_find(&run->batch, &key);
        assert(slot != NULL);
        pg_batch_loaded(slot, pg_pipeline_number(run->rows, i, STAMP), &row);
    }
}

/* One round trip in any case. */
static enum tg_err
send_load(struct pg_run *run, const struct pg_values *keys, bool cover)
{
    struct pg_connection *c = &run->session->link;
    enum tg_err err = TG_OK;

    if (cover)
        err = pg_pipeline_send(c, PG_BEGIN, NULL);
    if (err == TG_OK)
        err = pg_pipeline_send(c, PG_FIND, keys);
    if (err == TG_OK && cover)
        err = pg_pipeline_send(c, PG_BARRIER, NULL);
    if (err == TG_OK && cover)
        err = pg_pipeline_send(c, PG_COMMIT, NULL);
    if (err == TG_OK && cover)
        err = pg_session_ask(run->session);
    return err != TG_OK ? err : pg_pipeline_sync(c);
}

static enum tg_err
take_load(struct pg_run *run, bool cover, bool *same)
{
    struct pg_connection *c = &run->session->link;
    enum tg_err err = TG_OK;
    enum tg_err end;

    if (cover)
        err = pg_pipeline_skip(c, run->deadline, 1);
    if (err == TG_OK)
        err = pg_pipeline_result(c, run->deadline, &run->rows);
    if (err == TG_OK && cover)
        err = pg_pipeline_skip(c, run->deadline, 2);
    if (err == TG_OK && cover)
        err = pg_session_hear(run->session, run->deadline, same);
    if (c->pg == NULL)
        return err;
    if ((end = pg_pipeline_end(c, run->deadline)) != TG_OK && err == TG_OK)
        err = end;
    if (err != TG_OK && cover && c->pg != NULL &&
        pg_pipeline_rollback(c, run->deadline) == TG_E_NETWORK)
        err = TG_E_NETWORK;
    return err;
}

/* The keys are the whole batch's; companions are not known yet. */
enum tg_err
pg_load_rows(struct pg_run *run, bool cover)
{
    struct pg_connection *c = &run->session->link;
    struct pg_keys keys = {0};
    struct pg_values values = {0};
    bool same = true;
    enum tg_err err;

    PQclear(run->rows);
    run->rows = NULL;
    cover = cover && run->session->options.durability == PG_REPLICATED;
    pg_keys_begin(&keys);
    for (size_t i = 0; i < run->batch.loaded; i++)
        pg_keys_add(&keys, &run->batch.slots[i].key);
    pg_values_add(&values, pg_keys_end(&keys));
    c->warned = false;
    if ((err = send_load(run, &values, cover)) != TG_OK ||
        (err = take_load(run, cover, &same)) != TG_OK)
        return err;
    note_rows(run);
    run->is_covered = cover && same && !c->warned;
    return same ? TG_OK : pg_session_judge(run->session, run->deadline);
}

/* A commit of nothing, which waits as any other. */
static enum tg_err
commit_nothing(struct pg_run *run, bool *same)
{
    struct pg_connection *c = &run->session->link;
    enum tg_err err;

    c->warned = false;
    if ((err = pg_pipeline_send(c, PG_BARRIER, NULL)) != TG_OK ||
        (err = pg_pipeline_sync(c)) != TG_OK ||
        (err = pg_session_ask(run->session)) != TG_OK ||
        (err = pg_pipeline_sync(c)) != TG_OK ||
        (err = pg_pipeline_end(c, run->deadline)) != TG_OK ||
        (err = pg_session_hear(run->session, run->deadline, same)) != TG_OK)
        return err;
    return pg_pipeline_end(c, run->deadline);
}

enum tg_err
pg_load_barrier(struct pg_run *run)
{
    bool same = false;
    enum tg_err err;

    run->is_covered = false;
    for (;;) {
        if ((err = commit_nothing(run, &same)) != TG_OK)
            return err;
        run->is_covered = same && !run->session->link.warned;
        if (same)
            return TG_OK;
        if ((err = pg_session_judge(run->session, run->deadline)) != TG_OK)
            return err;
    }
}

enum tg_err
pg_load_cover(struct pg_run *run)
{
    if (run->session->options.durability == PG_LOCAL)
        run->is_covered = true;
    return run->is_covered ? TG_OK : pg_load_barrier(run);
}
