/* What finish, cancel, relinquish and forget have in common: one share is
 * named, one call is made, one event is printed. */
#ifndef CLI_ENDING_H
#define CLI_ENDING_H

#include "session.h"

struct ending {
    enum tg_err (*call)(struct tg_share *share);
    const char *event;    /* for machines */
    const char *sentence; /* for people */
};

/* End the share that the command line names. */
int ending_run(struct session *s, const struct ending *ending);

/* Print the event of a share that has ended, or is forgotten. */
void ending_print(const struct session *s, int64_t id, const char *event,
                  const char *sentence);

#endif
