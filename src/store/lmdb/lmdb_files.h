/* The files of a store beside LMDB's own: the salt and the hour keys. */
#ifndef STORE_LMDB_LMDB_FILES_H
#define STORE_LMDB_LMDB_FILES_H

#include "base/bytes.h"
#include "row/row_keys.h"

#define LMDB_FILES_SALT      "salt"
#define LMDB_FILES_HOUR_KEYS "hours"

enum { LMDB_FILES_MODE = 0600 };

/* Keep others from making the same files at the same time: an open descriptor
 * that holds the lock until it is closed, or -1. */
int lmdb_files_lock(int directory);

/* Make salt and hour keys unless they are there; durable, each whole or not at
 * all. TG_E_IO, TG_E_FULL, TG_E_NOMEM, TG_E_RANDOM. */
TG_MUST_USE enum tg_err lmdb_files_create(int directory);

/* TG_E_IO, TG_E_FORMAT. */
TG_MUST_USE enum tg_err lmdb_files_salt(int directory, struct row_salt *out);

/* Make what was done in the directory durable. TG_E_IO. */
TG_MUST_USE enum tg_err lmdb_files_sync(int directory);

#endif
