/* See redact.h. */
#include "nginx/redact.h"

#include "nginx/log_line.h"
#include "nginx/request_head.h"

/* ---- error log --------------------------------------------------------- */

/* Write to the logs that ours stands for, as nginx would: the chain is sorted,
 * those that want most come first. */
static void
write_redacted(ngx_log_t *ours, ngx_uint_t level, u_char *line, size_t len)
{
    u_char clean[NGX_MAX_ERROR_STR];

    if (len > sizeof(clean))
        len = sizeof(clean);
    len = log_line_redact(line, len, clean);
    for (ngx_log_t *log = ours->wdata; log != NULL; log = log->next) {
        if (log->log_level < level)
            break;
        if (log->writer != NULL)
            log->writer(log, level, clean, len);
        else
            (void)ngx_write_fd(log->file->fd, clean, len);
    }
}

ngx_int_t
redact_error_log(ngx_conf_t *cf, ngx_http_core_loc_conf_t *core)
{
    struct relay_main *main =
        ngx_http_conf_get_module_main_conf(cf, ngx_http_tigress_module);
    ngx_log_t **entry;
    ngx_log_t *ours;

    if (core->error_log->writer == write_redacted)
        return NGX_OK;
    if ((ours = ngx_pcalloc(cf->pool, sizeof(*ours))) == NULL ||
        (entry = ngx_array_push(&main->logs)) == NULL)
        return NGX_ERROR;
    ours->writer = write_redacted;
    ours->wdata = core->error_log;
    ours->log_level = core->error_log->log_level;
    ours->file = core->error_log->file;
    core->error_log = ours;
    *entry = ours;
    return NGX_OK;
}

void
redact_open_logs(ngx_cycle_t *cycle, struct relay_main *main)
{
    ngx_log_t **logs = main->logs.elts;
    ngx_listening_t *listening = cycle->listening.elts;

    for (ngx_uint_t i = 0; i < main->logs.nelts; i++) {
        const ngx_log_t *original = logs[i]->wdata;

        logs[i]->log_level = original->log_level;
        logs[i]->file = original->file;
    }
    for (ngx_uint_t i = 0; i < cycle->listening.nelts; i++)
        if (listening[i].log.writer == write_redacted)
            listening[i].log.log_level = listening[i].logp->log_level;
}

/* ---- access log -------------------------------------------------------- */

static ngx_str_t unknown = ngx_string("-");
static ngx_str_t mailboxes = ngx_string("/v1/m/");

/* What stands for the path `uri` in logs: itself when it is one of ours that
 * names no mailbox. */
static ngx_str_t
shown_path(ngx_str_t uri)
{
    static ngx_str_t mailbox = ngx_string("/v1/m/-");
    static ngx_str_t open[] = {ngx_string("/"), ngx_string("/v1/m"),
                               ngx_string("/.well-known/tigress")};

    for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++)
        if (uri.len == open[i].len &&
            ngx_memcmp(uri.data, open[i].data, uri.len) == 0)
            return open[i];
    if (uri.len > mailboxes.len &&
        ngx_memcmp(uri.data, mailboxes.data, mailboxes.len) == 0)
        return mailbox;
    return unknown;
}

/* HTTP/0.9 names no protocol: there is nothing to copy from then. */
static u_char *
add(u_char *end, ngx_str_t text)
{
    return text.len > 0 ? ngx_cpymem(end, text.data, text.len) : end;
}

/* "METHOD path PROTOCOL" with the shown path; "-" when there is no room, or
 * when nothing was understood. */
static ngx_str_t
shown_request_line(ngx_http_request_t *r, ngx_str_t path)
{
    ngx_str_t line;
    u_char *end;

    if (r->uri.len == 0)
        return unknown;
    line.len = r->method_name.len + path.len + r->http_protocol.len + 2;
    line.data = ngx_pnalloc(r->pool, line.len);
    if (line.data == NULL)
        return unknown;
    end = add(line.data, r->method_name);
    *end++ = ' ';
    end = add(end, path);
    *end++ = ' ';
    (void)add(end, r->http_protocol);
    return line;
}

static void
redact_request(ngx_http_request_t *r)
{
    ngx_str_t path = shown_path(r->uri);

    r->request_line = shown_request_line(r, path);
    r->uri = path;
    r->unparsed_uri = path;
    ngx_str_null(&r->args);
    ngx_str_null(&r->exten);
    r->headers_in.referer = NULL;
    /* $remote_addr, and "client: " of later messages; limits go by
     * $binary_remote_addr, which stays. */
    r->connection->addr_text = unknown;
}

ngx_int_t
redact_post_read(ngx_http_request_t *r)
{
    const struct relay_server *server =
        ngx_http_get_module_srv_conf(r, ngx_http_tigress_module);
    struct relay_call *call;

    if (!server->serves || r != r->main || r->uri.len <= mailboxes.len ||
        ngx_memcmp(r->uri.data, mailboxes.data, mailboxes.len) != 0)
        return NGX_DECLINED;
    if ((call = handler_call(r)) == NULL)
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    request_head_route(call);
    redact_request(r);
    return NGX_DECLINED;
}

ngx_int_t
redact_before_log(ngx_http_request_t *r)
{
    if (handler_is_ours(r))
        redact_request(r);
    return NGX_OK;
}
