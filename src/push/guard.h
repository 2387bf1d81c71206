/* Files that are for tigress-push alone: who else may get at them, and what is
 * to be done about it. */
#ifndef PUSH_GUARD_H
#define PUSH_GUARD_H

#include <stdbool.h>
#include <sys/stat.h>

enum { GUARD_WHY_MOST = 1024 };

enum guard_kind {
    GUARD_SECRET, /* keys, and what says which and where to */
    GUARD_PUBLIC  /* certificates: others may read, but not change them */
};

/* Open a file for reading, and look at what was opened. -1: `why` is the end of
 * a sentence. */
int guard_open(const char *path, struct stat *st, char why[GUARD_WHY_MOST]);

/* Whether the file is its user's and root's alone, as far as its mode tells:
 * nobody else owns it, everybody may neither read nor change it, a group may
 * read it unless it is that of the relay's workers, and change it only if it
 * is our own or root's. `group` is that of the workers; NULL: there is none, or
 * it is not known yet. False: `why` is a sentence that names the file, and the
 * commands that help. */
bool guard_is_ours(const struct stat *st, const char *path,
                   enum guard_kind kind, const char *group,
                   char why[GUARD_WHY_MOST]);

/* The name of the user that this process is, or his number; until the next
 * call. */
const char *guard_user(void);

#endif
