/* The bell that workers ring: tigress-push is told of a change, and tells
 * which tokens are dead (PROTOCOL §8).
 *
 * Each worker has a socket to it, opened when there is something to ring. It
 * never waits there (R-PUSH-4): a ring that cannot go out at once is dropped
 * and counted, and how many were is logged, once a minute at most.
 *
 * Dead tokens are marked in memory that all workers share and that outlives
 * reloads. They are not rung, and exchanges of all locations forget them by
 * relay_policy.is_dead, which the store's thread asks.
 */
#ifndef NGINX_BELL_H
#define NGINX_BELL_H

#include "nginx/module.h"

struct bell;

/* While the configuration is read: reserve the shared memory, if there is
 * anybody to ring. */
ngx_int_t bell_reserve(ngx_conf_t *cf, struct relay_main *main);

/* In a worker. NULL: nobody is rung, because nobody is configured or there is
 * no memory. */
struct bell *bell_start(ngx_cycle_t *cycle, struct relay_main *main);

/* Accepts NULL. */
void bell_stop(struct bell *bell);

/* A device gives this token, or none, and so says that it is alive: whatever
 * was said of it is forgotten. Before the call is handed in, so that no other
 * call can forget it again. Accepts NULL. */
void bell_believe(struct bell *bell, const struct notification_token *token);

/* The call has come back from the store: when it is durable, ring whom it
 * names (R-UPD-2). Accepts NULL. */
void bell_ring(struct bell *bell, const struct relay_call *call);

#endif
