/* The LMDB environment: opened, used through transactions, and opened again
 * by itself after whatever went wrong with it.
 *
 * Layout (DESIGN D-D; all numbers but those in keys of `expiry` are in the
 * machine's byte order, as LMDB's own are):
 *   rows    sequence number         → lookup key ‖ expiry second ‖ blob
 *   index, young  lookup key        → sequence number; see lmdb_index.h
 *   expiry  expiry second ‖ sequence number, both big-endian → nothing
 * Sequence numbers only grow, so rows lie in the order of creation: live
 * shares are the recent ones, and their pages are few.
 */
#ifndef STORE_LMDB_LMDB_ENV_H
#define STORE_LMDB_LMDB_ENV_H

#include <lmdb.h>

#include "store/lmdb/lmdb_store.h"

/* Start with all zero. */
struct lmdb_env {
    struct lmdb_options options;
    MDB_env *mdb; /* NULL: closed */
    MDB_dbi rows;
    MDB_dbi index;
    MDB_dbi young;
    MDB_dbi expiry;
    MDB_txn *reader; /* reset between uses; holds our place among readers */
    bool read_only;
    size_t file_len; /* that is known to be backed by blocks */
};

/* Make the databases in the directory unless they are there. The working
 * directory of the calling thread must be, or stand for, `path`.
 * TG_E_FULL, TG_E_IO, TG_E_FORMAT. */
TG_MUST_USE enum tg_err lmdb_env_create(const struct lmdb_options *options,
                                        const char *path);

/* Open what lmdb_env_create() has made. TG_E_STORE, TG_E_FORMAT, TG_E_NOMEM:
 * it is closed. */
TG_MUST_USE enum tg_err lmdb_env_open(struct lmdb_env *env, const char *path,
                                      bool read_only);

/* A closed one is fine. */
void lmdb_env_close(struct lmdb_env *env);

/* A snapshot of what is committed; end it with lmdb_env_end_read(). */
TG_MUST_USE enum tg_err lmdb_env_begin_read(struct lmdb_env *env,
                                            MDB_txn **out);
void lmdb_env_end_read(struct lmdb_env *env);

/* The one writer of all processes; waits for its turn. End it with
 * mdb_txn_abort() or lmdb_env_commit(), which is durable on TG_OK. */
TG_MUST_USE enum tg_err lmdb_env_begin_write(struct lmdb_env *env,
                                             MDB_txn **out);
TG_MUST_USE enum tg_err lmdb_env_commit(MDB_txn *txn);

/* Whether rows may be added. False a little before the map or the disk is
 * full: what is left is for removing, which takes pages too. */
bool lmdb_env_has_room(struct lmdb_env *env);

TG_MUST_USE enum tg_err lmdb_env_count(struct lmdb_env *env,
                                       struct store_count *out);

/* Give the places of readers that died back. */
void lmdb_env_check_readers(struct lmdb_env *env);

/* LMDB's MDB_val has no const; what it borrows here is only read. */
static inline MDB_val
lmdb_val(const void *bytes, size_t len)
{
    union {
        const void *given;
        void *borrowed;
    } at = {bytes};

    return (MDB_val){len, at.borrowed};
}

/* What a return code of LMDB means to us. TG_E_STORE casts doubt on the
 * environment itself: it should be closed and opened again. */
enum tg_err lmdb_env_error(int rc);

#endif
