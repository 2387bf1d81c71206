/* What nginx's own directives do not give: TLS without anything by which two
 * connections of one device could be told to be its own. */
#ifndef NGINX_TLS_H
#define NGINX_TLS_H

#include "nginx/module.h"

/* No tickets, no session cache, no early data (R-TLS-3), nothing below
 * TLS 1.2 (R-TLS-1). Does nothing to a server without TLS. */
void tls_harden(ngx_http_core_srv_conf_t *server);

#endif
