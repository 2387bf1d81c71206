/* Writing what was decided: one transaction, one round trip.
 *
 * A statement that fails takes the transaction with it, so the rows are then
 * written once more, each in a transaction of its own: still one round trip,
 * and who is not to blame does not suffer.
 */
#include <assert.h>
#include <string.h>

#include "crypto/random.h"
#include "store/postgres/pg_pipeline.h"
#include "store/postgres/pg_run.h"
#include "store/postgres/pg_wakes.h"

/* A blob up to this lies in its row's page: 8192 bytes less what PostgreSQL
 * and the other columns take. */
enum { SMALL_MOST = 7900 };

/* Random, so that the same stamp never comes again. */
static enum tg_err
draw_stamps(struct pg_batch *b)
{
    uint64_t stamps[PG_SLOTS];
    enum tg_err err;

    if ((err = random_bytes(stamps, b->count * sizeof(stamps[0]))) != TG_OK)
        return err;
    for (size_t i = 0; i < b->count; i++)
        b->slots[i].new_stamp = (int64_t)(stamps[i] >> 1);
    return TG_OK;
}

static void
set_fates(struct pg_run *run, enum pg_fate fate, enum tg_err error)
{
    for (size_t i = 0; i < run->write_count; i++) {
        run->writes[i]->fate = fate;
        run->writes[i]->counted = false;
        run->writes[i]->error = error;
    }
}

/* ---- sending ----------------------------------------------------------- */

static void
add_row(struct pg_values *v, const struct pg_slot *slot)
{
    const struct tg_span blob = slot->row.blob;

    pg_values_add(v, TG_SPAN_ARRAY(slot->key.bytes));
    pg_values_add_number(v, slot->new_stamp);
    pg_values_add_number(v, slot->row.expires);
    if (blob.len <= SMALL_MOST) {
        pg_values_add(v, blob);
        pg_values_add_null(v);
    } else {
        pg_values_add_null(v);
        pg_values_add(v, blob);
    }
}

static enum tg_err
send_write(struct pg_run *run, const struct pg_slot *slot)
{
    const bool is_pair = slot->partner != PG_NOBODY;
    enum pg_statement statement;
    struct pg_values v = {0};

    if (!slot->is_there) {
        pg_values_add(&v, TG_SPAN_ARRAY(slot->key.bytes));
        pg_values_add_number(&v, slot->stamp);
        return pg_pipeline_send(&run->session->link, PG_DELETE, &v);
    }
    add_row(&v, slot);
    statement = is_pair ? PG_INSERT_PAIR : PG_INSERT;
    if (slot->found) {
        statement = is_pair ? PG_UPDATE_PAIR : PG_UPDATE;
        pg_values_add_number(&v, slot->stamp);
    }
    if (is_pair)
        add_row(&v, &run->batch.slots[slot->partner]);
    return pg_pipeline_send(&run->session->link, statement, &v);
}

/* In a transaction of its own, right behind: were it part of the writing one,
 * those of all relays would stand in a queue, for a notification holds a lock
 * that all share until the standbys have confirmed. */
static enum tg_err
send_wakes(struct pg_run *run, bool *sent)
{
    struct pg_connection *c = &run->session->link;
    struct tg_buf text = TG_BUF_EMPTY;
    struct pg_values v = {0};
    enum tg_err err = TG_OK;

    for (size_t i = 0; i < run->write_count && err == TG_OK; i++) {
        const struct pg_slot *slot = run->writes[i];
        const struct pg_wake wake = {
            .kind = slot->wake == STORE_WAKE_TO_END ? PG_WAKE_END
                                                    : PG_WAKE_LOOK,
            .key = slot->key};

        if (slot->wake != STORE_WAKE_NOBODY)
            err = pg_wakes_add(&text, &wake);
    }
    *sent = false;
    if (err == TG_OK && text.len > 0) {
        *sent = true;
        pg_values_add(&v, tg_span_buf(&text));
        if ((err = pg_pipeline_send(c, PG_NOTIFY, &v)) == TG_OK)
            err = pg_pipeline_sync(c);
    }
    tg_buf_free(&text);
    return err == TG_E_NETWORK ? err : TG_OK;
}

