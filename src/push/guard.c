/* See guard.h. */
#include "push/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { WHOM_MOST = 200 };

static const char *
user_name(uid_t uid)
{
    static char number[24];
    const struct passwd *user = getpwuid(uid);

    if (user != NULL)
        return user->pw_name;
    snprintf(number, sizeof(number), "%lu", (unsigned long)uid);
    return number;
}

const char *
guard_user(void)
{
    return user_name(geteuid());
}

/* Who checks as root does not run it as root: that user has the unit's name. */
static const char *
owner_to_be(void)
{
    return geteuid() != 0 ? guard_user() : "tigress-push";
}

/* ---- rights ------------------------------------------------------------ */

/* Who else may do what with a file. */
struct finding {
    char whom[WHOM_MOST]; /* "the user x, " or so; empty: nobody */
    bool is_change;       /* not only read */
};

static struct finding
other_group(const struct stat *st, const char *workers, bool is_secret)
{
    const struct group *group = workers != NULL ? getgrnam(workers) : NULL;
    bool is_workers = group != NULL && group->gr_gid == st->st_gid;
    struct finding found = {.is_change = (st->st_mode & S_IWGRP) != 0};

    if (is_workers &&
        (found.is_change || (is_secret && (st->st_mode & S_IRWXG) != 0)))
        snprintf(found.whom, sizeof(found.whom),
                 "the group %s, which is that of the relay's workers,",
                 workers);
    else if (found.is_change && st->st_gid != 0 && st->st_gid != getegid())
        snprintf(found.whom, sizeof(found.whom), "the group %s",
                 (group = getgrgid(st->st_gid)) != NULL ? group->gr_name
                                                        : "that it has");
    return found;
}

static struct finding
find_other(const struct stat *st, const char *workers, bool is_secret)
{
    struct finding found = {.is_change = (st->st_mode & S_IWOTH) != 0};
    uid_t us = geteuid();

    if (found.is_change || (is_secret && (st->st_mode & S_IRWXO) != 0)) {
        snprintf(found.whom, sizeof(found.whom),
                 "every user of this machine");
        return found;
    }
    /* Root checks for somebody else, and believes any owner. */
    if (us != 0 && st->st_uid != 0 && st->st_uid != us) {
        snprintf(found.whom, sizeof(found.whom), "the user %s, its owner,",
                 user_name(st->st_uid));
        found.is_change = true;
        return found;
    }
    return other_group(st, workers, is_secret);
}

bool
guard_is_ours(const struct stat *st, const char *path, enum guard_kind kind,
              const char *group, char why[GUARD_WHY_MOST])
{
    bool is_secret = kind == GUARD_SECRET;
    struct finding found = find_other(st, group, is_secret);
    const char *user = owner_to_be();
    const char *mode = is_secret ? "0600" : "0644";

    if (found.whom[0] == '\0')
        return true;
    snprintf(why, GUARD_WHY_MOST,
             "%s: %s may %s it; give it mode %s, and to the user of "
             "tigress-push (chmod %s %s; chown %s %s)",
             path, found.whom, found.is_change ? "change" : "read", mode, mode,
             path, user, path);
    return false;
}

/* ---- opening ----------------------------------------------------------- */

/* The first directory of the path that we may not enter, as its length; 0: all
 * are open. */
static size_t
find_closed(const char *path)
{
    char directory[PATH_MAX];

    for (size_t len = 1; path[0] != '\0' && path[len] != '\0'; len++) {
        if (path[len] != '/' || len >= sizeof(directory))
            continue;
        memcpy(directory, path, len);
        directory[len] = '\0';
        if (faccessat(AT_FDCWD, directory, X_OK, AT_EACCESS) != 0)
            return len;
    }
    return 0;
}

static void
say_denied(const char *path, char why[GUARD_WHY_MOST])
{
    const char *user = guard_user();
    int closed = (int)find_closed(path);

    if (closed > 0)
        snprintf(why, GUARD_WHY_MOST,
                 "Permission denied: the user %s must be able to read %s, and "
                 "may not enter the directory %.*s (chmod a+x %.*s)",
                 user, path, closed, path, closed, path);
    else
        snprintf(why, GUARD_WHY_MOST,
                 "Permission denied: the user %s must be able to read %s "
                 "(chmod 0600 %s; chown %s %s)",
                 user, path, path, user, path);
}

int
guard_open(const char *path, struct stat *st, char why[GUARD_WHY_MOST])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

    if (fd >= 0 && fstat(fd, st) == 0) {
        if (S_ISREG(st->st_mode))
            return fd;
        snprintf(why, GUARD_WHY_MOST, "it is not a file");
    } else if (errno == EACCES) {
        say_denied(path, why);
    } else {
        snprintf(why, GUARD_WHY_MOST, "%s", strerror(errno));
    }
    if (fd >= 0)
        close(fd);
    return -1;
}
