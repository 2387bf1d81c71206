/* See listen.h. */
#include "nginx/listen.h"

#include "nginx/directives.h"
#include "nginx/tls.h"

enum { HTTPS_PORT = 443, PORT_TEXT_MOST = sizeof(":65535") - 1 };

/* Called for each server of each address; NGX_OK goes on. */
typedef ngx_int_t visit_pt(ngx_conf_t *cf, const ngx_http_conf_addr_t *address,
                           ngx_http_core_srv_conf_t *server, void *data);

static ngx_int_t
visit_address(ngx_conf_t *cf, const ngx_http_conf_addr_t *address,
              visit_pt *visit, void *data)
{
    ngx_http_core_srv_conf_t **servers = address->servers.elts;

    for (ngx_uint_t i = 0; i < address->servers.nelts; i++) {
        ngx_int_t rc = visit(cf, address, servers[i], data);

        if (rc != NGX_OK)
            return rc;
    }
    return NGX_OK;
}

static ngx_int_t
visit_all(ngx_conf_t *cf, visit_pt *visit, void *data)
{
    const ngx_http_core_main_conf_t *core =
        ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);
    const ngx_http_conf_port_t *ports = core->ports->elts;

    for (ngx_uint_t i = 0; i < core->ports->nelts; i++) {
        const ngx_http_conf_addr_t *addresses = ports[i].addrs.elts;

        for (ngx_uint_t k = 0; k < ports[i].addrs.nelts; k++) {
            ngx_int_t rc = visit_address(cf, &addresses[k], visit, data);

            if (rc != NGX_OK)
                return rc;
        }
    }
    return NGX_OK;
}

/* ---- R-TLS-1 ----------------------------------------------------------- */

static bool
is_loopback(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const void *)address;

        return ntohl(in->sin_addr.s_addr) >> IN_CLASSA_NSHIFT ==
               IN_LOOPBACKNET;
    }
    if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *in = (const void *)address;

        return IN6_IS_ADDR_LOOPBACK(&in->sin6_addr);
    }
    return address->sa_family == AF_UNIX;
}

static ngx_int_t
check_server(ngx_conf_t *cf, const ngx_http_conf_addr_t *address,
             ngx_http_core_srv_conf_t *core, void *data)
{
    const struct relay_server *server =
        core->ctx->srv_conf[ngx_http_tigress_module.ctx_index];

    (void)data;
    if (!server->serves)
        return NGX_OK;
    if (address->opt.ssl) {
        tls_harden(core);
        /* Its context starts every handshake, before a name is known. */
        tls_harden(address->default_server);
        return NGX_OK;
    }
    if (server->insecure_loopback && is_loopback(address->opt.sockaddr))
        return NGX_OK;
    ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                  "\"tigress on\" in %V:%ui is in a server that listens on %V "
                  "without TLS: add \"ssl\" to its \"listen\"%s",
                  &server->file, server->line, &address->opt.addr_text,
                  is_loopback(address->opt.sockaddr)
                      ? ", or for development \"tigress_insecure_loopback on\""
                      : "");
    return NGX_ERROR;
}

ngx_int_t
listen_check(ngx_conf_t *cf)
{
    return visit_all(cf, check_server, NULL);
}

/* ---- the public name --------------------------------------------------- */

struct port_search {
    const ngx_http_core_srv_conf_t *server;
    in_port_t port;
};

/* The first TLS port of the server that is looked for. */
static ngx_int_t
find_port(ngx_conf_t *cf, const ngx_http_conf_addr_t *address,
          ngx_http_core_srv_conf_t *server, void *data)
{
    struct port_search *search = data;

    (void)cf;
    if (server != search->server || !address->opt.ssl)
        return NGX_OK;
    search->port = ngx_inet_get_port(address->opt.sockaddr);
    return NGX_DONE;
}

static ngx_int_t
host_of_server(ngx_conf_t *cf, ngx_str_t *out)
{
    const ngx_http_core_srv_conf_t *server =
        ngx_http_conf_get_module_srv_conf(cf, ngx_http_core_module);
    struct port_search search = {server, HTTPS_PORT};
    u_char *end;

    if (!directive_types_is_host(server->server_name)) {
        const struct relay_server *relay =
            ngx_http_conf_get_module_srv_conf(cf, ngx_http_tigress_module);

        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"tigress on\" in %V:%ui is in a server without a "
                      "\"server_name\" that share URLs could carry: add "
                      "\"tigress_public_host HOST[:PORT]\"",
                      &relay->file, relay->line);
        return NGX_ERROR;
    }
    (void)visit_all(cf, find_port, &search);
    out->data = ngx_pnalloc(cf->pool, server->server_name.len + PORT_TEXT_MOST);
    if (out->data == NULL)
        return NGX_ERROR;
    end = ngx_cpymem(out->data, server->server_name.data,
                     server->server_name.len);
    if (search.port != HTTPS_PORT)
        end = ngx_sprintf(end, ":%ui", (ngx_uint_t)search.port);
    out->len = (size_t)(end - out->data);
    return NGX_OK;
}

char *
listen_public_origin(ngx_conf_t *cf, struct relay_location *location)
{
    static const char scheme[] = "https://";
    ngx_str_t host = location->public_host;
    u_char *text;
    u_char *end;

    if (host.len == 0 && host_of_server(cf, &host) != NGX_OK)
        return NGX_CONF_ERROR;
    text = ngx_pnalloc(cf->pool, sizeof(scheme) - 1 + host.len);
    if (text == NULL)
        return NGX_CONF_ERROR;
    end = ngx_cpymem(text, scheme, sizeof(scheme) - 1);
    end = ngx_cpymem(end, host.data, host.len);
    location->wire_site.public_origin =
        (struct tg_span){text, (size_t)(end - text)};
    return NGX_CONF_OK;
}
