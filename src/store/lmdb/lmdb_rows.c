/* See lmdb_rows.h. */
#include "store/lmdb/lmdb_rows.h"

#include <assert.h>
#include <string.h>

#include "store/lmdb/lmdb_index.h"

enum {
    TIME_LEN = 8,
    SEQUENCE_LEN = 8,
    ROW_HEAD_LEN = STORE_KEY_LEN + TIME_LEN,
    EXPIRY_KEY_LEN = TIME_LEN + SEQUENCE_LEN
};

struct expiry_key {
    uint8_t bytes[EXPIRY_KEY_LEN];
};

static_assert(sizeof(size_t) == SEQUENCE_LEN,
              "MDB_INTEGERKEY takes sequence numbers");

static void
write_big_endian(uint8_t out[8], uint64_t value)
{
    for (size_t i = 0; i < 8; i++)
        out[i] = (uint8_t)(value >> (8 * (7 - i)));
}

static uint64_t
read_big_endian(const uint8_t bytes[8])
{
    uint64_t value = 0;

    for (size_t i = 0; i < 8; i++)
        value = value << 8 | bytes[i];
    return value;
}

static struct expiry_key
expiry_key(tg_time_s expires, uint64_t sequence)
{
    struct expiry_key key;

    write_big_endian(key.bytes, (uint64_t)expires);
    write_big_endian(key.bytes + TIME_LEN, sequence);
    return key;
}

/* ---- finding ----------------------------------------------------------- */

/* What an index names must be there. */
static int
load(const struct lmdb_env *env, MDB_txn *txn, uint64_t sequence,
     struct store_key *key, struct lmdb_row *out)
{
    MDB_val k = lmdb_val(&sequence, SEQUENCE_LEN);
    const uint8_t *bytes;
    MDB_val v;
    int rc;

    if ((rc = mdb_get(txn, env->rows, &k, &v)) != 0)
        return rc == MDB_NOTFOUND ? MDB_CORRUPTED : rc;
    if (v.mv_size < ROW_HEAD_LEN)
        return MDB_CORRUPTED;
    bytes = v.mv_data;
    memcpy(key->bytes, bytes, STORE_KEY_LEN);
    out->sequence = sequence;
    memcpy(&out->row.expires, bytes + STORE_KEY_LEN, TIME_LEN);
    out->row.blob.ptr = bytes + ROW_HEAD_LEN;
    out->row.blob.len = v.mv_size - ROW_HEAD_LEN;
    return 0;
}

int
lmdb_rows_get(const struct lmdb_env *env, MDB_txn *txn,
              const struct store_key *key, struct lmdb_row *out)
{
    struct store_key found;
    uint64_t sequence;
    int rc;

    if ((rc = lmdb_index_find(env, txn, key, &sequence)) != 0)
        return rc;
    if ((rc = load(env, txn, sequence, &found, out)) != 0)
        return rc;
    return memcmp(found.bytes, key->bytes, STORE_KEY_LEN) == 0
               ? 0
               : MDB_CORRUPTED;
}

int
lmdb_rows_due(const struct lmdb_env *env, MDB_txn *txn, tg_time_s now,
              struct store_key *key, struct lmdb_row *out)
{
    const uint8_t *bytes;
    MDB_cursor *cursor;
    MDB_val k, v;
    int rc;

    if ((rc = mdb_cursor_open(txn, env->expiry, &cursor)) != 0)
        return rc;
    rc = mdb_cursor_get(cursor, &k, &v, MDB_FIRST);
    mdb_cursor_close(cursor);
    if (rc != 0)
        return rc;
    if (k.mv_size != EXPIRY_KEY_LEN)
        return MDB_CORRUPTED;
    bytes = k.mv_data;
    if ((tg_time_s)read_big_endian(bytes) > now)
        return MDB_NOTFOUND;
    return load(env, txn, read_big_endian(bytes + TIME_LEN), key, out);
}

/* ---- changing ---------------------------------------------------------- */

