/* The socket at which the relay's workers ring (doorbell.h).
 *
 * It reads strictly: a packet that is none closes its connection, and the
 * worker may come again. It never waits for a worker: what one does not read
 * is dropped and counted.
 */
#ifndef PUSH_LISTEN_H
#define PUSH_LISTEN_H

#include "doorbell/doorbell.h"
#include "push/loop.h"

struct listener;

/* Somebody rang; the spans are borrowed for the call. */
typedef void listener_ring(void *self, const struct doorbell *bell);

struct listener_counts {
    size_t connected;
    uint64_t malformed; /* connections that were closed for a packet */
    uint64_t unread;    /* words of a dead token that a worker did not take */
};

/* Listen at `path`, for members of `group` too unless it is NULL. A socket
 * that nobody listens at any more is replaced; anything else there is left
 * alone. TG_E_LOCKED: somebody listens there. TG_E_IO, with *why in errno's
 * words. TG_E_NOMEM. */
TG_MUST_USE enum tg_err listener_open(struct loop *loop, const char *path,
                                      const char *group, listener_ring *ring,
                                      void *self, struct listener **out,
                                      const char **why);

/* Tell every worker that is connected. */
void listener_tell_dead(struct listener *listener,
                        const struct doorbell_mark *mark);

/* Take what was sent, and then no more. */
void listener_stop(struct listener *listener);

struct listener_counts listener_counts(const struct listener *listener);

/* NULL is fine. The path is removed if it is still ours. */
void listener_free(struct listener *listener);

#endif
