/* What nginx has found at the front of a request, for wire/: which call it
 * is, its headers, who reads a page. */
#ifndef NGINX_REQUEST_HEAD_H
#define NGINX_REQUEST_HEAD_H

#include "nginx/module.h"

/* Find out which call it is, once; later the path need not be there. */
void request_head_route(struct relay_call *call);

/* Gather the headers of the protocol into call->headers, ids, headers_problem
 * and reader. */
void request_head_read(struct relay_call *call);

#endif
