/* Handing a message of the other side to the user, so that none is lost.
 *
 * It is kept in the wallet first, then printed or saved, and only then marked
 * as handled: a crash in between shows it again.
 */
#ifndef CLI_DELIVER_H
#define CLI_DELIVER_H

#include "session.h"

/* Where a message goes: the file of --out, or standard output. */
struct deliver {
    const char *path; /* NULL: standard output */
    int fd;
};

/* Create the file of --out, before anything is asked of a relay: a file that
 * cannot be written is found out while it is still harmless. */
int deliver_begin(struct session *s, struct deliver *d);

/* Remove the file again if nothing was delivered into it. */
void deliver_end(struct deliver *d);

/* Deliver one message; at most one if there is a file. */
int deliver_message(struct session *s, struct deliver *d,
                    struct tg_share *share,
                    const struct tg_provisioning *message);

/* Append the last message that was delivered: a JSON text as `tigress update`
 * takes it. TG_E_NOT_FOUND when there was none. */
TG_MUST_USE enum tg_err deliver_last(struct tg_share *share,
                                     struct tg_buf *out);

/* Save a text in the file of `d`. */
int deliver_save(struct session *s, struct deliver *d, struct tg_span text);

#endif
