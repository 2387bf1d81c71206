/* A batch of decisions: first what may be answered from a committed snapshot,
 * then the rest in one write transaction, one sync. See relay/store.h. */
#include "store/lmdb/lmdb_run.h"

#include <assert.h>

#include "store/lmdb/lmdb_index.h"
#include "store/lmdb/lmdb_rows.h"

/* A batch on its way. */
struct run {
    struct lmdb_env *env;
    bool has_room;
    bool is_short; /* of room: only what was asked for is done */
    struct lmdb_rows_end end;
    bool has_changed; /* there is something to commit */
    bool is_doubtful; /* the environment: something failed in a snapshot */
};

/* What became of one operation in a transaction. A failure of the store is
 * that of the whole transaction, one of `decide` the operation's own. */
struct verdict {
    int rc;
    enum tg_err result;
};

static void
set_results(struct store_op *const ops[], size_t count, enum tg_err err)
{
    for (size_t i = 0; i < count; i++)
        ops[i]->result = err;
}

static struct verdict
decide(struct run *r, MDB_txn *txn, struct store_op *op, struct lmdb_row *old,
       struct store_change *change)
{
    int rc = lmdb_rows_get(r->env, txn, &op->key, old);
    const bool is_there = rc == 0;

    *change = (struct store_change){0};
    if (rc == MDB_CORRUPTED) /* this row: the others need not suffer */
        return (struct verdict){0, TG_E_STORE};
    if (rc != 0 && rc != MDB_NOTFOUND)
        return (struct verdict){rc, TG_E_STORE};
    if (!is_there)
        old->sequence = 0;
    return (struct verdict){
        0, op->decide(op, is_there ? &old->row : NULL, change)};
}

/* ---- in a snapshot ----------------------------------------------------- */

/* True when it is finished, result and all. */
static bool
try_read(struct run *r, MDB_txn *txn, struct store_op *op)
{
    struct store_change change;
    struct lmdb_row old;
    struct verdict v = decide(r, txn, op, &old, &change);

    op->result = v.result;
    if (v.rc != 0)
        r->is_doubtful = true;
    if (v.result != TG_OK || change.verb == STORE_KEEP)
        return true;
    if (op->no_write) {
        op->result = TG_E_STATE;
        return true;
    }
    op->only_reads = false;
    return false;
}

/* What is left for a write goes to `rest`, in order; how many they are. */
static size_t
run_reads(struct run *r, struct store_op *const ops[], size_t count,
          struct store_op *rest[])
{
    enum tg_err err = TG_OK;
    MDB_txn *txn = NULL;
    size_t left = 0;

    for (size_t i = 0; i < count; i++) {
        if (ops[i]->only_reads && txn == NULL && err == TG_OK)
            err = lmdb_env_begin_read(r->env, &txn);
        if (ops[i]->only_reads && txn == NULL)
            ops[i]->result = err;
        else if (!ops[i]->only_reads || !try_read(r, txn, ops[i]))
            rest[left++] = ops[i];
    }
    if (txn != NULL)
        lmdb_env_end_read(r->env);
    if (err == TG_E_STORE)
        r->is_doubtful = true;
    return left;
}

/* ---- in a write -------------------------------------------------------- */

/* Row and companion, or neither: the companion's place is looked at first. */
static struct verdict
put(struct run *r, MDB_txn *txn, const struct store_key *key,
    const struct lmdb_row *old, const struct store_change *change)
{
    struct lmdb_row other;
    bool is_new = old->sequence == 0;
    int rc;

    if ((is_new || change->has_companion) && !r->has_room)
        return (struct verdict){0, TG_E_FULL};
    if (change->has_companion) {
        rc = lmdb_rows_get(r->env, txn, &change->companion_key, &other);
        if (rc == 0)
            return (struct verdict){0, TG_E_EXISTS};
        if (rc != MDB_NOTFOUND)
            return (struct verdict){rc, TG_E_STORE};
    }
    r->has_changed = true;
    rc = is_new ? lmdb_rows_add(r->env, txn, &r->end, key, &change->row)
                : lmdb_rows_replace(r->env, txn, key, old, &change->row);
    if (rc == 0 && change->has_companion)
        rc = lmdb_rows_add(r->env, txn, &r->end, &change->companion_key,
                           &change->companion);
    return (struct verdict){rc, TG_OK};
}

static struct verdict
write_one(struct run *r, MDB_txn *txn, struct store_op *op)
{
    struct store_change change;
    struct lmdb_row old;
    struct verdict v = decide(r, txn, op, &old, &change);

    if (v.rc != 0 || v.result != TG_OK)
        return v;
    switch (change.verb) {
    case STORE_KEEP: return v;
    case STORE_PUT: return put(r, txn, &op->key, &old, &change);
    case STORE_REMOVE:
        if (old.sequence == 0)
            return v;
        r->has_changed = true;
        v.rc = lmdb_rows_remove(r->env, txn, &op->key, &old);
        return v;
    }
    return (struct verdict){0, TG_E_STATE};
}

/* What is moved takes pages, too. */
static enum tg_err
commit(const struct run *r, MDB_txn *txn)
{
    int rc = 0;

    if (r->has_room && !r->is_short)
        rc = lmdb_index_tidy(r->env, txn);
    if (rc != 0) {
        mdb_txn_abort(txn);
        return lmdb_env_error(rc);
    }
    return lmdb_env_commit(txn);
}

/* All of them in one transaction. An error says that nothing was done. */
static enum tg_err
write_together(struct run *r, struct store_op *const ops[], size_t count)
{
    MDB_txn *txn;
    enum tg_err err;

    r->end = (struct lmdb_rows_end){0};
    r->has_changed = false;
    r->has_room = lmdb_env_has_room(r->env);
    if ((err = lmdb_env_begin_write(r->env, &txn)) != TG_OK)
        return err;
    for (size_t i = 0; i < count; i++) {
        struct verdict v = write_one(r, txn, ops[i]);

        if (v.rc != 0) {
            mdb_txn_abort(txn);
            return lmdb_env_error(v.rc);
        }
        ops[i]->result = v.result;
    }
    if (!r->has_changed) {
        mdb_txn_abort(txn);
        return TG_OK;
    }
    return commit(r, txn);
}

/* When the batch as a whole finds no room, each for itself: those that only
 * remove, or find room in a row of the same size, must not suffer. */
static enum tg_err
write_one_by_one(struct run *r, struct store_op *const ops[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        enum tg_err err = write_together(r, &ops[i], 1);

        if (err == TG_OK)
            continue;
        ops[i]->result = err;
        if (err != TG_E_FULL) {
            set_results(ops + i, count - i, err);
            return err;
        }
    }
    return TG_OK;
}

static enum tg_err
run_writes(struct run *r, struct store_op *const ops[], size_t count)
{
    enum tg_err err;

    if (count == 0)
        return TG_OK;
    err = write_together(r, ops, count);
    if (err == TG_E_FULL && !r->is_short) {
        r->is_short = true;
        return write_one_by_one(r, ops, count);
    }
    if (err != TG_OK)
        set_results(ops, count, err);
    return err;
}

enum tg_err
lmdb_run(struct lmdb_env *env, struct store_op *const ops[], size_t count)
{
    struct store_op *rest[STORE_BATCH_MOST];
    struct run r = {.env = env};
    enum tg_err err = TG_OK;
    size_t left;

    assert(count <= STORE_BATCH_MOST);
    left = run_reads(&r, ops, count, rest);
    if (env->read_only)
        set_results(rest, left, TG_E_STORE);
    else
        err = run_writes(&r, rest, left);
    return r.is_doubtful ? TG_E_STORE : err;
}
