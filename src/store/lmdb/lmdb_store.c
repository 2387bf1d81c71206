/* See lmdb_store.h: the port's functions, and opening again by itself.
 *
 * The environment and the hour keys are opened together and closed together.
 * Whatever casts doubt on them closes them; the next call opens them again.
 */
#include "store/lmdb/lmdb_store.h"

#include <assert.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "store/lmdb/hour_keys_file.h"
#include "store/lmdb/lmdb_files.h"
#include "store/lmdb/lmdb_run.h"

enum { PATH_LEN = 32 };

struct lmdb_store {
    char path[PATH_LEN]; /* of the directory, as this thread may name it */
    struct lmdb_env env;
    struct hour_keys_file hours;
    tg_time_s tried_to_write; /* when, while reading alone is possible */
};

/* ---- opening again ----------------------------------------------------- */

static void
close_files(struct lmdb_store *s)
{
    lmdb_env_close(&s->env);
    hour_keys_file_close(&s->hours);
}

static enum tg_err
open_files(struct lmdb_store *s, bool read_only)
{
    enum tg_err err;

    if ((err = hour_keys_file_open(&s->hours, s->env.options.directory,
                                   LMDB_FILES_HOUR_KEYS, read_only)) != TG_OK)
        return err;
    if ((err = lmdb_env_open(&s->env, s->path, read_only)) != TG_OK)
        close_files(s);
    return err;
}

static enum tg_err
make_usable(struct lmdb_store *s)
{
    enum tg_err err;

    if (s->env.mdb != NULL)
        return TG_OK;
    if ((err = open_files(s, false)) == TG_E_STORE)
        err = open_files(s, true);
    return err;
}

/* Reading alone is not for ever: once a second a write tries for more. */
static void
try_to_write_again(struct lmdb_store *s, tg_time_s now)
{
    if (s->env.mdb == NULL || !s->env.read_only || now == s->tried_to_write)
        return;
    s->tried_to_write = now;
    close_files(s);
}

/* ---- the port ---------------------------------------------------------- */

static void
run(void *self, struct store_op *const ops[], size_t count)
{
    struct lmdb_store *s = self;
    enum tg_err err;

    if (!store_ops_only_read(ops, count))
        try_to_write_again(s, ops[0]->now);
    if ((err = make_usable(s)) != TG_OK) {
        for (size_t i = 0; i < count; i++)
            ops[i]->result = TG_E_STORE;
        return;
    }
    if (lmdb_run(&s->env, ops, count) == TG_E_STORE)
        close_files(s);
}

static enum tg_err
expire(void *self, tg_time_s now, size_t most, size_t *removed)
{
    struct lmdb_store *s = self;
    enum tg_err err;

    try_to_write_again(s, now);
    if ((err = make_usable(s)) != TG_OK)
        return err;
    if (s->env.read_only)
        return TG_E_STORE;
    if ((err = lmdb_expire(&s->env, now, most, removed)) == TG_E_STORE)
        close_files(s);
    return err;
}

static enum tg_err
count_rows(void *self, struct store_count *out)
{
    struct lmdb_store *s = self;
    enum tg_err err;

    if ((err = make_usable(s)) != TG_OK)
        return err;
    return lmdb_env_count(&s->env, out);
}

static void
close_store(void *self)
{
    struct lmdb_store *s = self;

    close_files(s);
    tg_free(s);
}

static enum tg_err
get_hour_key(void *self, tg_time_s expires, bool create, struct hour_key *out)
{
    struct lmdb_store *s = self;

    return hour_keys_file_get(&s->hours, expires, create, out);
}

static enum tg_err
destroy_hour_keys(void *self, tg_time_s now)
{
    struct lmdb_store *s = self;
    enum tg_err err;

    if ((err = make_usable(s)) != TG_OK)
        return err;
    return hour_keys_file_destroy(&s->hours, now);
}

/* ---- opening ----------------------------------------------------------- */

/* LMDB wants a path, and a worker without privileges may not be able to walk
 * to one. So the directory becomes this thread's working directory. Where a
 * thread may not have its own (some containers forbid unshare(2)), the link
 * in /proc stands for it. */
static void
name_directory(int directory, char path[PATH_LEN])
{
    if (unshare(CLONE_FS) == 0 && fchdir(directory) == 0)
        snprintf(path, PATH_LEN, ".");
    else
        snprintf(path, PATH_LEN, "/proc/self/fd/%d", directory);
}

enum tg_err
lmdb_store_open(const struct lmdb_options *options, struct store *out,
                struct hour_keys *hours)
{
    struct lmdb_store *s = tg_alloc(sizeof(*s));
    enum tg_err err;

    if (s == NULL)
        return TG_E_NOMEM;
    s->env.options = *options;
    s->hours = HOUR_KEYS_FILE_CLOSED;
    name_directory(options->directory, s->path);
    if ((err = make_usable(s)) != TG_OK) {
        close_store(s);
        return err;
    }
    *out = (struct store){s, run, expire, count_rows, close_store};
    *hours = (struct hour_keys){s, get_hour_key, destroy_hour_keys};
    return TG_OK;
}

enum tg_err
lmdb_store_salt(int directory, struct row_salt *out)
{
    return lmdb_files_salt(directory, out);
}

/* ---- the privileged start ---------------------------------------------- */

/* The process's own working directory is left as it was. */
static enum tg_err
create_environment(const struct lmdb_options *options)
{
    enum tg_err err = TG_E_IO;
    int before = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (before < 0)
        return TG_E_IO;
    if (fchdir(options->directory) == 0) {
        err = lmdb_env_create(options, ".");
        if (fchdir(before) != 0)
            err = TG_E_IO;
    }
    close(before);
    return err;
}

static bool
has_owner(const struct stat *st, uid_t owner, gid_t group)
{
    return (owner == (uid_t)-1 || st->st_uid == owner) &&
           (group == (gid_t)-1 || st->st_gid == group);
}

static enum tg_err
give_file(int directory, const char *name, uid_t owner, gid_t group)
{
    struct stat st;

    if (fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return TG_E_IO;
    if (has_owner(&st, owner, group))
        return TG_OK;
    return fchownat(directory, name, owner, group, AT_SYMLINK_NOFOLLOW) == 0
               ? TG_OK
               : TG_E_IO;
}

/* All of them, also those of an earlier start under another user. */
static enum tg_err
give_files(int directory, uid_t owner, gid_t group)
{
    static const char *const names[] = {"data.mdb", "lock.mdb",
                                        LMDB_FILES_SALT, LMDB_FILES_HOUR_KEYS};
    enum tg_err err = TG_OK;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (err == TG_OK)
            err = give_file(directory, names[i], owner, group);
    return err;
}

enum tg_err
lmdb_store_create(const struct lmdb_options *options, unsigned owner,
                  unsigned group)
{
    enum tg_err err;
    int lock = lmdb_files_lock(options->directory);

    if (lock < 0)
        return TG_E_IO;
    err = lmdb_files_create(options->directory);
    if (err == TG_OK)
        err = create_environment(options);
    if (err == TG_OK)
        err = give_files(options->directory, owner, group);
    if (err == TG_OK)
        err = lmdb_files_sync(options->directory);
    close(lock);
    return err;
}