/* ---- receiving --------------------------------------------------------- */

/* How many rows a write has written: one, or none. */
static enum tg_err
take_count(struct pg_run *run, struct pg_slot *slot)
{
    PGresult *result = NULL;
    enum tg_err err =
        pg_pipeline_result(&run->session->link, run->deadline, &result);

    if (err == TG_OK && strcmp(PQcmdTuples(result), "0") == 0)
        slot->fate = PG_LOST;
    else if (err == TG_OK)
        slot->counted = true;
    PQclear(result);
    return err;
}

static enum tg_err
take_command(struct pg_run *run, const char *expected)
{
    PGresult *result = NULL;
    enum tg_err err =
        pg_pipeline_result(&run->session->link, run->deadline, &result);

    if (err == TG_OK && strcmp(PQcmdStatus(result), expected) != 0)
        err = TG_E_STORE;
    PQclear(result);
    return err;
}

/* What the server said it has committed counts if its settings were the same
 * all the time, or once a commit under the new ones has come behind it. */
static bool
is_confirmed(struct pg_run *run, bool same)
{
    return same ||
           (pg_session_judge(run->session, run->deadline) == TG_OK &&
            pg_load_barrier(run) == TG_OK && run->is_covered);
}

static void
drop_wakes(struct pg_run *run, bool sent)
{
    struct pg_connection *c = &run->session->link;

    if (sent && c->pg != NULL && pg_pipeline_end(c, run->deadline) != TG_OK)
        c->warned = false; /* whoever waits asks again in a minute */
}

/* ---- together ---------------------------------------------------------- */

static enum tg_err
send_together(struct pg_run *run)
{
    struct pg_connection *c = &run->session->link;
    enum tg_err err;

    if ((err = pg_pipeline_send(c, PG_BEGIN, NULL)) != TG_OK)
        return err;
    for (size_t i = 0; i < run->write_count; i++)
        if ((err = send_write(run, run->writes[i])) != TG_OK)
            return err;
    return TG_OK;
}

/* The counts, whether it was committed, and under the same settings. The
 * transaction is over in any case on return, or the connection closed. */
static enum tg_err
take_together(struct pg_run *run, bool *same)
{
    struct pg_connection *c = &run->session->link;
    enum tg_err err;
    enum tg_err end;

    err = take_command(run, "BEGIN");
    for (size_t i = 0; i < run->write_count && err == TG_OK; i++)
        err = take_count(run, run->writes[i]);
    if (err == TG_OK)
        err = take_command(run, "COMMIT");
    if (err == TG_OK)
        err = pg_session_hear(run->session, run->deadline, same);
    if (c->pg == NULL)
        return TG_E_NETWORK;
    end = pg_pipeline_end(c, run->deadline);
    return err != TG_OK && end != TG_E_NETWORK ? err : end;
}

/* Every write that is still PG_UNKNOWN has been acknowledged. A transaction
 * that has written nothing waits for no standby, and covers nothing. */
static void
acknowledge(struct pg_run *run)
{
    for (size_t i = 0; i < run->write_count; i++)
        if (run->writes[i]->fate == PG_UNKNOWN) {
            run->writes[i]->fate = PG_DONE;
            run->is_covered = true;
        }
}

