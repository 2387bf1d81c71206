/* See request_body.h.
 *
 * nginx reads in its "unbuffered" way: it hands over what has come and keeps
 * no copy, so nothing can reach a temporary file. Its own limit is off in our
 * locations, and its timer, which starts again with every byte, is set back to
 * our deadline each time.
 */
#include "nginx/request_body.h"

static void finish(struct relay_call *call, enum body_result result);
static void read_more(ngx_http_request_t *r);

/* ---- gathering --------------------------------------------------------- */

/* Another module may have read the body before us, and to a file. */
static bool
is_in_memory(const ngx_chain_t *chain)
{
    for (; chain != NULL; chain = chain->next)
        if (ngx_buf_size(chain->buf) > 0 && !ngx_buf_in_memory(chain->buf))
            return false;
    return true;
}

static size_t
chain_length(const ngx_chain_t *chain)
{
    size_t len = 0;

    for (; chain != NULL; chain = chain->next)
        len += (size_t)ngx_buf_size(chain->buf);
    return len;
}

/* Take what nginx has read since the last time. A body that is all in one of
 * its buffers stays there. */
static enum body_result
gather(struct relay_call *call)
{
    ngx_http_request_t *r = call->request;
    ngx_chain_t *chain = r->request_body->bufs;
    size_t len = chain_length(chain);

    r->request_body->bufs = NULL;
    if (!is_in_memory(chain))
        return BODY_NO_MEMORY;
    if (len > call->location->body_max - call->body_bytes.len)
        return BODY_TOO_LARGE;
    if (!r->reading_body && call->body_bytes.len == 0 && len > 0 &&
        chain_length(chain->next) == 0) {
        call->body_text = (struct tg_span){chain->buf->pos, len};
        return BODY_COMPLETE;
    }
    if (tg_buf_reserve(&call->body_bytes, len) != TG_OK)
        return BODY_NO_MEMORY;
    for (; chain != NULL; chain = chain->next) {
        ngx_buf_t *buf = chain->buf;
        struct tg_span piece = {buf->pos, (size_t)ngx_buf_size(buf)};

        if (tg_buf_append(&call->body_bytes, piece) != TG_OK)
            return BODY_NO_MEMORY;
        buf->pos = buf->last; /* consumed: nginx may use it again */
    }
    call->body_text = tg_span_buf(&call->body_bytes);
    return BODY_COMPLETE;
}

/* ---- reading ----------------------------------------------------------- */

static enum body_result
result_of(ngx_int_t rc)
{
    switch (rc) {
    case NGX_HTTP_REQUEST_TIME_OUT:
        return BODY_TIMED_OUT;
    case NGX_HTTP_REQUEST_ENTITY_TOO_LARGE:
        return BODY_TOO_LARGE;
    case NGX_HTTP_BAD_REQUEST:
        return BODY_BROKEN;
    default:
        return BODY_NO_MEMORY;
    }
}

/* Wait for more, but not beyond the deadline. */
static void
await(struct relay_call *call)
{
    ngx_http_request_t *r = call->request;
    ngx_event_t *event = r->connection->read;
    ngx_msec_int_t left = (ngx_msec_int_t)(call->body_deadline -
                                           ngx_current_msec);

    if (left <= 0) {
        finish(call, BODY_TIMED_OUT);
        return;
    }
    r->read_event_handler = read_more;
    if (event->timer_set)
        ngx_del_timer(event);
    ngx_add_timer(event, (ngx_msec_t)left);
}

/* Take what is there, and read on until nothing is. */
static void
proceed(struct relay_call *call)
{
    ngx_http_request_t *r = call->request;

    for (;;) {
        enum body_result result = gather(call);
        ngx_int_t rc;

        if (result != BODY_COMPLETE || !r->reading_body) {
            finish(call, result);
            return;
        }
        rc = ngx_http_read_unbuffered_request_body(r);
        if (rc >= NGX_HTTP_SPECIAL_RESPONSE || rc == NGX_ERROR) {
            finish(call, r->connection->error ? BODY_GONE : result_of(rc));
            return;
        }
        if (rc == NGX_AGAIN && r->request_body->bufs == NULL) {
            await(call);
            return;
        }
    }
}

static void
read_more(ngx_http_request_t *r)
{
    proceed(ngx_http_get_module_ctx(r, ngx_http_tigress_module));
}

/* nginx calls this when it has read what had already come. */
static void
first_part(ngx_http_request_t *r)
{
    struct relay_call *call =
        ngx_http_get_module_ctx(r, ngx_http_tigress_module);

    if (r->request_body == NULL ||
        (r->request_body->bufs == NULL && !r->reading_body))
        finish(call, BODY_COMPLETE);
    else
        proceed(call);
}

static void
finish(struct relay_call *call, enum body_result result)
{
    ngx_http_request_t *r = call->request;
    ngx_connection_t *c = r->connection;

    if (c->read->timer_set)
        ngx_del_timer(c->read);
    r->read_event_handler = ngx_http_block_reading;
    if (result != BODY_COMPLETE) {
        r->keepalive = 0;
        /* We answer; nginx would only break the connection off. */
        c->timedout = 0;
        c->read->timedout = 0;
    }
    call->body_done(call, result);
}

ngx_int_t
request_body_read(struct relay_call *call,
          void (*then)(struct relay_call *, enum body_result))
{
    ngx_http_request_t *r = call->request;
    ngx_int_t rc;

    call->body_done = then;
    call->body_deadline = ngx_current_msec + call->location->body_timeout_ms;
    r->request_body_no_buffering = 1;
    rc = ngx_http_read_client_request_body(r, first_part);
    return rc >= NGX_HTTP_SPECIAL_RESPONSE ? rc : NGX_DONE;
}
