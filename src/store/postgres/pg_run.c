/* See pg_run.h: rounds, until everybody has an answer.
 *
 * Who has lost a race is asked again, from the row as it then is; so is
 * everybody when the connection was lost before a commit was sent.
 */
#include "store/postgres/pg_run.h"

#include <string.h>

enum { ROUNDS = 8, LEAST_MS = 2000 };

static void
set_results(struct store_op *const ops[], size_t count, enum tg_err err)
{
    for (size_t i = 0; i < count; i++)
        ops[i]->result = err;
}

static bool
has_unknown(const struct pg_run *run)
{
    for (size_t i = 0; i < run->write_count; i++)
        if (run->writes[i]->fate == PG_UNKNOWN)
            return true;
    return false;
}

/* Decide and write. TG_OK: every slot has its fate. */
static enum tg_err
decide_and_write(struct pg_run *run, struct store_op *const ops[],
                 size_t count)
{
    pg_batch_decide(&run->batch, ops, count);
    if (run->session->link.pg == NULL)
        return TG_E_NETWORK; /* lost while a key of an hour was looked up */
    run->write_count = pg_batch_writes(&run->batch, run->writes);
    if (run->write_count == 0)
        return pg_load_cover(run);
    pg_write(run);
    if (has_unknown(run))
        pg_resolve(run);
    return TG_OK;
}

/* What becomes of an operation. False: it is to be asked again. */
static bool
is_over(struct pg_run *run, struct store_op *op, enum pg_turn turn)
{
    struct pg_slot *slot = pg_batch_find(&run->batch, &op->key);
    const struct pg_slot *writer = pg_batch_writer(&run->batch, slot);
    const bool may_tell =
        run->is_covered || run->session->options.durability == PG_LOCAL;

    if (turn == PG_DEFERRED)
        return false;
    if (op->result == TG_E_STATE && op->no_write)
        return true; /* nothing is told */
    switch (writer->fate) {
    case PG_NOT_WRITTEN: return may_tell;
    case PG_DONE: return true;
    case PG_LOST:
    case PG_UNDONE: return false;
    case PG_FAILED:
        op->result = writer->error;
        run->is_troubled |= writer->error != TG_E_EXISTS;
        return true;
    case PG_UNKNOWN:
    case PG_PROVED:
    case PG_DISPROVED: break;
    }
    op->result = TG_E_STORE;
    run->is_unconfirmed = true;
    return turn != PG_KEPT;
}

/* Those to be asked again stay in `ops`, in order; how many. */
static size_t
keep_open(struct pg_run *run, struct store_op *ops[], size_t count)
{
    size_t left = 0;

    for (size_t i = 0; i < count; i++)
        if (!is_over(run, ops[i], run->batch.turns[i]))
            ops[left++] = ops[i];
    return left;
}

/* TG_E_NETWORK: nothing was done, the connection is gone. TG_E_CONFLICT: the
 * same, but it is not. */
static enum tg_err
go_round(struct pg_run *run, struct store_op *ops[], size_t *count)
{
    enum tg_err err;

    run->is_covered = false;
    pg_batch_begin(&run->batch, ops, *count);
    if ((err = pg_load_rows(run, store_ops_only_read(ops, *count))) == TG_OK)
        err = decide_and_write(run, ops, *count);
    if (err == TG_OK)
        *count = keep_open(run, ops, *count);
    return err;
}

enum tg_err
pg_run_connect(struct pg_run *run)
{
    const enum tg_err err = pg_session_ensure(run->session, run->deadline);
    const tg_mono_ms least = tg_mono_now() + LEAST_MS;

    if (err == TG_OK && !run->has_more_time && run->deadline < least &&
        !pg_session_is_unconfirmed(run->session)) {
        run->deadline = least;
        run->has_more_time = true;
    }
    return err;
}

/* A batch that finds the database back after a long time has all of its own
 * time before it. */
static enum tg_err
get_ready(struct pg_run *run, bool is_first)
{
    enum tg_err err;

    if ((err = pg_session_ensure(run->session, run->deadline)) != TG_OK)
        return err;
    if (run->deadline > tg_mono_now())
        return TG_OK;
    if (!is_first) {
        run->is_unconfirmed = true;
        return TG_E_STORE;
    }
    run->deadline = tg_mono_now() + PG_PATIENCE_MS;
    return TG_OK;
}

/* What is left over cannot be answered now. */
static enum tg_err
go_round_and_round(struct pg_run *run, struct store_op *ops[], size_t *count)
{
    enum tg_err err = TG_OK;

    for (unsigned rounds = 0; *count > 0 && rounds < ROUNDS; rounds++) {
        if ((err = get_ready(run, rounds == 0)) != TG_OK)
            return err;
        do {
            err = go_round(run, ops, count);
            if (err != TG_E_NETWORK)
                break;
            pg_session_pause(run->session);
        } while (tg_mono_now() < run->deadline &&
                 pg_run_connect(run) == TG_OK);
        run->is_unconfirmed |=
            err == TG_E_NETWORK && run->session->link.pg == NULL &&
            tg_mono_now() >= run->deadline;
        if (err != TG_OK && err != TG_E_CONFLICT)
            return err;
    }
    return err;
}

/* Which server is to blame does not show from here. */
static enum pg_trouble
trouble_of(const struct pg_run *run, size_t left)
{
    const struct pg_connection *link = &run->session->link;

    if (left == 0 && !run->is_troubled && !run->is_unconfirmed)
        return PG_FINE;
    /* Unless the next connection has found out. */
    if (run->is_unconfirmed &&
        (link->pg != NULL || link->trouble == PG_NO_ANSWER) &&
        run->session->options.durability == PG_REPLICATED)
        return PG_NO_ACKNOWLEDGEMENT;
    return link->trouble;
}

void
pg_run(struct pg_run *run, struct store_op *const ops[], size_t count)
{
    struct pg_session *session = run->session;
    struct store_op *open[STORE_BATCH_MOST];
    size_t left = count;
    enum tg_err err;

    memcpy(open, ops, count * sizeof(struct store_op *));
    run->deadline = pg_session_deadline(session);
    run->is_troubled = run->is_unconfirmed = run->has_more_time = false;
    err = go_round_and_round(run, open, &left);
    PQclear(run->rows);
    run->rows = NULL;
    set_results(open, left, err == TG_E_FULL ? err : TG_E_STORE);
    pg_session_tell(session, trouble_of(run, left));
}
