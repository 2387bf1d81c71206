/* See service.h.
 *
 * The store thread rings an eventfd, which is one more connection to nginx's
 * event loop. A worker that is told to quit ends when no timer is left: one
 * timer is kept while operations are under way, so that it answers them first.
 */
#include "nginx/service.h"

#include <stdatomic.h>

#include "nginx/bell.h"
#include "nginx/stores.h"

enum {
    GUARD_MS = 30 * 1000, /* longer than any disk should take */
    SWEEP_SLICE = 256,
    US_PER_MS = 1000
};

struct service {
    const struct relay_main *main;
    struct batch *batch;
    struct hour_keys hours; /* of the open store; its thread's alone */
    struct row_salt salt;   /* … which alone writes it, once */
    atomic_bool has_salt;   /* and every location with it */
    ngx_connection_t *bell;
    ngx_event_t guard;
    ngx_uint_t under_way;
};

/* ---- the store --------------------------------------------------------- */

/* No call is prepared before this (service_is_ready()). */
static void
take_salt(struct service *service, const struct row_salt *salt)
{
    const struct relay_main *main = service->main;
    struct relay_location **locations = main->locations.elts;

    service->salt = *salt;
    for (ngx_uint_t i = 0; i < main->locations.nelts; i++)
        locations[i]->exchange_site.salt = *salt;
    atomic_store(&service->has_salt, true);
}

/* Runs in the store's thread. */
static enum tg_err
open_store(void *self, struct store *out, struct hour_keys *hours)
{
    struct service *service = self;
    struct row_salt salt;
    enum tg_err err = stores_open(service->main, out, hours, &salt);

    if (err != TG_OK)
        return err;
    if (!atomic_load(&service->has_salt)) {
        take_salt(service, &salt);
    } else if (!tg_equal_secret(&salt, &service->salt, sizeof(salt))) {
        /* Another deployment's: calls under way are prepared for ours. */
        ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, 0,
                      "tigress: store: it was replaced by another one; "
                      "reload to go on with that");
        out->close(out->self);
        return TG_E_STORE;
    }
    service->hours = *hours;
    return TG_OK;
}

bool
service_is_ready(const struct service *service)
{
    return service != NULL && atomic_load(&service->has_salt);
}

static enum tg_err
start_batch(struct service *service, const struct relay_main *main)
{
    const struct batch_options options = {
        .opener = {service, open_store},
        .commit_delay_us = (unsigned)main->commit_delay_ms * US_PER_MS,
        .queue_most = main->queue_most,
        /* One worker is enough; during a reload two do no harm. */
        .sweep_interval_ms =
            ngx_worker == 0 ? (unsigned)main->sweep_interval_ms : 0,
        .sweep_slice = SWEEP_SLICE,
        .now = tg_time_now,
    };

    return batch_new(&options, &service->batch);
}

/* ---- coming back ------------------------------------------------------- */

static void
resume(struct service *service, struct relay_call *call)
{
    ngx_http_request_t *r = call->request;
    ngx_connection_t *c = r->connection;

    if (--service->under_way == 0)
        ngx_del_timer(&service->guard);
    bell_ring(service->main->bell, call); /* whatever becomes of the answer */
    r->main->blocked--;
    r->aio = 0;
    r->write_event_handler(r);
    ngx_http_run_posted_requests(c);
}

static void
take_all(struct service *service)
{
    struct batch_item *item = batch_take(service->batch);

    while (item != NULL) {
        struct batch_item *next = item->next; /* resuming may free it */

        resume(service, ngx_queue_data(item, struct relay_call, item));
        item = next;
    }
}

static void
on_bell(ngx_event_t *event)
{
    const ngx_connection_t *c = event->data;

    take_all(c->data);
}

static void
on_guard(ngx_event_t *event)
{
    struct service *service = event->data;

    ngx_log_error(NGX_LOG_ERR, event->log, 0,
                  "tigress: store_slow under_way=%ui", service->under_way);
    ngx_add_timer(event, GUARD_MS);
}

static ngx_int_t
hang_bell(struct service *service, ngx_cycle_t *cycle)
{
    ngx_connection_t *c =
        ngx_get_connection(batch_fd(service->batch), cycle->log);

    if (c == NULL)
        return NGX_ERROR;
    c->data = service;
    c->read->handler = on_bell;
    c->read->log = cycle->log;
    if (ngx_add_event(c->read, NGX_READ_EVENT, 0) != NGX_OK) {
        ngx_free_connection(c);
        return NGX_ERROR;
    }
    service->bell = c;
    return NGX_OK;
}

/* ---- start and end ----------------------------------------------------- */

struct service *
service_start(ngx_cycle_t *cycle, struct relay_main *main)
{
    struct service *service = ngx_pcalloc(cycle->pool, sizeof(*service));
    struct relay_location **locations = main->locations.elts;

    if (service == NULL)
        return NULL;
    service->main = main;
    service->guard = (ngx_event_t){
        .handler = on_guard, .data = service, .log = cycle->log};
    for (ngx_uint_t i = 0; i < main->locations.nelts; i++)
        locations[i]->exchange_site.hours = &service->hours;
    if (!stores_is_shared(main))
        take_salt(service, &main->salt);
    if (start_batch(service, main) != TG_OK)
        return NULL;
    if (hang_bell(service, cycle) != NGX_OK) {
        service_stop(service);
        return NULL;
    }
    return service;
}

/* The process ends now, and with it every connection: what has come back is
 * durable, but there is nobody left to tell, except for the other side. */
static void
ring_all(struct service *service)
{
    struct batch_item *item;

    for (item = batch_take(service->batch); item != NULL; item = item->next)
        bell_ring(service->main->bell,
                  ngx_queue_data(item, struct relay_call, item));
}

void
service_stop(struct service *service)
{
    if (service == NULL)
        return;
    if (service->bell != NULL) {
        (void)ngx_del_event(service->bell->read, NGX_READ_EVENT, 0);
        service->bell->fd = (ngx_socket_t)-1; /* the batch closes it */
        ngx_free_connection(service->bell);
    }
    batch_stop(service->batch);
    ring_all(service);
    batch_free(service->batch);
}

/* ---- handing in -------------------------------------------------------- */

enum tg_err
service_submit(struct service *service, struct relay_call *call)
{
    const struct request_body *body = &call->exchange.request.body;
    ngx_http_request_t *r = call->request;
    enum tg_err err;

    if (service == NULL)
        return TG_E_STORE;
    if (body->acceptable)
        bell_believe(service->main->bell, &body->token);
    call->item.op = &call->exchange.op;
    if ((err = batch_submit(service->batch, &call->item)) != TG_OK)
        return err;
    if (service->under_way++ == 0)
        ngx_add_timer(&service->guard, GUARD_MS);
    r->main->blocked++;
    r->aio = 1;
    return TG_OK;
}
