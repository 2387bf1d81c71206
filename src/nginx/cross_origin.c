/* See cross_origin.h. */
#include "nginx/cross_origin.h"

#include "nginx/request_head.h"
#include "nginx/respond.h"
#include "wire/cors.h"

/* ---- the directive ----------------------------------------------------- */

static bool
is_among(const ngx_array_t *origins, struct tg_span origin)
{
    const struct tg_span *list = origins->elts;

    for (ngx_uint_t i = 0; i < origins->nelts; i++)
        if (tg_span_equal(list[i], origin))
            return true;
    return false;
}

static char *
add(ngx_conf_t *cf, ngx_array_t *origins, ngx_str_t word)
{
    const char *fault = cors_fault(module_span(word));
    struct tg_span *entry;

    if (fault != NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" in \"tigress_cors_origin\" is no origin "
                           "that can be allowed: %s",
                           &word, fault);
        return NGX_CONF_ERROR;
    }
    if (is_among(origins, module_span(word))) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"tigress_cors_origin\" names \"%V\" twice",
                           &word);
        return NGX_CONF_ERROR;
    }
    if ((entry = ngx_array_push(origins)) == NULL)
        return NGX_CONF_ERROR;
    *entry = module_span(word);
    return NGX_CONF_OK;
}

char *
cross_origin_set(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    struct relay_location *location = conf;
    const ngx_str_t *words = cf->args->elts;

    (void)cmd;
    if (location->cors_origins == NGX_CONF_UNSET_PTR)
        location->cors_origins =
            ngx_array_create(cf->pool, 1, sizeof(struct tg_span));
    if (location->cors_origins == NULL)
        return NGX_CONF_ERROR;
    for (ngx_uint_t i = 1; i < cf->args->nelts; i++)
        if (add(cf, location->cors_origins, words[i]) != NGX_CONF_OK)
            return NGX_CONF_ERROR;
    return NGX_CONF_OK;
}

/* For a location that does not serve, too: nginx answers for a whole server
 * what it refuses before it has found a location. */
void
cross_origin_inherit(struct relay_location *inner,
                     const struct relay_location *outer)
{
    ngx_conf_merge_ptr_value(inner->cors_origins, outer->cors_origins, NULL);
    if (inner->cors_origins != NULL) {
        inner->wire_site.cors_origins = inner->cors_origins->elts;
        inner->wire_site.cors_origin_count = inner->cors_origins->nelts;
    }
}

/* ---- answers ----------------------------------------------------------- */

bool
cross_origin_is_preflight(const struct relay_call *call)
{
    return cors_is_preflight(&call->location->wire_site, &call->route);
}

ngx_int_t
cross_origin_preflight(struct relay_call *call)
{
    ngx_http_request_t *r = call->request;

    if (ngx_http_discard_request_body(r) != NGX_OK)
        r->keepalive = 0;
    if (cors_preflight(&call->route, &call->ids, &call->answer) != TG_OK)
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    return respond_send(call);
}

void
cross_origin_share(struct relay_call *call)
{
    const struct relay_location *location = ngx_http_get_module_loc_conf(
        call->request, ngx_http_tigress_module);

    if (location->wire_site.cors_origin_count == 0)
        return;
    request_head_route(call);
    cors_share(&location->wire_site, &call->route, &call->headers.origin,
               &call->answer);
}
