/* The stores that `tigress_store` can name. */
#ifndef NGINX_STORES_H
#define NGINX_STORES_H

#include "nginx/module.h"

/* Before a worker exists: whether the store that is named can be used. Of a
 * directory, the salt is then known. NGX_ERROR when the configuration must not
 * be accepted; the log then says what to do. */
ngx_int_t stores_prepare(ngx_conf_t *cf, struct relay_main *main);

/* In a thread that will use it alone: open the store. *salt is the
 * deployment's. What is wrong is said in the log, once for each trouble.
 * TG_E_STORE, TG_E_NOMEM and others: try again later. */
TG_MUST_USE enum tg_err stores_open(const struct relay_main *main,
                                    struct store *out, struct hour_keys *hours,
                                    struct row_salt *salt);

struct pg_options;

/* How a shared store is reached; borrows from `main`. */
struct pg_options stores_postgres(const struct relay_main *main);

/* Whether changes may be made by relays on other machines. */
bool stores_is_shared(const struct relay_main *main);

#endif
