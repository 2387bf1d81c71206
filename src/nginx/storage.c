/* See storage.h. The workers get at the store through the descriptor that is
 * opened here, so no directory above the store's needs to admit them. */
#include "nginx/storage.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>

#include "store/lmdb/lmdb_store.h"

/* Who the workers will be. */
struct worker_user {
    const char *name;
    uid_t uid;
    gid_t gid;
};

/* As nginx decides: without privileges itself, else by the directive `user`,
 * else what nginx was built with. */
static ngx_int_t
find_worker_user(ngx_conf_t *cf, struct worker_user *out)
{
    const ngx_core_conf_t *core =
        (ngx_core_conf_t *)ngx_get_conf(cf->cycle->conf_ctx, ngx_core_module);
    const struct passwd *entry;

    if (geteuid() != 0) {
        *out = (struct worker_user){"you", geteuid(), getegid()};
        return NGX_OK;
    }
    if (core->user != (ngx_uid_t)NGX_CONF_UNSET_UINT) {
        *out = (struct worker_user){core->username, core->user, core->group};
        return NGX_OK;
    }
    if ((entry = getpwnam(NGX_USER)) == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "no user \"" NGX_USER "\" for the workers: "
                           "name one with the directive \"user\"");
        return NGX_ERROR;
    }
    *out = (struct worker_user){NGX_USER, entry->pw_uid, entry->pw_gid};
    return NGX_OK;
}

/* Whether the permissions of `st` let the user write and search. */
static bool
may_use(const struct stat *st, const struct worker_user *user)
{
    mode_t mode = st->st_mode;

    if (user->uid == 0)
        return true;
    if (st->st_uid == user->uid)
        return (mode & S_IWUSR) != 0 && (mode & S_IXUSR) != 0;
    if (st->st_gid == user->gid)
        return (mode & S_IWGRP) != 0 && (mode & S_IXGRP) != 0;
    return (mode & S_IWOTH) != 0 && (mode & S_IXOTH) != 0;
}

static void
close_directory(void *data)
{
    const struct relay_main *main = data;

    (void)close(main->directory);
}

static ngx_int_t
open_directory(ngx_conf_t *cf, struct relay_main *main,
               const struct worker_user *user)
{
    ngx_pool_cleanup_t *cleanup = ngx_pool_cleanup_add(cf->pool, 0);
    struct stat st;

    if (cleanup == NULL)
        return NGX_ERROR;
    main->directory = open((const char *)main->store_directory.data,
                           O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (main->directory < 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           "store directory \"%V\" cannot be opened: make it "
                           "with \"install -d -m 0700 -o %s %V\", or name "
                           "another with \"tigress_store lmdb:DIRECTORY\"",
                           &main->store_directory, user->name,
                           &main->store_directory);
        return NGX_ERROR;
    }
    cleanup->handler = close_directory;
    cleanup->data = main;
    if (fstat(main->directory, &st) != 0 || !may_use(&st, user)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "store directory \"%V\" is not writable by the "
                           "workers (%s): give it to them with "
                           "\"chown %s %V\" and \"chmod 0700 %V\"",
                           &main->store_directory, user->name, user->name,
                           &main->store_directory, &main->store_directory);
        return NGX_ERROR;
    }
    return NGX_OK;
}

ngx_int_t
storage_prepare(ngx_conf_t *cf, struct relay_main *main)
{
    struct worker_user user;
    struct lmdb_options options;
    enum tg_err err;

    if (find_worker_user(cf, &user) != NGX_OK ||
        open_directory(cf, main, &user) != NGX_OK)
        return NGX_ERROR;
    options = (struct lmdb_options){.directory = main->directory,
                                    .map_size = main->store_size};
    if ((err = lmdb_store_create(&options, user.uid, user.gid)) != TG_OK ||
        (err = lmdb_store_salt(main->directory, &main->salt)) != TG_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "store directory \"%V\" cannot be used (%s): is "
                           "there room on its disk, and are the files in it "
                           "those of a relay?",
                           &main->store_directory, tg_err_name(err));
        return NGX_ERROR;
    }
    return NGX_OK;
}
