/* The place of the socket: whether we can listen there, and for whom. */
#ifndef PUSH_PLACE_H
#define PUSH_PLACE_H

#include <stdbool.h>

enum { PLACE_WHY_MOST = 1024 };

enum place {
    PLACE_GOOD,
    PLACE_LATER, /* its directory is missing, and below /run, where the system
                  * makes such at a start (systemd's RuntimeDirectory=) */
    PLACE_WRONG
};

/* Look at `path` and at the `group` that is to have it; NULL: none. But for
 * PLACE_GOOD, `why` is a sentence. */
enum place place_judge(const char *path, const char *group,
                       char why[PLACE_WHY_MOST]);

#endif
