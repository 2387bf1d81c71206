/* A worker's way to its store thread and back, without ever waiting. */
#ifndef NGINX_SERVICE_H
#define NGINX_SERVICE_H

#include "nginx/module.h"

/* Start the store thread of this worker and listen for what comes back.
 * NULL when the worker cannot have one: it then answers 503. */
struct service *service_start(ngx_cycle_t *cycle, struct relay_main *main);

/* Finish what was handed in, end the thread. Accepts NULL. */
void service_stop(struct service *service);

/* Whether calls can be prepared: of a shared store the salt must first be
 * asked. Accepts NULL. */
bool service_is_ready(const struct service *service);

/* Run call->exchange, which is prepared. When it has come back, the write event
 * handler of call->request is called, as nginx does for its own threads; until
 * then nginx keeps the request, also when the client goes away.
 * TG_E_FULL: as many are under way as may be. TG_E_STORE: there is no store
 * thread. */
TG_MUST_USE enum tg_err service_submit(struct service *service,
                                       struct relay_call *call);

#endif
