/* Statements of devices are judged in nginx's thread pool, one at a time in
 * each worker, so that a flood of them costs those who send it and slows
 * nobody's read (docs/decisions/11-attestation.md). Those that wait go to the
 * thread together, and come back together.
 *
 * What is kept of them is how many of which format were accepted and refused:
 * a line in the error log, once a minute at most, of the level warn when some
 * were refused and notice otherwise (R-ATT-3).
 */
#ifndef NGINX_ATTESTOR_H
#define NGINX_ATTESTOR_H

#include "nginx/module.h"

struct attestor;

/* While the configuration is read, for a location that judges: reserve the
 * threads. */
ngx_int_t attestor_reserve(ngx_conf_t *cf, struct relay_main *main);

/* In a worker. NULL: nothing is judged here, because no location wants it or
 * there are no threads. */
struct attestor *attestor_start(ngx_cycle_t *cycle, struct relay_main *main);

/* The worker ends: say what was not yet said. Accepts NULL. */
void attestor_stop(struct attestor *attestor);

/* Judge the statement of a create, whose body is acceptable. When
 * call->attestation is set, the write event handler of call->request is called;
 * until then nginx keeps the request, also when the client goes away.
 * TG_E_FULL: as many wait as may. TG_E_STATE: `attestor` is NULL.
 * TG_E_NOMEM. */
TG_MUST_USE enum tg_err attestor_submit(struct attestor *attestor,
                                        struct relay_call *call);

#endif
