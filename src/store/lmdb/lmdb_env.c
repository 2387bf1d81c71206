/* See lmdb_env.h.
 *
 * Not used of LMDB, on purpose: MDB_WRITEMAP (a full disk would be a SIGBUS,
 * and a stray write would reach the file), MDB_NOMEMINIT (old heap content,
 * which may be secret, would reach the file), MDB_NOSYNC and its kind.
 */
#include "store/lmdb/lmdb_env.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "store/lmdb/lmdb_files.h"

enum { MAX_READERS = 1024, DATABASES = 4 };

/* Room that adding rows leaves alone, in the map and on the disk: removing
 * them takes pages too, before it frees any. */
enum { RESERVE = 2 * 1024 * 1024, GROWTH_STEP = 8 * 1024 * 1024 };

static const char format_key[] = "format";
static const char format_value[] = "tigress rows 2";

enum tg_err
lmdb_env_error(int rc)
{
    switch (rc) {
    case MDB_SUCCESS: return TG_OK;
    case MDB_MAP_FULL:
    case MDB_TXN_FULL:
    case ENOSPC:
    case EDQUOT:
    case EFBIG: return TG_E_FULL;
    case ENOMEM: return TG_E_NOMEM;
    default: return TG_E_STORE;
    }
}

/* ---- opening ----------------------------------------------------------- */

static int
open_mdb(const struct lmdb_options *options, const char *path, unsigned flags,
         MDB_env **out)
{
    MDB_env *mdb = NULL;
    int rc;

    if ((rc = mdb_env_create(&mdb)) != 0)
        return rc;
    if ((rc = mdb_env_set_maxdbs(mdb, DATABASES)) != 0 ||
        (rc = mdb_env_set_maxreaders(mdb, MAX_READERS)) != 0 ||
        (rc = mdb_env_set_mapsize(mdb, options->map_size + RESERVE)) !=
            0 ||
        (rc = mdb_env_open(mdb, path, flags | MDB_NOTLS, LMDB_FILES_MODE)) !=
            0) {
        mdb_env_close(mdb);
        return rc;
    }
    *out = mdb;
    return 0;
}

static int
open_databases(struct lmdb_env *env, MDB_txn *txn, unsigned flags)
{
    int rc;

    if ((rc = mdb_dbi_open(txn, "rows", flags | MDB_INTEGERKEY, &env->rows)) !=
        0)
        return rc;
    if ((rc = mdb_dbi_open(txn, "index", flags, &env->index)) != 0)
        return rc;
    if ((rc = mdb_dbi_open(txn, "expiry", flags, &env->expiry)) != 0)
        return rc;
    return mdb_dbi_open(txn, "young", flags, &env->young);
}

static int
open_main(MDB_txn *txn, MDB_dbi *out)
{
    return mdb_dbi_open(txn, NULL, 0, out);
}

static MDB_val
text_val(const char *text, size_t size)
{
    return lmdb_val(text, size - 1);
}

/* MDB_NOTFOUND: the environment is empty. MDB_INCOMPATIBLE: somebody else's. */
static int
check_format(MDB_txn *txn)
{
    MDB_val key = text_val(format_key, sizeof(format_key));
    MDB_val value;
    MDB_dbi main_dbi;
    int rc;

    if ((rc = open_main(txn, &main_dbi)) != 0)
        return rc;
    if ((rc = mdb_get(txn, main_dbi, &key, &value)) != 0)
        return rc;
    if (value.mv_size != sizeof(format_value) - 1 ||
        memcmp(value.mv_data, format_value, value.mv_size) != 0)
        return MDB_INCOMPATIBLE;
    return 0;
}

static int
put_format(MDB_txn *txn)
{
    MDB_val key = text_val(format_key, sizeof(format_key));
    MDB_val value = text_val(format_value, sizeof(format_value));
    MDB_dbi main_dbi;
    int rc;

    if ((rc = open_main(txn, &main_dbi)) != 0)
        return rc;
    return mdb_put(txn, main_dbi, &key, &value, 0);
}

