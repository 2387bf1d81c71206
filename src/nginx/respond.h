/* From an answer of wire/ to nginx. */
#ifndef NGINX_RESPOND_H
#define NGINX_RESPOND_H

#include "nginx/module.h"

/* Send call->answer; what is returned is for ngx_http_finalize_request(). */
ngx_int_t respond_send(struct relay_call *call);

/* Send a refusal; a problem document, or a page where a person looks. */
ngx_int_t respond_refuse(struct relay_call *call, struct wire_problem problem);

/* Put status and headers of call->answer into r->headers_out, in place of all
 * that is there. */
ngx_int_t respond_set_head(struct relay_call *call);

/* The body of call->answer as a chain for output filters; NULL: no memory. */
ngx_chain_t *respond_body(struct relay_call *call);

#endif
