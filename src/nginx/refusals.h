/* Errors that nginx finds by itself (a bad request line, headers too large,
 * plain HTTP on a TLS port, a limit of the operator's), in the protocol's
 * words: two output filters put a problem document in place of nginx's page. */
#ifndef NGINX_REFUSALS_H
#define NGINX_REFUSALS_H

#include "nginx/module.h"

/* Put both filters into nginx's chains. */
void refusals_install(void);

#endif