static int
find_end(const struct lmdb_env *env, MDB_txn *txn, struct lmdb_rows_end *end)
{
    MDB_cursor *cursor;
    MDB_val k, v;
    uint64_t last = 0;
    int rc;

    if ((rc = mdb_cursor_open(txn, env->rows, &cursor)) != 0)
        return rc;
    rc = mdb_cursor_get(cursor, &k, &v, MDB_LAST);
    if (rc == 0)
        memcpy(&last, k.mv_data, SEQUENCE_LEN);
    mdb_cursor_close(cursor);
    if (rc != 0 && rc != MDB_NOTFOUND)
        return rc;
    end->next_sequence = last + 1;
    return 0;
}

/* Written straight into the page, without putting it together elsewhere. */
static int
write_row(const struct lmdb_env *env, MDB_txn *txn, uint64_t sequence,
          const struct store_key *key, const struct store_row *row,
          unsigned flags)
{
    MDB_val k = lmdb_val(&sequence, SEQUENCE_LEN);
    MDB_val v = {ROW_HEAD_LEN + row->blob.len, NULL};
    uint8_t *to;
    int rc;

    if ((rc = mdb_put(txn, env->rows, &k, &v, flags | MDB_RESERVE)) != 0)
        return rc;
    to = v.mv_data;
    memcpy(to, key->bytes, STORE_KEY_LEN);
    memcpy(to + STORE_KEY_LEN, &row->expires, TIME_LEN);
    memcpy(to + ROW_HEAD_LEN, row->blob.ptr, row->blob.len);
    return 0;
}

static int
put_expiry(const struct lmdb_env *env, MDB_txn *txn, tg_time_s expires,
           uint64_t sequence)
{
    const struct expiry_key key = expiry_key(expires, sequence);
    MDB_val k = lmdb_val(key.bytes, EXPIRY_KEY_LEN);
    MDB_val v = {0, NULL};

    return mdb_put(txn, env->expiry, &k, &v, 0);
}

static int
drop_expiry(const struct lmdb_env *env, MDB_txn *txn, tg_time_s expires,
            uint64_t sequence)
{
    const struct expiry_key key = expiry_key(expires, sequence);
    MDB_val k = lmdb_val(key.bytes, EXPIRY_KEY_LEN);

    return mdb_del(txn, env->expiry, &k, NULL);
}

int
lmdb_rows_add(const struct lmdb_env *env, MDB_txn *txn,
              struct lmdb_rows_end *end, const struct store_key *key,
              const struct store_row *row)
{
    int rc;

    if (end->next_sequence == 0 && (rc = find_end(env, txn, end)) != 0)
        return rc;
    if ((rc = lmdb_index_add(env, txn, key, end->next_sequence)) != 0)
        return rc;
    if ((rc = write_row(env, txn, end->next_sequence, key, row,
                        MDB_APPEND)) != 0)
        return rc;
    if ((rc = put_expiry(env, txn, row->expires, end->next_sequence)) != 0)
        return rc;
    end->next_sequence++;
    return 0;
}

int
lmdb_rows_replace(const struct lmdb_env *env, MDB_txn *txn,
                  const struct store_key *key, const struct lmdb_row *old,
                  const struct store_row *row)
{
    const uint64_t sequence = old->sequence;
    const tg_time_s expired = old->row.expires;
    int rc;

    if ((rc = write_row(env, txn, sequence, key, row, 0)) != 0)
        return rc;
    if (row->expires == expired)
        return 0;
    if ((rc = drop_expiry(env, txn, expired, sequence)) != 0)
        return rc;
    return put_expiry(env, txn, row->expires, sequence);
}

int
lmdb_rows_remove(const struct lmdb_env *env, MDB_txn *txn,
                 const struct store_key *key, const struct lmdb_row *old)
{
    const uint64_t sequence = old->sequence;
    const tg_time_s expires = old->row.expires;
    MDB_val by_sequence = lmdb_val(&sequence, SEQUENCE_LEN);
    int rc;

    if ((rc = lmdb_index_remove(env, txn, key)) != 0)
        return rc;
    if ((rc = mdb_del(txn, env->rows, &by_sequence, NULL)) != 0)
        return rc;
    return drop_expiry(env, txn, expires, sequence);
}
