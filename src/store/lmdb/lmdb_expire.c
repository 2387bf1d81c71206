/* Removing what is due, in slices. See relay/store.h. */
#include "store/lmdb/lmdb_index.h"
#include "store/lmdb/lmdb_rows.h"
#include "store/lmdb/lmdb_run.h"

/* A look that takes no lock and writes nothing: most sweeps find nothing. */
static int
is_something_due(struct lmdb_env *env, tg_time_s now, bool *out)
{
    struct store_key key;
    struct lmdb_row row;
    MDB_txn *txn;
    int rc;

    if (lmdb_env_begin_read(env, &txn) != TG_OK)
        return MDB_PANIC;
    rc = lmdb_rows_due(env, txn, now, &key, &row);
    lmdb_env_end_read(env);
    if (rc != 0 && rc != MDB_NOTFOUND)
        return rc;
    *out = rc == 0;
    return 0;
}

static int
remove_due(struct lmdb_env *env, MDB_txn *txn, tg_time_s now, size_t most,
           size_t *removed)
{
    struct store_key key;
    struct lmdb_row row;
    int rc = 0;

    *removed = 0;
    while (*removed < most) {
        if ((rc = lmdb_rows_due(env, txn, now, &key, &row)) != 0)
            break;
        if ((rc = lmdb_rows_remove(env, txn, &key, &row)) != 0)
            break;
        (*removed)++;
    }
    return rc == MDB_NOTFOUND ? 0 : rc;
}

static enum tg_err
sweep(struct lmdb_env *env, tg_time_s now, size_t most, bool is_short,
      size_t *removed)
{
    MDB_txn *txn;
    const bool has_room = !is_short && lmdb_env_has_room(env);
    enum tg_err err;
    int rc;

    if ((err = lmdb_env_begin_write(env, &txn)) != TG_OK)
        return err;
    rc = remove_due(env, txn, now, most, removed);
    if (rc == 0 && *removed > 0 && has_room)
        rc = lmdb_index_tidy(env, txn);
    if (rc != 0 || *removed == 0) {
        mdb_txn_abort(txn);
        return lmdb_env_error(rc);
    }
    return lmdb_env_commit(txn);
}

/* On a full disk even removing takes some pages: then in smaller bites, which
 * free what the next one needs. */
enum tg_err
lmdb_expire(struct lmdb_env *env, tg_time_s now, size_t most, size_t *removed)
{
    size_t bite = most;
    size_t total = 0;
    bool is_due = false;
    bool is_short = false;
    int rc;

    lmdb_env_check_readers(env);
    if ((rc = is_something_due(env, now, &is_due)) != 0)
        return lmdb_env_error(rc);
    while (is_due && total < most) {
        size_t wanted = bite < most - total ? bite : most - total;
        size_t count = 0;
        enum tg_err err = sweep(env, now, wanted, is_short, &count);

        if (err == TG_E_FULL && (bite > 1 || !is_short)) {
            is_short = true;
            bite = (bite + 3) / 4;
            continue;
        }
        if (err != TG_OK)
            return err;
        total += count;
        is_due = count == wanted;
    }
    *removed = total;
    return TG_OK;
}
