/* On which addresses a server that serves may listen, and how it is named. */
#ifndef NGINX_LISTEN_H
#define NGINX_LISTEN_H

#include "nginx/module.h"

/* When all is read: refuse plaintext (R-TLS-1) and harden the TLS of every
 * server that serves (tls.h). NGX_ERROR after saying what to do. */
ngx_int_t listen_check(ngx_conf_t *cf);

/* The origin of share URLs, from `tigress_public_host` or else from the
 * server's first name and port. */
char *listen_public_origin(ngx_conf_t *cf, struct relay_location *location);

#endif
