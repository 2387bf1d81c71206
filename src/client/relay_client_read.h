/* A read whose answer the relay may hold until there is something new
 * (R-WAIT-1): one attempt at a time, several reads side by side. When to try
 * again is the caller's: share_wait.c. */
#ifndef CLIENT_RELAY_CLIENT_READ_H
#define CLIENT_RELAY_CLIENT_READ_H

#include "client/relay_client.h"

struct relay_read;

/* alone: while this is under way the client makes no other call, so that the
 * connection of the last one is used. TG_E_NOMEM, TG_E_NETWORK. */
TG_MUST_USE enum tg_err relay_read_new(struct tg_relay_client *client,
                                       bool alone, struct relay_read **out);

/* Accepts NULL. What is under way is left. */
void relay_read_free(struct relay_read *read);

/* Ask.
 *
 *   call     borrowed for the call
 *   etag     what is known already; NULL: nothing, answer at once
 *   wait_s   how long the answer may be held
 *   body     of the request; borrowed until relay_read_end()
 *
 * Errors: TG_E_UNTRUSTED, TG_E_FORMAT, TG_E_NETWORK, TG_E_NOMEM; nothing is
 * then under way.
 */
TG_MUST_USE enum tg_err relay_read_begin(struct relay_read *read,
                                         const struct tg_relay_call *call,
                                         const char *etag, int64_t wait_s,
                                         struct tg_span body);

/* Whether relay_read_end() can be called. */
bool relay_read_is_over(const struct relay_read *read);

/* How an attempt went, besides its error. Seconds; -1: not said. */
struct relay_read_manner {
    int64_t granted_s;     /* the relay holds answers, for so long */
    int64_t retry_after_s; /* of TG_E_BUSY */
};

/* What came of it.
 *
 *   call      as it was begun; only for what must not be shown
 *   *out      set on TG_OK; released with tg_relay_answer_free()
 *   *manner   set always
 *
 * Errors: those of tg_relay_client_read(); TG_E_NO_NEWS: still that etag.
 */
TG_MUST_USE enum tg_err relay_read_end(struct relay_read *read,
                                       const struct tg_relay_call *call,
                                       struct tg_relay_answer **out,
                                       struct relay_read_manner *manner);

/* Leave what is under way, if anything. */
void relay_read_abandon(struct relay_read *read);

/* Sleep until something has happened to these, which are under way, but at
 * most so long. False when whoever waits should give up. */
bool relay_read_rest(struct tg_relay_client *client,
                     struct relay_read *const *reads, size_t count,
                     int64_t most_ms);

#endif