/* In one transaction: all of it is there afterwards, or nothing. */
static int
make_databases(struct lmdb_env *env)
{
    MDB_txn *txn;
    int rc;

    if ((rc = mdb_txn_begin(env->mdb, NULL, 0, &txn)) != 0)
        return rc;
    if ((rc = check_format(txn)) != MDB_NOTFOUND) {
        mdb_txn_abort(txn);
        return rc;
    }
    if ((rc = open_databases(env, txn, MDB_CREATE)) != 0 ||
        (rc = put_format(txn)) != 0) {
        mdb_txn_abort(txn);
        return rc;
    }
    return mdb_txn_commit(txn);
}

/* The files may be read but not written. */
static bool
is_read_only(int rc)
{
    return rc == EROFS || rc == EACCES || rc == EPERM;
}

static bool
is_not_ours(int rc)
{
    return rc == MDB_INVALID || rc == MDB_VERSION_MISMATCH ||
           rc == MDB_INCOMPATIBLE || rc == MDB_NOTFOUND;
}

/* Handles of the databases, and the reader that is used from now on. */
static int
prepare(struct lmdb_env *env)
{
    MDB_txn *txn;
    int rc;

    if ((rc = mdb_txn_begin(env->mdb, NULL, MDB_RDONLY, &txn)) != 0)
        return rc;
    if ((rc = check_format(txn)) != 0 ||
        (rc = open_databases(env, txn, 0)) != 0) {
        mdb_txn_abort(txn);
        return rc;
    }
    if ((rc = mdb_txn_commit(txn)) != 0) /* keeps the handles */
        return rc;
    if ((rc = mdb_txn_begin(env->mdb, NULL, MDB_RDONLY, &env->reader)) != 0)
        return rc;
    mdb_txn_reset(env->reader);
    return 0;
}

enum tg_err
lmdb_env_open(struct lmdb_env *env, const char *path, bool read_only)
{
    int rc;

    env->read_only = read_only;
    rc = open_mdb(&env->options, path, read_only ? MDB_RDONLY : 0, &env->mdb);
    /* Where not even the lock file can be written there is no writer to be
     * locked out. */
    if (read_only && is_read_only(rc))
        rc = open_mdb(&env->options, path, MDB_RDONLY | MDB_NOLOCK,
                      &env->mdb);
    if (rc == 0) {
        lmdb_env_check_readers(env);
        rc = prepare(env);
    }
    if (rc == 0)
        return TG_OK;
    lmdb_env_close(env);
    if (is_not_ours(rc))
        return TG_E_FORMAT;
    return rc == ENOMEM ? TG_E_NOMEM : TG_E_STORE;
}

/* What cannot be written need not be, if it is there. */
static enum tg_err
find_databases(struct lmdb_env *env, const char *path)
{
    enum tg_err err = lmdb_env_open(env, path, true);

    lmdb_env_close(env);
    return err == TG_E_STORE ? TG_E_IO : err;
}

enum tg_err
lmdb_env_create(const struct lmdb_options *options, const char *path)
{
    struct lmdb_env env = {.options = *options};
    enum tg_err err;
    int rc;

    rc = open_mdb(options, path, 0, &env.mdb);
    if (is_read_only(rc))
        return find_databases(&env, path);
    if (rc == 0)
        rc = make_databases(&env);
    lmdb_env_close(&env);
    if (is_not_ours(rc))
        return TG_E_FORMAT;
    err = lmdb_env_error(rc);
    return err == TG_E_STORE ? TG_E_IO : err;
}

void
lmdb_env_close(struct lmdb_env *env)
{
    if (env->mdb == NULL)
        return;
    if (env->reader != NULL)
        mdb_txn_abort(env->reader);
    mdb_env_close(env->mdb);
    env->reader = NULL;
    env->file_len = 0;
    env->mdb = NULL;
}

/* ---- transactions ------------------------------------------------------ */

