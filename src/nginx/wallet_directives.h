/* The directives that lead a phone from a share URL to a wallet app: which
 * apps open it, and where there is one to be had. */
#ifndef NGINX_WALLET_DIRECTIVES_H
#define NGINX_WALLET_DIRECTIVES_H

#include "nginx/module.h"

/* Setters as nginx calls them, of tigress_wallet_app and
 * tigress_wallet_store. */
char *wallet_directives_set(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *wallet_directives_set_store(ngx_conf_t *cf, ngx_command_t *cmd,
                                  void *conf);

/* What `inner` does not say itself, it has from `outer`. */
void wallet_directives_inherit(struct relay_location *inner,
                               const struct relay_location *outer);

/* Write the files that the location serves. */
ngx_int_t wallet_directives_finish(ngx_conf_t *cf,
                                   struct relay_location *location);

#endif
