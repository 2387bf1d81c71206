/* See place.h. */
#include "push/place.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "push/guard.h"

static bool
is_in(gid_t gid)
{
    return gid == getegid() || group_member(gid) != 0;
}

/* Only root may give a file to a group that it is not in. */
static enum place
judge_group(const char *name, char why[PLACE_WHY_MOST])
{
    const struct group *group = name != NULL ? getgrnam(name) : NULL;
    const char *user = guard_user();

    if (name == NULL || geteuid() == 0 ||
        (group != NULL && is_in(group->gr_gid)))
        return PLACE_GOOD;
    if (group == NULL)
        snprintf(why, PLACE_WHY_MOST, "there is no group %s", name);
    else
        snprintf(why, PLACE_WHY_MOST,
                 "the user %s is no member of the group %s, and so cannot give "
                 "it the socket; make him one (usermod -aG %s %s), and begin "
                 "anew",
                 user, name, name, user);
    return PLACE_WRONG;
}

/* Directly below /run: made at each start, not once. */
static bool
is_made_at_start(const char *directory)
{
    static const char run[] = "/run/";

    return strncmp(directory, run, strlen(run)) == 0 &&
           strchr(directory + strlen(run), '/') == NULL;
}

static enum place
judge_directory(const char *directory, char why[PLACE_WHY_MOST])
{
    struct stat st;

    if (stat(directory, &st) != 0) {
        snprintf(why, PLACE_WHY_MOST,
                 errno == ENOENT ? "the directory %s is not there"
                                 : "the directory %s is out of reach",
                 directory);
        return errno == ENOENT && is_made_at_start(directory) ? PLACE_LATER
                                                              : PLACE_WRONG;
    }
    if (!S_ISDIR(st.st_mode)) {
        snprintf(why, PLACE_WHY_MOST, "%s is no directory", directory);
        return PLACE_WRONG;
    }
    if (faccessat(AT_FDCWD, directory, W_OK | X_OK, AT_EACCESS) != 0) {
        snprintf(why, PLACE_WHY_MOST,
                 "the user %s may not make a socket in the directory %s: %s",
                 guard_user(), directory, strerror(errno));
        return PLACE_WRONG;
    }
    return PLACE_GOOD;
}

enum place
place_judge(const char *path, const char *group, char why[PLACE_WHY_MOST])
{
    char directory[PATH_MAX] = ".";
    const char *slash = strrchr(path, '/');
    size_t len = slash == path ? 1 : (size_t)(slash - path);
    struct stat st;
    enum place place;

    if (slash != NULL && len < sizeof(directory)) {
        memcpy(directory, path, len);
        directory[len] = '\0';
    }
    if ((place = judge_group(group, why)) != PLACE_GOOD ||
        (place = judge_directory(directory, why)) != PLACE_GOOD)
        return place;
    if (lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode)) {
        snprintf(why, PLACE_WHY_MOST,
                 "something else is there, which is no socket: move it away, "
                 "or name another place");
        return PLACE_WRONG;
    }
    return PLACE_GOOD;
}
