/* The doorbells that wait, for all services together.
 *
 * Bounded: when it is full a new one is refused. One for a token that waits
 * already is folded into it, whichever lives longer. Pure: it is told the time.
 */
#ifndef PUSH_QUEUE_H
#define PUSH_QUEUE_H

#include "doorbell/doorbell.h"

enum queue_service { QUEUE_APNS, QUEUE_FCM, QUEUE_WEBPUSH };
enum { QUEUE_SERVICES = 3 };

struct queue;

/* One doorbell, in the queue until queue_done(). */
struct queued {
    struct doorbell bell; /* its spans are its own */
    struct doorbell_mark mark;
    size_t service; /* which of the services */
    unsigned route;
    unsigned tries; /* that failed */
    bool was_renewed; /* its one new credential is spent */
    bool is_connection_stale; /* the next post wants another */
    bool is_in_flight;
    bool is_wanted_again; /* rung while in flight: once more afterwards */
    tg_mono_ms due;
};

/* NULL: out of memory. */
struct queue *queue_new(size_t most);
void queue_free(struct queue *queue);

enum queue_adding { QUEUE_ADDED, QUEUE_FOLDED, QUEUE_FULL, QUEUE_NO_MEMORY };

enum queue_adding queue_add(struct queue *queue, const struct doorbell *bell,
                            const struct doorbell_mark *mark, size_t service,
                            tg_mono_ms now);

/* The next of `service` that is due, marked as in flight; NULL: none yet.
 * Oldest first. */
struct queued *queue_take(struct queue *queue, size_t service, tg_mono_ms now);

/* When the next of `service` is due; -1: none of it waits. */
tg_mono_ms queue_next_due(const struct queue *queue, size_t service);

/* Back from flight: wait until `due`. */
void queue_put_back(struct queue *queue, struct queued *item, tg_mono_ms due);

/* Back from flight for good, and released; but rung again meanwhile
 * (is_wanted_again), it waits anew, from its first route. */
void queue_done(struct queue *queue, struct queued *item, tg_mono_ms now);

size_t queue_count(const struct queue *queue);

#endif
