/* A batch of decisions: load, decide, write, and find out what became of it
 * when the connection was lost meanwhile. See relay/store.h, and
 * docs/decisions/12-postgresql.md for why nothing is told too early.
 */
#ifndef STORE_POSTGRES_PG_RUN_H
#define STORE_POSTGRES_PG_RUN_H

#include "store/postgres/pg_batch.h"
#include "store/postgres/pg_session.h"

/* Room for a batch at work; reused. */
struct pg_run {
    struct pg_session *session;
    struct pg_batch batch;
    tg_mono_ms deadline;
    struct pg_slot *writes[PG_SLOTS];
    size_t write_count;
    PGresult *rows;        /* what was loaded lives in there */
    /* A commit was acknowledged by all who should, and it began after
     * everything that was read. */
    bool is_covered;
    bool is_together;      /* all were written in one transaction */
    bool has_more_time;    /* than all had; see pg_run_connect() */
    bool is_troubled;      /* something could not be done, … */
    bool is_unconfirmed;   /* … or was begun and not confirmed in time */
};

/* Run 1…STORE_BATCH_MOST operations; sets every result. Bounded by
 * pg_session_deadline(). */
void pg_run(struct pg_run *run, struct store_op *const ops[], size_t count);

/* ---- the steps, for each other ----------------------------------------- */

/* pg_session_ensure() for a run. A connection that comes at the last moment has
 * some time to show what it is worth, once: given up at once, the next would be
 * to another server, which may be one that was deposed. */
TG_MUST_USE enum tg_err pg_run_connect(struct pg_run *run);

/* Load every slot (pg_load.c). With `cover`, in a replicated set-up, what was
 * read is covered when it returns. Errors as those of pg_pipeline.h: nothing
 * was done. */
TG_MUST_USE enum tg_err pg_load_rows(struct pg_run *run, bool cover);

/* Cover what was read, by a commit of nothing. */
TG_MUST_USE enum tg_err pg_load_cover(struct pg_run *run);

/* The same, whatever is covered already and in any set-up: until a commit was
 * made under settings that were judged before and held until after it. */
TG_MUST_USE enum tg_err pg_load_barrier(struct pg_run *run);

/* Write what was decided, all together (pg_write.c). Sets the fate of every
 * slot; PG_UNKNOWN where only pg_resolve() can tell. */
void pg_write(struct pg_run *run);

/* Find out about the slots that are PG_UNKNOWN, as far as it can be proved
 * (pg_resolve.c). */
void pg_resolve(struct pg_run *run);

#endif
