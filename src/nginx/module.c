/* The record that nginx demands, and what happens when a configuration has
 * been read and when a worker starts and ends. */
#include "nginx/module.h"

#include <sys/prctl.h>

#include "nginx/attestor.h"
#include "nginx/away.h"
#include "nginx/bell.h"
#include "nginx/board.h"
#include "nginx/directives.h"
#include "nginx/listen.h"
#include "nginx/nodes.h"
#include "nginx/park.h"
#include "nginx/reach.h"
#include "nginx/redact.h"
#include "nginx/refusals.h"
#include "nginx/service.h"
#include "nginx/stores.h"

/* ---- a configuration --------------------------------------------------- */

/* Handlers of a phase are called in the order of the array. */
static ngx_int_t
add_handler(ngx_http_core_main_conf_t *core, ngx_http_phases phase,
            ngx_http_handler_pt handler, bool first)
{
    ngx_array_t *handlers = &core->phases[phase].handlers;
    ngx_http_handler_pt *list;

    if (ngx_array_push(handlers) == NULL)
        return NGX_ERROR;
    list = handlers->elts;
    if (first) {
        ngx_memmove(list + 1, list, (handlers->nelts - 1) * sizeof(*list));
        list[0] = handler;
    } else {
        list[handlers->nelts - 1] = handler;
    }
    return NGX_OK;
}

/* Before a location is known, errors go to the log of the server. */
static ngx_int_t
redact_servers(ngx_conf_t *cf, const ngx_http_core_main_conf_t *core)
{
    ngx_http_core_srv_conf_t **servers = core->servers.elts;

    for (ngx_uint_t i = 0; i < core->servers.nelts; i++) {
        const ngx_http_conf_ctx_t *ctx = servers[i]->ctx;
        const struct relay_server *server =
            ctx->srv_conf[ngx_http_tigress_module.ctx_index];

        if (server->serves &&
            redact_error_log(cf, ctx->loc_conf[ngx_http_core_module.ctx_index])
                != NGX_OK)
            return NGX_ERROR;
    }
    return NGX_OK;
}

/* All has been read and merged. A module that nobody uses changes nothing. */
static ngx_int_t
after_configuration(ngx_conf_t *cf)
{
    struct relay_main *main =
        ngx_http_conf_get_module_main_conf(cf, ngx_http_tigress_module);
    ngx_http_core_main_conf_t *core =
        ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    if (!main->in_use)
        return NGX_OK;
    if (listen_check(cf) != NGX_OK || stores_prepare(cf, main) != NGX_OK ||
        board_reserve(cf, main) != NGX_OK ||
        bell_reserve(cf, main) != NGX_OK ||
        redact_servers(cf, core) != NGX_OK)
        return NGX_ERROR;
    reach_check(cf);
    refusals_install();
    if (add_handler(core, NGX_HTTP_POST_READ_PHASE, away_post_read, true) !=
            NGX_OK ||
        add_handler(core, NGX_HTTP_POST_READ_PHASE, redact_post_read, true) !=
            NGX_OK)
        return NGX_ERROR;
    return add_handler(core, NGX_HTTP_LOG_PHASE, redact_before_log, true);
}

/* All of nginx has been read; logs and listeners are open. */
static ngx_int_t
start_cycle(ngx_cycle_t *cycle)
{
    struct relay_main *main =
        ngx_http_cycle_get_module_main_conf(cycle, ngx_http_tigress_module);

    if (main != NULL && main->in_use)
        redact_open_logs(cycle, main);
    return NGX_OK;
}

/* ---- a worker ---------------------------------------------------------- */

static ngx_int_t
start_worker(ngx_cycle_t *cycle)
{
    struct relay_main *main =
        ngx_http_cycle_get_module_main_conf(cycle, ngx_http_tigress_module);

    if (main == NULL || !main->in_use)
        return NGX_OK;
    if (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE)
        return NGX_OK;
    /* nginx makes workers dumpable after giving up root; a core file would
     * hold identifiers, claims and keys. */
    if (prctl(PR_SET_DUMPABLE, 0) != 0)
        ngx_log_error(NGX_LOG_WARN, cycle->log, ngx_errno,
                      "tigress: core_files_possible");
    main->service = service_start(cycle, main);
    if (main->service == NULL)
        ngx_log_error(NGX_LOG_ALERT, cycle->log, 0,
                      "tigress: no_store_thread answers=503");
    main->park = park_start(cycle, main, &handler_park_hands);
    if (main->park == NULL)
        ngx_log_error(NGX_LOG_ERR, cycle->log, 0,
                      "tigress: no_waiting answers=412");
    main->nodes = nodes_start(cycle, main);
    main->bell = bell_start(cycle, main);
    main->attestor = attestor_start(cycle, main);
    return NGX_OK;
}

static void
end_worker(ngx_cycle_t *cycle)
{
    struct relay_main *main =
        ngx_http_cycle_get_module_main_conf(cycle, ngx_http_tigress_module);

    if (main == NULL)
        return;
    nodes_stop(main->nodes);
    park_stop(main->park);
    service_stop(main->service);
    bell_stop(main->bell);
    attestor_stop(main->attestor);
}

/* ---- the record -------------------------------------------------------- */

static ngx_http_module_t hooks = {
    .postconfiguration = after_configuration,
    .create_main_conf = directives_create_main,
    .init_main_conf = directives_finish_main,
    .create_srv_conf = directives_create_server,
    .merge_srv_conf = directives_merge_server,
    .create_loc_conf = directives_create_location,
    .merge_loc_conf = directives_merge_location,
};

ngx_module_t ngx_http_tigress_module = {
    NGX_MODULE_V1,
    .ctx = &hooks,
    .commands = directives_table,
    .type = NGX_HTTP_MODULE,
    .init_module = start_cycle,
    .init_process = start_worker,
    .exit_process = end_worker,
    NGX_MODULE_V1_PADDING,
};
