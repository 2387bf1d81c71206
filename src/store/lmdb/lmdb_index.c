/* See lmdb_index.h. */
#include "store/lmdb/lmdb_index.h"

#include <string.h>

enum { SEQUENCE_LEN = 8 };

static const uint64_t GONE = 0; /* sequence numbers begin with 1 */

static const char place_name[] = "tidied";

/* ---- one key ----------------------------------------------------------- */

/* Values in LMDB are not aligned: they are copied out. */
static int
get(MDB_txn *txn, MDB_dbi dbi, const struct store_key *key, uint64_t *out)
{
    MDB_val k = lmdb_val(key->bytes, STORE_KEY_LEN);
    MDB_val v;
    int rc;

    if ((rc = mdb_get(txn, dbi, &k, &v)) != 0)
        return rc;
    if (v.mv_size != SEQUENCE_LEN)
        return MDB_CORRUPTED;
    memcpy(out, v.mv_data, SEQUENCE_LEN);
    return 0;
}

static int
put(MDB_txn *txn, MDB_dbi dbi, const struct store_key *key, uint64_t sequence,
    unsigned flags)
{
    MDB_val k = lmdb_val(key->bytes, STORE_KEY_LEN);
    MDB_val v = lmdb_val(&sequence, SEQUENCE_LEN);

    return mdb_put(txn, dbi, &k, &v, flags);
}

static int
del(MDB_txn *txn, MDB_dbi dbi, const struct store_key *key)
{
    MDB_val k = lmdb_val(key->bytes, STORE_KEY_LEN);

    return mdb_del(txn, dbi, &k, NULL);
}

int
lmdb_index_find(const struct lmdb_env *env, MDB_txn *txn,
                const struct store_key *key, uint64_t *sequence)
{
    uint64_t found = GONE;
    int rc = get(txn, env->young, key, &found);

    if (rc == MDB_NOTFOUND)
        rc = get(txn, env->index, key, &found);
    if (rc != 0)
        return rc;
    if (found == GONE)
        return MDB_NOTFOUND;
    *sequence = found;
    return 0;
}

int
lmdb_index_add(const struct lmdb_env *env, MDB_txn *txn,
               const struct store_key *key, uint64_t sequence)
{
    uint64_t found;
    int rc;

    rc = put(txn, env->young, key, sequence, MDB_NOOVERWRITE);
    if (rc != MDB_KEYEXIST)
        return rc;
    if ((rc = get(txn, env->young, key, &found)) != 0)
        return rc;
    if (found != GONE)
        return MDB_KEYEXIST;
    /* The key of a row that is over comes again. Were the old entry left, it
     * would come back when the new row is removed while young. */
    if ((rc = del(txn, env->index, key)) != 0 && rc != MDB_NOTFOUND)
        return rc;
    return put(txn, env->young, key, sequence, 0);
}

int
lmdb_index_remove(const struct lmdb_env *env, MDB_txn *txn,
                  const struct store_key *key)
{
    int rc = del(txn, env->young, key);

    return rc == MDB_NOTFOUND ? put(txn, env->young, key, GONE, 0) : rc;
}

/* ---- moving ------------------------------------------------------------ */

/* Slices follow each other round all keys: so each finds the most that can
 * have gathered since the last round, and most of its pages shared. */
static int
get_place(MDB_txn *txn, MDB_dbi main_dbi, struct store_key *out)
{
    MDB_val k = lmdb_val(place_name, sizeof(place_name) - 1);
    MDB_val v;
    int rc = mdb_get(txn, main_dbi, &k, &v);

    if (rc == MDB_NOTFOUND)
        return 0;
    if (rc != 0)
        return rc;
    if (v.mv_size != STORE_KEY_LEN)
        return MDB_CORRUPTED;
    memcpy(out->bytes, v.mv_data, STORE_KEY_LEN);
    return 0;
}

static int
put_place(MDB_txn *txn, MDB_dbi main_dbi, const struct store_key *place)
{
    MDB_val k = lmdb_val(place_name, sizeof(place_name) - 1);
    MDB_val v = lmdb_val(place->bytes, STORE_KEY_LEN);

    return mdb_put(txn, main_dbi, &k, &v, 0);
}

/* The first entry from `key` on, or the first of all after the last. */
static int
next_entry(MDB_cursor *from, struct store_key *key, uint64_t *sequence)
{
    MDB_val k = lmdb_val(key->bytes, STORE_KEY_LEN);
    MDB_val v;
    int rc = mdb_cursor_get(from, &k, &v, MDB_SET_RANGE);

    if (rc == MDB_NOTFOUND)
        rc = mdb_cursor_get(from, &k, &v, MDB_FIRST);
    if (rc != 0)
        return rc;
    if (k.mv_size != STORE_KEY_LEN || v.mv_size != SEQUENCE_LEN)
        return MDB_CORRUPTED;
    memcpy(key->bytes, k.mv_data, STORE_KEY_LEN);
    memcpy(sequence, v.mv_data, SEQUENCE_LEN);
    return 0;
}

/* Young is right, whatever the large one says. */
static int
settle(MDB_cursor *to, const struct store_key *key, uint64_t sequence)
{
    MDB_val k = lmdb_val(key->bytes, STORE_KEY_LEN);
    MDB_val v = lmdb_val(&sequence, SEQUENCE_LEN);
    int rc;

    if (sequence != GONE)
        return mdb_cursor_put(to, &k, &v, 0);
    rc = mdb_cursor_get(to, &k, &v, MDB_SET);
    if (rc == 0)
        rc = mdb_cursor_del(to, 0);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

static int
move_slice(MDB_cursor *from, MDB_cursor *to, struct store_key *place)
{
    uint64_t sequence = GONE;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < LMDB_INDEX_SLICE; i++) {
        if ((rc = next_entry(from, place, &sequence)) == 0 &&
            (rc = settle(to, place, sequence)) == 0)
            rc = mdb_cursor_del(from, 0);
    }
    return rc;
}

int
lmdb_index_tidy(const struct lmdb_env *env, MDB_txn *txn)
{
    struct store_key place = {{0}};
    MDB_cursor *from = NULL;
    MDB_cursor *to = NULL;
    MDB_dbi main_dbi;
    MDB_stat stat;
    int rc;

    if ((rc = mdb_stat(txn, env->young, &stat)) != 0 ||
        stat.ms_entries < LMDB_INDEX_YOUNG)
        return rc;
    if ((rc = mdb_dbi_open(txn, NULL, 0, &main_dbi)) == 0 &&
        (rc = get_place(txn, main_dbi, &place)) == 0 &&
        (rc = mdb_cursor_open(txn, env->young, &from)) == 0 &&
        (rc = mdb_cursor_open(txn, env->index, &to)) == 0 &&
        (rc = move_slice(from, to, &place)) == 0)
        rc = put_place(txn, main_dbi, &place);
    if (to != NULL)
        mdb_cursor_close(to);
    if (from != NULL)
        mdb_cursor_close(from);
    return rc;
}