/* TG_OK: every fate is set. An error of a statement: nothing was done. */
static enum tg_err
write_together(struct pg_run *run)
{
    struct pg_connection *c = &run->session->link;
    bool has_wakes = false;
    bool same = false;
    bool warned;
    enum tg_err err;

    c->warned = false;
    run->is_together = true;
    set_fates(run, PG_UNDONE, TG_OK);
    if (send_together(run) != TG_OK)
        return TG_OK; /* no commit was sent */
    set_fates(run, PG_UNKNOWN, TG_OK);
    if (pg_pipeline_send(c, PG_COMMIT, NULL) != TG_OK ||
        pg_session_ask(run->session) != TG_OK ||
        pg_pipeline_sync(c) != TG_OK || send_wakes(run, &has_wakes) != TG_OK)
        return TG_OK;
    err = take_together(run, &same);
    warned = c->warned;
    if (err == TG_E_NETWORK)
        return TG_OK;
    drop_wakes(run, has_wakes);
    if (err == TG_OK) {
        if (!warned && is_confirmed(run, same))
            acknowledge(run);
        return TG_OK;
    }
    if (c->pg != NULL && pg_pipeline_rollback(c, run->deadline) != TG_OK &&
        c->pg != NULL)
        pg_connection_lose(c, PG_BROKEN);
    set_fates(run, PG_UNDONE, err);
    return err;
}

/* ---- each alone -------------------------------------------------------- */

static enum tg_err
send_alone(struct pg_run *run)
{
    enum tg_err err = TG_OK;

    for (size_t i = 0; i < run->write_count && err == TG_OK; i++) {
        run->writes[i]->fate = PG_UNKNOWN;
        if ((err = send_write(run, run->writes[i])) == TG_OK)
            err = pg_pipeline_sync(&run->session->link);
    }
    return err;
}

/* The sync acknowledges: it commits. */
static enum tg_err
take_alone(struct pg_run *run, struct pg_slot *slot)
{
    struct pg_connection *c = &run->session->link;
    enum tg_err err = take_count(run, slot);
    enum tg_err end;

    if (c->pg == NULL)
        return TG_E_NETWORK;
    if ((end = pg_pipeline_end(c, run->deadline)) == TG_E_NETWORK)
        return end;
    if (err == TG_OK)
        err = end;
    if (err == TG_E_CONFLICT) {
        slot->fate = PG_UNDONE;
    } else if (err != TG_OK) {
        slot->fate = PG_FAILED;
        slot->error = err;
    } else if (slot->fate == PG_UNKNOWN && !c->warned) {
        slot->fate = PG_DONE;
        run->is_covered = true;
    }
    return TG_OK;
}

static enum tg_err
take_each(struct pg_run *run, bool *same)
{
    struct pg_connection *c = &run->session->link;
    enum tg_err err = TG_OK;

    for (size_t i = 0; i < run->write_count && err == TG_OK; i++)
        err = take_alone(run, run->writes[i]);
    if (err != TG_OK ||
        (err = pg_session_hear(run->session, run->deadline, same)) != TG_OK)
        return err;
    return pg_pipeline_end(c, run->deadline);
}

static void
doubt(struct pg_run *run)
{
    run->is_covered = false;
    for (size_t i = 0; i < run->write_count; i++)
        if (run->writes[i]->fate == PG_DONE)
            run->writes[i]->fate = PG_UNKNOWN;
}

static void
write_alone(struct pg_run *run)
{
    struct pg_connection *c = &run->session->link;
    bool has_wakes = false;
    bool same = false;

    c->warned = false;
    run->is_together = false;
    set_fates(run, PG_UNDONE, TG_OK);
    if (c->pg == NULL || send_alone(run) != TG_OK ||
        pg_session_ask(run->session) != TG_OK ||
        pg_pipeline_sync(c) != TG_OK || send_wakes(run, &has_wakes) != TG_OK)
        return;
    if (take_each(run, &same) != TG_OK) {
        doubt(run);
        return;
    }
    drop_wakes(run, has_wakes);
    if (!is_confirmed(run, same))
        doubt(run);
}

void
pg_write(struct pg_run *run)
{
    enum tg_err err;

    if ((err = draw_stamps(&run->batch)) != TG_OK) {
        set_fates(run, PG_FAILED, err);
        return;
    }
    err = write_together(run);
    if (err != TG_OK && err != TG_E_CONFLICT && err != TG_E_NETWORK)
        write_alone(run);
}
