/* The store's directory: found fit for use before a worker exists. */
#ifndef NGINX_STORAGE_H
#define NGINX_STORAGE_H

#include "nginx/module.h"

/* Open main->store_directory, make in it what a new store needs, read the
 * salt. The descriptor is closed with the configuration. NGX_ERROR when the
 * configuration must not be accepted; the log then says what to do. */
ngx_int_t storage_prepare(ngx_conf_t *cf, struct relay_main *main);

#endif
