/* The store thread: gathers waiting operations into batches (group commit).
 *
 * Each worker process has one. Operations are handed in from its event loop
 * and come back, when durable, through a queue that an eventfd announces; the
 * event loop never waits for a disk (DESIGN D-D).
 *
 * The thread also opens the store, again and again while that fails, and
 * sweeps what has expired in slices between batches.
 */
#ifndef STORE_BATCH_H
#define STORE_BATCH_H

#include "base/clock.h"
#include "relay/store.h"
#include "row/hour_keys.h"

/* One operation under way. Embedded by the caller; must stay valid until it
 * has come back. */
struct batch_item {
    struct store_op *op;
    struct batch_item *next;
};

/* How the thread gets at its store: called in the thread itself, again each
 * second until it succeeds. Whoever decides by the hour keys (an exchange's
 * site) copies *hours there; they are used in this thread alone. */
struct batch_opener {
    void *self;
    enum tg_err (*open)(void *self, struct store *out,
                        struct hour_keys *hours);
};

struct batch_options {
    struct batch_opener opener;
    unsigned commit_delay_us; /* how long a batch may be held open; D-D */
    size_t queue_most;        /* beyond it batch_submit() refuses */
    unsigned sweep_interval_ms; /* 0: this thread does not sweep */
    size_t sweep_slice;       /* rows a slice */
    tg_time_s (*now)(void);
};

struct batch;

/* Start the thread. Signals are blocked in it. TG_E_NOMEM, TG_E_IO. */
TG_MUST_USE enum tg_err batch_new(const struct batch_options *options,
                                  struct batch **out);

/* The file descriptor that becomes readable when operations have come back. */
int batch_fd(const struct batch *batch);

/* Hand in one operation. TG_E_FULL when the queue is, or after batch_stop():
 * nothing was taken. The thread sets `now` and `no_write` of the operation, and
 * may clear `only_reads`. */
TG_MUST_USE enum tg_err batch_submit(struct batch *batch,
                                     struct batch_item *item);

/* Take all that have come back: a list by `next`, oldest first, NULL when
 * there are none. Clears the eventfd. With the store not open they come back
 * with TG_E_STORE. */
struct batch_item *batch_take(struct batch *batch);

/* Let the thread finish what was handed in, and end it. What has come back
 * since is then to be fetched with batch_take(), before batch_free(). */
void batch_stop(struct batch *batch);
void batch_free(struct batch *batch);

#endif
