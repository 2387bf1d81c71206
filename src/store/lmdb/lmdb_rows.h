/* Rows in the layout of lmdb_env.h, within a transaction of the caller's.
 *
 * All return codes are LMDB's own; MDB_CORRUPTED also when the databases
 * do not agree. After an error other than MDB_NOTFOUND a write transaction must
 * be aborted.
 */
#ifndef STORE_LMDB_LMDB_ROWS_H
#define STORE_LMDB_LMDB_ROWS_H

#include "store/lmdb/lmdb_env.h"

/* Where rows are added in one write transaction; zero it at its begin. */
struct lmdb_rows_end {
    uint64_t next_sequence; /* 0: not looked up yet */
};

/* A row as it lies in the store; the blob is borrowed from the map until the
 * next change in the transaction, or its end. */
struct lmdb_row {
    uint64_t sequence;
    struct store_row row;
};

/* MDB_NOTFOUND: there is none. */
int lmdb_rows_get(const struct lmdb_env *env, MDB_txn *txn,
                  const struct store_key *key, struct lmdb_row *out);

int lmdb_rows_add(const struct lmdb_env *env, MDB_txn *txn,
                  struct lmdb_rows_end *end, const struct store_key *key,
                  const struct store_row *row);

/* `old` is what lmdb_rows_get() has found for the key. */
int lmdb_rows_replace(const struct lmdb_env *env, MDB_txn *txn,
                      const struct store_key *key, const struct lmdb_row *old,
                      const struct store_row *row);
int lmdb_rows_remove(const struct lmdb_env *env, MDB_txn *txn,
                     const struct store_key *key, const struct lmdb_row *old);

/* The row that expires first, if it does so at `now` or before: MDB_NOTFOUND
 * when nothing is due. */
int lmdb_rows_due(const struct lmdb_env *env, MDB_txn *txn, tg_time_s now,
                  struct store_key *key, struct lmdb_row *out);

#endif
