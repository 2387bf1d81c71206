/* The store of one machine, on LMDB: several processes share one directory. */
#ifndef STORE_LMDB_LMDB_STORE_H
#define STORE_LMDB_LMDB_STORE_H

#include "relay/store.h"
#include "row/hour_keys.h"
#include "row/row_keys.h"

struct lmdb_options {
    int directory;   /* an open descriptor of the store's directory, O_PATH is
                        enough; borrowed while the store is open */
    size_t map_size; /* the most bytes that the store may grow to */
};

/* Make what a new store needs in the directory (salt, hour keys' file, empty
 * environment) if it is not there. For the start, before privileges are
 * dropped or workers exist; files get the mode 0600 and the given owner
 * unless that is (uid_t)-1.
 * TG_E_IO, TG_E_FULL, TG_E_FORMAT (files that are not ours). */
TG_MUST_USE enum tg_err lmdb_store_create(const struct lmdb_options *options,
                                          unsigned owner, unsigned group);

/* Open in the thread that will use it. That thread gets a working directory
 * of its own (unshare(2) of CLONE_FS), so that the worker needs no path: only
 * the descriptor. Falls back to reading alone when the directory cannot be
 * written; writes then fail with TG_E_STORE until it can, and all works again
 * without a new open.
 * TG_E_STORE, TG_E_FORMAT, TG_E_NOMEM. */
TG_MUST_USE enum tg_err lmdb_store_open(const struct lmdb_options *options,
                                        struct store *out,
                                        struct hour_keys *hours);

/* The deployment's salt, from the directory. TG_E_IO, TG_E_FORMAT. */
TG_MUST_USE enum tg_err lmdb_store_salt(int directory, struct row_salt *out);

#endif
