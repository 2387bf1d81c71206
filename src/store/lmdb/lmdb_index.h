/* The index of rows: lookup key → sequence number, in two databases.
 *
 * Lookup keys are random. In one large index every change dirties a page of
 * its own somewhere in the file; so changes go to a small index, `young`, and
 * from there to the large one many at a time, neighbours together:
 *   young  the row's sequence number, or 0: what `index` says is over
 *   index  what young does not say
 * A key with a row is in one of them alone, but for the moment when young
 * says 0. All within the caller's transaction; return codes are LMDB's own.
 */
#ifndef STORE_LMDB_LMDB_INDEX_H
#define STORE_LMDB_LMDB_INDEX_H

#include "store/lmdb/lmdb_env.h"

/* From so many entries on, lmdb_index_tidy() moves a slice of them. */
enum { LMDB_INDEX_YOUNG = 16384, LMDB_INDEX_SLICE = 512 };

/* MDB_NOTFOUND: there is none. */
int lmdb_index_find(const struct lmdb_env *env, MDB_txn *txn,
                    const struct store_key *key, uint64_t *sequence);

/* MDB_KEYEXIST: there is a young row with this key. That there is no older
 * one is for the caller to know. */
int lmdb_index_add(const struct lmdb_env *env, MDB_txn *txn,
                   const struct store_key *key, uint64_t sequence);

/* A key that is there. */
int lmdb_index_remove(const struct lmdb_env *env, MDB_txn *txn,
                      const struct store_key *key);

/* Move a slice, if young has grown large. To be called in transactions that
 * change the index: nothing depends on how often, but the size of young. */
int lmdb_index_tidy(const struct lmdb_env *env, MDB_txn *txn);

#endif
