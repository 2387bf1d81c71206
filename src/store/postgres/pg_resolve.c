/* What became of a batch whose commit was sent, and not acknowledged.
 *
 * Proof is a row with the stamp that this batch has drawn for it: then its
 * whole transaction was committed. That a stamp is not there proves nothing,
 * since others may have written since; such an operation is answered as one
 * that failed, and its caller asks again.
 *
 * What the connection left behind on its server was ended before this one was
 * given out (pg_session.c), so nothing comes to life after the look; and what
 * was seen is covered before it counts.
 */
#include <assert.h>
#include <string.h>

#include "store/postgres/pg_keys.h"
#include "store/postgres/pg_pipeline.h"
#include "store/postgres/pg_run.h"

enum { KEY, STAMP };

static bool
is_open_question(const struct pg_slot *slot)
{
    return slot->fate == PG_UNKNOWN;
}

/* Both of a pair have stamps; the first is enough. */
static enum tg_err
send_look(struct pg_run *run)
{
    struct pg_connection *c = &run->session->link;
    struct pg_keys keys = {0};
    struct pg_values values = {0};
    enum tg_err err;

    pg_keys_begin(&keys);
    for (size_t i = 0; i < run->write_count; i++)
        if (is_open_question(run->writes[i]))
            pg_keys_add(&keys, &run->writes[i]->key);
    pg_values_add(&values, pg_keys_end(&keys));
    c->warned = false;
    if ((err = pg_pipeline_send(c, PG_STAMPS, &values)) != TG_OK)
        return err;
    return pg_pipeline_sync(c);
}

/* Whether one of them has our stamp; marks each that has. */
static bool
mark_proved(struct pg_run *run, const PGresult *result)
{
    const int count = PQntuples(result);
    bool proved = false;

    for (int i = 0; i < count; i++) {
        struct tg_span bytes = pg_pipeline_bytes(result, i, KEY);
        struct store_key key;
        struct pg_slot *slot;

        assert(bytes.len == STORE_KEY_LEN);
        memcpy(key.bytes, bytes.ptr, STORE_KEY_LEN);
        slot = pg_batch_find(&run->batch, &key);
        assert(slot != NULL);
        if (slot->new_stamp == pg_pipeline_number(result, i, STAMP)) {
            slot->fate = PG_PROVED;
            proved = true;
        }
    }
    return proved;
}

/* The server had counted it, and the transaction is now known to stand. */
static void
mark_counted(struct pg_run *run)
{
    for (size_t i = 0; i < run->write_count; i++)
        if (is_open_question(run->writes[i]) && run->writes[i]->counted)
            run->writes[i]->fate = PG_PROVED;
}

static void
settle_proved(struct pg_run *run, enum pg_fate fate)
{
    for (size_t i = 0; i < run->write_count; i++)
        if (run->writes[i]->fate == PG_PROVED)
            run->writes[i]->fate = fate;
}

static enum tg_err
look(struct pg_run *run)
{
    struct pg_connection *c = &run->session->link;
    PGresult *result = NULL;
    bool proved = false;
    enum tg_err err;

    if ((err = send_look(run)) != TG_OK)
        return err;
    if ((err = pg_pipeline_result(c, run->deadline, &result)) == TG_OK)
        proved = mark_proved(run, result);
    PQclear(result);
    if (err == TG_OK)
        err = pg_pipeline_end(c, run->deadline);
    run->is_covered = false;
    if (err == TG_OK)
        err = pg_load_cover(run);
    if (proved && run->is_together)
        mark_counted(run);
    settle_proved(run, err == TG_OK && run->is_covered ? PG_DONE : PG_UNKNOWN);
    return err;
}

void
pg_resolve(struct pg_run *run)
{
    enum tg_err err = TG_E_NETWORK;

    while (err == TG_E_NETWORK &&
           pg_session_ensure(run->session, run->deadline) == TG_OK)
        if ((err = look(run)) == TG_E_NETWORK)
            pg_session_pause(run->session);
    run->is_covered = false; /* what was read before may be another server's */
}
