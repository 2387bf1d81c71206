/* See tls.h. */
#include "nginx/tls.h"

void
tls_harden(ngx_http_core_srv_conf_t *server)
{
    const ngx_http_ssl_srv_conf_t *ssl =
        server->ctx->srv_conf[ngx_http_ssl_module.ctx_index];
    SSL_CTX *ctx = ssl->ssl.ctx;

    if (ctx == NULL)
        return;
    /* SSL_OP_NO_TICKET alone makes TLS 1.3 send tickets that refer to the
     * session cache; only a count of zero sends none. */
    (void)SSL_CTX_set_num_tickets(ctx, 0);
    (void)SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
    (void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    (void)SSL_CTX_set_max_early_data(ctx, 0);
    (void)SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
}
