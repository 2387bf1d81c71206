/* A request that is put away while its connection stays (R-WAIT-2).
 *
 * What nginx holds for a request is as large as a connection over TLS. So a
 * request that is to wait is ended without an answer and without a line in the
 * log, its head is kept as text, and nginx believes that the connection is
 * idle. When the request is fetched, nginx reads that text as if it had just
 * arrived: phases and log see it then, as they would see any other. Only its
 * limits do not, which have let it pass when it came.
 */
#ifndef NGINX_AWAY_H
#define NGINX_AWAY_H

#include "nginx/module.h"

struct away;

/* Put a request away that nobody holds but the caller. True: *out is set, and
 * the request is no more; call->parked was left alone. `gone` is called when
 * the client has closed the connection, and *out is no more then. When nginx
 * closes it at once, *out is NULL.
 *
 * False: it cannot be, and nothing has changed. Over HTTP/2, with a body, with
 * a head that is larger than nginx's first buffer, or with more of its client
 * at hand, a request stays. */
bool away_put(struct relay_call *call, void (*gone)(void *data), void *data,
              struct away **out);

/* Let nginx read it again; the connection may be closed afterwards. */
void away_fetch(struct away *away);

/* nginx's handler of its first phase. */
ngx_int_t away_post_read(ngx_http_request_t *r);

#endif
