/* Transfers of libcurl that are carried on side by side, each with connections
 * of its own: libcurl would share those of one handle between mailboxes, and
 * the relay could tell that they are the same device's. */
#ifndef CLIENT_RELAY_CLIENT_LOOP_H
#define CLIENT_RELAY_CLIENT_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <curl/curl.h>

#include <tigress/error.h>

struct loop;

/* TG_E_NOMEM. */
TG_MUST_USE enum tg_err loop_new(struct loop **out);

/* Accepts NULL; closes its connections. No transfer may be under way. */
void loop_free(struct loop *loop);

/* Start the one transfer; `curl` stays the caller's. TG_E_NETWORK, when the
 * library does not take it. */
TG_MUST_USE enum tg_err loop_start(struct loop *loop, CURL *curl);

/* Whether it has ended, and how. */
bool loop_is_over(const struct loop *loop);
CURLcode loop_result(const struct loop *loop);

/* Let go of the transfer, wherever it is; one that is not over loses its
 * connection. */
void loop_stop(struct loop *loop, CURL *curl);

enum loop_news {
    LOOP_ON,          /* some have gone on, or are over; or the time is up */
    LOOP_STOPPED,     /* stop_fd can be read */
    LOOP_INTERRUPTED, /* by a signal handler */
    LOOP_FAILED       /* no memory, or not such descriptors */
};

/* Carry all of them on, once.
 *
 *   stop_fd      polled, never read; -1: none
 *   timeout_ms   the longest time to sleep; negative: no limit
 */
enum loop_news loop_wait(struct loop *const *loops, size_t count, int stop_fd,
                         int64_t timeout_ms);

#endif
