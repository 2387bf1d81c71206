/* See guard.h. */
#include "push/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
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

static bool
say(char why[GUARD_WHY_MOST], const char *path, const char *what)
{
    const char *user = owner_to_be();

    snprintf(why, GUARD_WHY_MOST,
             "%s: %s; give it mode 0600, and to the user of tigress-push "
             "(chmod 0600 %s; chown %s %s)",
             path, what, path, user, path);
    return false;
}

bool
guard_is_ours(const struct stat *st, const char *path, enum guard_kind kind,
              const char *group, char why[GUARD_WHY_MOST])
{
    const struct group *workers = group != NULL ? getgrnam(group) : NULL;
    char whom[WHOM_MOST];

    if (kind == GUARD_PUBLIC)
        return true;
    if ((st->st_mode & S_IRWXO) != 0)
        return say(why, path, "every user of this machine may use it");
    if (workers == NULL || st->st_gid != workers->gr_gid ||
        (st->st_mode & S_IRWXG) == 0)
        return true;
    snprintf(whom, sizeof(whom),
             "the group %s, which is that of the relay's workers, may use it",
             group);
    return say(why, path, whom);
}

/* ---- opening ----------------------------------------------------------- */

int
guard_open(const char *path, struct stat *st, char why[GUARD_WHY_MOST])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

    if (fd >= 0 && fstat(fd, st) == 0) {
        if (S_ISREG(st->st_mode))
            return fd;
        snprintf(why, GUARD_WHY_MOST, "it is not a file");
    } else {
        snprintf(why, GUARD_WHY_MOST, "%s", strerror(errno));
    }
    if (fd >= 0)
        close(fd);
    return -1;
}
