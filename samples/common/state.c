/* See state.h. */
#include "state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define UNFINISHED ".new" /* behind the name, until a file is whole */

static enum tg_err
from_errno(void)
{
    switch (errno) {
    case ENOENT: return TG_E_NOT_FOUND;
    case ENOSPC:
    case EDQUOT: return TG_E_FULL;
    case ENOMEM: return TG_E_NOMEM;
    default: return TG_E_IO;
    }
}

static bool
is_standard(const char *path)
{
    return strcmp(path, "-") == 0;
}

enum tg_err
state_peek(const char *path, struct state *out)
{
    struct state state = {.lock = -1};
    struct stat info;
    int len = snprintf(state.path, sizeof(state.path), "%s", path);

    if (len < 0 || (size_t)len >= sizeof(state.path))
        return TG_E_LIMIT;
    if (stat(path, &info) != 0)
        return from_errno();
    if (!S_ISDIR(info.st_mode))
        return TG_E_IO;
    *out = state;
    return TG_OK;
}

/* Waits: the program that holds the lock is one of ours and ends. */
static enum tg_err
take_lock(struct state *state)
{
    char path[STATE_PATH_MAX];
    enum tg_err err;
    int fd;

    if ((err = state_path(state, "lock", path)) != TG_OK)
        return err;
    if ((fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600)) < 0)
        return from_errno();
    while (flock(fd, LOCK_EX) != 0) {
        if (errno != EINTR) {
            close(fd);
            return TG_E_IO;
        }
    }
    state->lock = fd;
    return TG_OK;
}

enum tg_err
state_open(const char *path, bool create, struct state *out)
{
    struct state state;
    enum tg_err err;

    if (create && mkdir(path, 0700) != 0 && errno != EEXIST)
        return TG_E_IO; /* also when the directory above is missing */
    if ((err = state_peek(path, &state)) != TG_OK)
        return err;
    if ((err = take_lock(&state)) != TG_OK)
        return err;
    *out = state;
    return TG_OK;
}

void
state_close(struct state *state)
{
    if (state->lock >= 0)
        close(state->lock);
    state->lock = -1;
}

enum tg_err
state_path(const struct state *state, const char *name,
           char out[static STATE_PATH_MAX])
{
    int len = snprintf(out, STATE_PATH_MAX, "%s/%s", state->path, name);

    return len < 0 || len >= STATE_PATH_MAX ? TG_E_LIMIT : TG_OK;
}

bool
state_has(const struct state *state, const char *name)
{
    char path[STATE_PATH_MAX];

    return state_path(state, name, path) == TG_OK && access(path, F_OK) == 0;
}

