/* The verbs of the store port on an open environment. Files: lmdb_run.c,
 * lmdb_expire.c. */
#ifndef STORE_LMDB_LMDB_RUN_H
#define STORE_LMDB_LMDB_RUN_H

#include "store/lmdb/lmdb_env.h"

/* Set every op's result. TG_E_STORE when there was one among them that casts
 * doubt on the environment: it should be closed and opened again. */
TG_MUST_USE enum tg_err lmdb_run(struct lmdb_env *env,
                                 struct store_op *const ops[], size_t count);

/* As `expire` of the port. */
TG_MUST_USE enum tg_err lmdb_expire(struct lmdb_env *env, tg_time_s now,
                                    size_t most, size_t *removed);

#endif
