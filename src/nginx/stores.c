/* See stores.h. */
#include "nginx/stores.h"

#include <stdatomic.h>

#include "nginx/storage.h"
#include "store/lmdb/lmdb_store.h"
#include "store/postgres/pg_store.h"
#include "store/postgres/pg_trouble.h"

bool
stores_is_shared(const struct relay_main *main)
{
    return main->store_uri.len > 0;
}

ngx_int_t
stores_prepare(ngx_conf_t *cf, struct relay_main *main)
{
    /* A database may come later than the relay, and go meanwhile. */
    return stores_is_shared(main) ? NGX_OK : storage_prepare(cf, main);
}

/* Each trouble once, though a store that cannot be opened is one after the
 * other. From threads of the worker, whose clock stands while it sleeps. */
static void
complain(void *self, const char *text)
{
    static const char *_Atomic told;

    (void)self;
    if (atomic_exchange(&told, text) == text)
        return;
    ngx_time_update();
    ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0, "tigress: store: %s", text);
}

struct pg_options
stores_postgres(const struct relay_main *main)
{
    return (struct pg_options){
        .uri = (const char *)main->store_uri.data,
        .durability = (enum pg_durability)main->store_durability,
        .complain = complain,
    };
}

enum tg_err
stores_open(const struct relay_main *main, struct store *out,
            struct hour_keys *hours, struct row_salt *salt)
{
    const struct lmdb_options lmdb = {.directory = main->directory,
                                      .map_size = main->store_size};
    static bool has_failed;
    struct pg_options postgres;
    enum tg_err err;

    if (!stores_is_shared(main)) {
        *salt = main->salt;
        return lmdb_store_open(&lmdb, out, hours);
    }
    postgres = stores_postgres(main);
    err = pg_store_open(&postgres, out, hours, salt);
    if (err == TG_OK && has_failed)
        complain(NULL, pg_trouble_words(PG_FINE));
    has_failed = err != TG_OK;
    return err;
}