enum tg_err
lmdb_env_begin_read(struct lmdb_env *env, MDB_txn **out)
{
    int rc = mdb_txn_renew(env->reader);

    if (rc != 0)
        return lmdb_env_error(rc);
    *out = env->reader;
    return TG_OK;
}

void
lmdb_env_end_read(struct lmdb_env *env)
{
    mdb_txn_reset(env->reader);
}

enum tg_err
lmdb_env_begin_write(struct lmdb_env *env, MDB_txn **out)
{
    return lmdb_env_error(mdb_txn_begin(env->mdb, NULL, 0, out));
}

enum tg_err
lmdb_env_commit(MDB_txn *txn)
{
    return lmdb_env_error(mdb_txn_commit(txn));
}

/* ---- room -------------------------------------------------------------- */

/* Pages that earlier transactions have freed. Only called when the file has
 * grown to its limit, since it walks the list of them. */
static size_t
free_pages(MDB_txn *txn)
{
    const MDB_dbi free_list = 0;
    MDB_cursor *cursor;
    MDB_val key, value;
    size_t pages = 0;

    if (mdb_cursor_open(txn, free_list, &cursor) != 0)
        return 0;
    while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0) {
        size_t count;

        if (value.mv_size < sizeof(count))
            continue;
        memcpy(&count, value.mv_data, sizeof(count));
        pages += count;
    }
    mdb_cursor_close(cursor);
    return pages;
}

/* Make the file longer ahead of its use, by real blocks: what a later write
 * needs is then there, or it is known that it is not. Returns the length. */
static size_t
grow_file(MDB_env *mdb, size_t used)
{
    static const size_t steps[] = {GROWTH_STEP, RESERVE};
    struct stat st;
    size_t len;
    int fd;

    if (mdb_env_get_fd(mdb, &fd) != 0 || fstat(fd, &st) != 0)
        return 0;
    len = (size_t)st.st_size;
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        if (len >= used + RESERVE)
            return len; /* also when another process has done it */
        if (fallocate(fd, 0, (off_t)len, (off_t)(used + steps[i] - len)) == 0)
            return used + steps[i];
        /* A file system that cannot do it tells when a write fails. */
        if (errno == EOPNOTSUPP)
            return used + RESERVE;
    }
    return len;
}

bool
lmdb_env_has_room(struct lmdb_env *env)
{
    const size_t map_size = env->options.map_size + RESERVE;
    MDB_envinfo info;
    MDB_stat stat;
    MDB_txn *txn;
    size_t used, end;

    if (mdb_env_info(env->mdb, &info) != 0 ||
        mdb_env_stat(env->mdb, &stat) != 0)
        return false;
    used = (info.me_last_pgno + 1) * stat.ms_psize;
    if (used + RESERVE > env->file_len)
        env->file_len = grow_file(env->mdb, used);
    end = env->file_len < map_size ? env->file_len : map_size;
    if (used + RESERVE <= end)
        return true;
    if (lmdb_env_begin_read(env, &txn) != TG_OK)
        return false;
    used -= free_pages(txn) * stat.ms_psize;
    lmdb_env_end_read(env);
    return used + RESERVE <= end;
}

void
lmdb_env_check_readers(struct lmdb_env *env)
{
    int dead;

    /* Failing, it will be tried again: nothing else depends on it. */
    (void)mdb_reader_check(env->mdb, &dead);
}

enum tg_err
lmdb_env_count(struct lmdb_env *env, struct store_count *out)
{
    struct store_count count;
    MDB_envinfo info;
    MDB_stat stat;
    MDB_txn *txn;
    enum tg_err err;
    int rc;

    if ((err = lmdb_env_begin_read(env, &txn)) != TG_OK)
        return err;
    rc = mdb_stat(txn, env->rows, &stat);
    lmdb_env_end_read(env);
    if (rc != 0 || (rc = mdb_env_info(env->mdb, &info)) != 0)
        return lmdb_env_error(rc);
    count.rows = stat.ms_entries;
    count.bytes = (info.me_last_pgno + 1) * stat.ms_psize;
    *out = count;
    return TG_OK;
}
