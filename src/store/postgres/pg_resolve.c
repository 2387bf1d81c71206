/* What became of a batch whose commit was sent, and not acknowledged.
 *
 * A row with the stamp that this batch has drawn for it proves that its whole
 * transaction was committed; one that still has the stamp that was read, that
 * nothing was, so all of it is tried again. Anything else proves nothing, since
 * others may have written since: such an operation is answered as one that
 * failed, and its caller asks again.
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

/* What the stamp that a row bears says of its slot; none says nothing. */
static enum pg_fate
judge(const struct pg_slot *slot, int64_t stamp)
{
    if (stamp == slot->new_stamp)
        return PG_PROVED;
    if (slot->found && stamp == slot->stamp)
        return PG_DISPROVED;
    return PG_UNKNOWN;
}

/* Returns what is now known of the transaction as a whole. */
static enum pg_fate
judge_rows(struct pg_run *run, const PGresult *result)
{
    const int count = PQntuples(result);
    enum pg_fate all = PG_UNKNOWN;

    for (int i = 0; i < count; i++) {
        struct tg_span bytes = pg_pipeline_bytes(result, i, KEY);
        struct store_key key;
        struct pg_slot *slot;

        assert(bytes.len == STORE_KEY_LEN);
        memcpy(key.bytes, bytes.ptr, STORE_KEY_LEN);
        slot = pg_batch_find(&run->batch, &key);
        assert(slot != NULL);
        slot->fate = judge(slot, pg_pipeline_number(result, i, STAMP));
        if (slot->fate != PG_UNKNOWN)
            all = slot->fate;
    }
    return run->is_together ? all : PG_UNKNOWN;
}

/* If the transaction stands, then so does what the server had counted in it;
 * if it does not, nothing of it does. */
static enum pg_fate
final_fate(const struct pg_slot *slot, enum pg_fate all)
{
    if (slot->fate == PG_PROVED || (all == PG_PROVED && slot->counted))
        return PG_DONE;
    if (slot->fate == PG_DISPROVED || all == PG_DISPROVED)
        return PG_UNDONE;
    return PG_UNKNOWN;
}

static bool
is_judged(const struct pg_slot *slot)
{
    return slot->fate == PG_UNKNOWN || slot->fate == PG_PROVED ||
           slot->fate == PG_DISPROVED;
}

static enum tg_err
look(struct pg_run *run)
{
    struct pg_connection *c = &run->session->link;
    enum pg_fate all = PG_UNKNOWN;
    PGresult *result = NULL;
    bool is_sure;
    enum tg_err err;

    if ((err = send_look(run)) != TG_OK)
        return err;
    if ((err = pg_pipeline_result(c, run->deadline, &result)) == TG_OK)
        all = judge_rows(run, result);
    PQclear(result);
    if (err == TG_OK)
        err = pg_pipeline_end(c, run->deadline);
    run->is_covered = false;
    if (err == TG_OK)
        err = pg_load_cover(run);
    is_sure = err == TG_OK && run->is_covered;
    for (size_t i = 0; i < run->write_count; i++)
        if (is_judged(run->writes[i]))
            run->writes[i]->fate =
                is_sure ? final_fate(run->writes[i], all) : PG_UNKNOWN;
    return err;
}

void
pg_resolve(struct pg_run *run)
{
    enum tg_err err = TG_E_NETWORK;

    while (err == TG_E_NETWORK &&
           pg_run_connect(run) == TG_OK)
        if ((err = look(run)) == TG_E_NETWORK)
            pg_session_pause(run->session);
    run->is_covered = false; /* what was read before may be another server's */
}