/* At most STATE_FILE_MAX bytes until the end of the file. */
static enum tg_err
read_all(int fd, struct text *out)
{
    struct text got = {calloc(STATE_FILE_MAX + 1, 1), 0};
    enum tg_err err = TG_E_NOMEM;
    ssize_t n;

    if (got.at == NULL)
        return err;
    for (;;) {
        n = read(fd, got.at + got.len, STATE_FILE_MAX + 1 - got.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        got.len += (size_t)n;
        if (got.len > STATE_FILE_MAX)
            break;
    }
    if (n < 0)
        err = TG_E_IO;
    else if (got.len > STATE_FILE_MAX)
        err = TG_E_LIMIT;
    else
        err = text_copy(text_span(&got), out);
    text_free(&got);
    return err;
}

enum tg_err
state_read_outside(const char *path, struct text *out)
{
    enum tg_err err;
    int fd;

    if (is_standard(path))
        return read_all(STDIN_FILENO, out);
    if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
        return from_errno();
    err = read_all(fd, out);
    close(fd);
    return err;
}

enum tg_err
state_read(const struct state *state, const char *name, struct text *out)
{
    char path[STATE_PATH_MAX];
    enum tg_err err;

    if ((err = state_path(state, name, path)) != TG_OK)
        return err;
    return state_read_outside(path, out);
}

static enum tg_err
write_all(int fd, struct tg_span bytes)
{
    while (bytes.len > 0) {
        ssize_t n = write(fd, bytes.ptr, bytes.len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return from_errno();
        bytes.ptr += n;
        bytes.len -= (size_t)n;
    }
    return TG_OK;
}

/* What is appended meanwhile is copied, too. */
static enum tg_err
copy(int from, int to)
{
    uint8_t piece[16 * 1024];

    for (;;) {
        ssize_t n = read(from, piece, sizeof(piece));
        enum tg_err err;

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n == 0 ? TG_OK : TG_E_IO;
        if ((err = write_all(to, (struct tg_span){piece, (size_t)n})) != TG_OK)
            return err;
    }
}

enum tg_err
state_print(const struct state *state, const char *name)
{
    char path[STATE_PATH_MAX];
    enum tg_err err;
    int fd;

    if ((err = state_path(state, name, path)) != TG_OK)
        return err;
    if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
        return from_errno();
    err = fflush(stdout) == 0 ? copy(fd, STDOUT_FILENO) : TG_E_IO;
    close(fd);
    return err;
}

/* The whole of a new file on the disk. */
static enum tg_err
write_new(const char *path, struct tg_span content, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    enum tg_err err;

    if (fd < 0)
        return from_errno();
    err = write_all(fd, content);
    if (err == TG_OK && fsync(fd) != 0)
        err = from_errno();
    if (close(fd) != 0 && err == TG_OK)
        err = from_errno();
    if (err != TG_OK)
        unlink(path);
    return err;
}

/* A rename is on the disk when its directory is. */
static enum tg_err
sync_directory_of(const char *path)
{
    char parent[STATE_PATH_MAX];
    char *slash;
    enum tg_err err = TG_OK;
    int fd;

    snprintf(parent, sizeof(parent), "%s", path);
    if ((slash = strrchr(parent, '/')) == NULL)
        snprintf(parent, sizeof(parent), ".");
    else
        slash[slash == parent ? 1 : 0] = '\0';
    if ((fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
        return from_errno();
    if (fsync(fd) != 0)
        err = from_errno();
    close(fd);
    return err;
}

static enum tg_err
replace(const char *path, struct tg_span content, mode_t mode)
{
    char beside[STATE_PATH_MAX];
    enum tg_err err;
    int len = snprintf(beside, sizeof(beside), "%s" UNFINISHED, path);

    if (len < 0 || (size_t)len >= sizeof(beside))
        return TG_E_LIMIT;
    if ((err = write_new(beside, content, mode)) != TG_OK)
        return err;
    if (rename(beside, path) != 0) {
        err = from_errno();
        unlink(beside);
        return err;
    }
    return sync_directory_of(path);
}

enum tg_err
state_write(const struct state *state, const char *name,
            struct tg_span content)
{
    char path[STATE_PATH_MAX];
    enum tg_err err;

    if ((err = state_path(state, name, path)) != TG_OK)
        return err;
    return replace(path, content, 0600);
}

/* A terminal, a pipe, /dev/null: to be written to, never to be replaced. */
static bool
is_special(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 && !S_ISREG(info.st_mode);
}

static enum tg_err
write_into(const char *path, struct tg_span content)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    enum tg_err err;

    if (fd < 0)
        return from_errno();
    err = write_all(fd, content);
    close(fd);
    return err;
}

enum tg_err
state_write_outside(const char *path, struct tg_span content, bool is_private)
{
    if (is_standard(path))
        return write_all(STDOUT_FILENO, content);
    if (is_special(path))
        return write_into(path, content);
    return replace(path, content, is_private ? 0600 : 0644);
}

enum tg_err
state_append(const struct state *state, const char *name, const char *line)
{
    char path[STATE_PATH_MAX];
    struct text whole = TEXT_EMPTY;
    enum tg_err err;
    int fd;

    if ((err = state_path(state, name, path)) != TG_OK)
        return err;
    if ((err = text_print(&whole, "%s\n", line)) != TG_OK)
        return err;
    fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) {
        text_free(&whole);
        return from_errno();
    }
    err = write_all(fd, text_span(&whole));
    if (err == TG_OK && fdatasync(fd) != 0)
        err = from_errno();
    close(fd);
    text_free(&whole);
    return err;
}

enum tg_err
state_remove(const struct state *state, const char *name)
{
    char path[STATE_PATH_MAX];
    enum tg_err err;

    if ((err = state_path(state, name, path)) != TG_OK)
        return err;
    if (unlink(path) != 0 && errno != ENOENT)
        return from_errno();
    return sync_directory_of(path);
}

enum tg_err
state_make_directory(const struct state *state, const char *name)
{
    char path[STATE_PATH_MAX];
    enum tg_err err;

    if ((err = state_path(state, name, path)) != TG_OK)
        return err;
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return from_errno();
    return sync_directory_of(path);
}

static bool
is_unfinished(const char *name)
{
    size_t len = strlen(name);

    return len > strlen(UNFINISHED) &&
           strcmp(name + len - strlen(UNFINISHED), UNFINISHED) == 0;
}

/* One entry of the directory `name`, unless it is hidden. */
static enum tg_err
visit_entry(const struct state *state, const char *name, const char *entry,
            enum tg_err (*visit)(const struct state *state, const char *file))
{
    char file[STATE_PATH_MAX];
    int len = snprintf(file, sizeof(file), "%s/%s", name, entry);

    if (entry[0] == '.')
        return TG_OK;
    if (len < 0 || (size_t)len >= sizeof(file))
        return TG_E_LIMIT;
    return is_unfinished(entry) ? state_remove(state, file)
                                : visit(state, file);
}

enum tg_err
state_each(const struct state *state, const char *name,
           enum tg_err (*visit)(const struct state *state, const char *file))
{
    const struct dirent *entry;
    char path[STATE_PATH_MAX];
    enum tg_err err;
    DIR *directory;

    if ((err = state_path(state, name, path)) != TG_OK)
        return err;
    if ((directory = opendir(path)) == NULL)
        return from_errno();
    while (err == TG_OK && (entry = readdir(directory)) != NULL)
        err = visit_entry(state, name, entry->d_name, visit);
    closedir(directory);
    return err;
}
