/* Pages of other origins: the directive tigress_cors_origin, and where wire's
 * word about them (wire/cors.h) gets into answers. */
#ifndef NGINX_CROSS_ORIGIN_H
#define NGINX_CROSS_ORIGIN_H

#include "nginx/module.h"

/* Setter as nginx calls it. */
char *cross_origin_set(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* What `inner` does not say itself, it has from `outer`; then tell wire. */
void cross_origin_inherit(struct relay_location *inner,
                          const struct relay_location *outer);

/* Whether the call is an OPTIONS for cross_origin_preflight(). */
bool cross_origin_is_preflight(const struct relay_call *call);

/* Answer it; as respond_send(). */
ngx_int_t cross_origin_preflight(struct relay_call *call);

/* Add to call->answer, whatever it is, what its reader may need. */
void cross_origin_share(struct relay_call *call);

#endif
