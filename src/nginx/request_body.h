/* Reading a request's body: whole, in memory, within a limit and a deadline. */
#ifndef NGINX_REQUEST_BODY_H
#define NGINX_REQUEST_BODY_H

#include "nginx/module.h"

/* Read the body of call->request, within what its location allows; then
 * `then` is called, once, maybe before this returns. What is returned is for
 * nginx. After another result than BODY_COMPLETE part of the body may be
 * unread: the answer has to close the connection, and says so by itself. */
ngx_int_t request_body_read(struct relay_call *call,
                    void (*then)(struct relay_call *, enum body_result));

#endif
