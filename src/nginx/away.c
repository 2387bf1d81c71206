/* See away.h. Of nginx's own, three things are relied upon: that it gives a
 * connection whose request is done to a handler which reads the next one; that
 * this handler reads by means of connection->recv; and how limit_req and
 * limit_conn mark a request that they have let pass. */
#include "nginx/away.h"

#include "base/alloc.h"

enum { LIMIT_PASSED = 1 }; /* a name of its own in each of those modules */

struct away {
    ngx_connection_t *connection;
    void *http_connection;        /* nginx's, in connection->data */
    ngx_event_handler_pt handler; /* … and what reads the next request */
    ngx_recv_pt recv;
    struct tg_buf head;
    void (*gone)(void *data);
    void *data;
};

/* The one that nginx is just reading. */
static struct away *fetched;

/* ---- the head ---------------------------------------------------------- */

static enum tg_err
add_text(struct tg_buf *out, ngx_str_t text, const char *then)
{
    enum tg_err err =
        tg_buf_append(out, (struct tg_span){text.data, text.len});

    return err != TG_OK ? err : tg_buf_text(out, then);
}

/* nginx's own has become what may be logged (redact.c). */
static enum tg_err
add_request_line(struct tg_buf *out, const struct relay_call *call)
{
    const ngx_http_request_t *r = call->request;
    char mailbox[TG_UUID_TEXT_LEN + 1];
    enum tg_err err;

    tg_uuid_format(&call->route.mailbox.uuid, mailbox);
    if ((err = add_text(out, r->method_name, " /v1/m/")) == TG_OK &&
        (err = tg_buf_text(out, mailbox)) == TG_OK &&
        (err = tg_buf_text(out, " ")) == TG_OK)
        err = add_text(out, r->http_protocol, "\r\n");
    tg_wipe(mailbox, sizeof(mailbox));
    return err;
}

static enum tg_err
add_headers(struct tg_buf *out, const ngx_http_request_t *r)
{
    const ngx_list_part_t *part = &r->headers_in.headers.part;
    enum tg_err err = TG_OK;

    for (; part != NULL; part = part->next) {
        const ngx_table_elt_t *lines = part->elts;

        for (ngx_uint_t i = 0; i < part->nelts; i++)
            if ((err = add_text(out, lines[i].key, ": ")) != TG_OK ||
                (err = add_text(out, lines[i].value, "\r\n")) != TG_OK)
                return err;
    }
    return err;
}

static size_t
head_length(const ngx_http_request_t *r)
{
    const ngx_list_part_t *part = &r->headers_in.headers.part;
    size_t len = r->method_name.len + sizeof(" /v1/m/ \r\n\r\n") - 1 +
                 TG_UUID_TEXT_LEN + r->http_protocol.len;

    for (; part != NULL; part = part->next) {
        const ngx_table_elt_t *lines = part->elts;

        for (ngx_uint_t i = 0; i < part->nelts; i++)
            len += lines[i].key.len + sizeof(": \r\n") - 1 +
                   lines[i].value.len;
    }
    return len;
}

/* Written anew, since nginx has written into what came. Its length is known
 * first, so that it lies here in no more memory than it needs. */
static enum tg_err
write_head(const struct relay_call *call, struct tg_buf *out)
{
    const ngx_http_request_t *r = call->request;
    enum tg_err err;

    if ((err = tg_buf_reserve(out, head_length(r))) != TG_OK ||
        (err = add_request_line(out, call)) != TG_OK ||
        (err = add_headers(out, r)) != TG_OK)
        return err;
    return tg_buf_text(out, "\r\n");
}

/* ---- while it is away -------------------------------------------------- */

static void
drop(struct away *away)
{
    tg_buf_free(&away->head);
    tg_free(away);
}

static void
give_back(struct away *away)
{
    away->connection->data = away->http_connection;
    away->connection->read->handler = away->handler;
}

/* As ngx_http_test_reading() finds it out. What else may have come is read
 * after the answer. */
static bool
is_gone(ngx_connection_t *c)
{
    u_char byte;
    ssize_t got;

#if (NGX_HAVE_EPOLLRDHUP)
    if ((ngx_event_flags & NGX_USE_EPOLL_EVENT) && ngx_use_epoll_rdhup)
        return c->read->pending_eof;
#endif
    got = recv(c->fd, &byte, sizeof(byte), MSG_PEEK);
    return got == 0 || (got < 0 && ngx_socket_errno != NGX_EAGAIN);
}

static void
on_stir(ngx_event_t *event)
{
    ngx_connection_t *c = event->data;
    struct away *away = c->data;

    if (!is_gone(c)) {
        if ((ngx_event_flags & NGX_USE_LEVEL_EVENT) && event->active)
            (void)ngx_del_event(event, NGX_READ_EVENT, 0);
        return;
    }
    give_back(away);
    if (c->ssl != NULL)
        c->ssl->no_send_shutdown = 1;
    ngx_http_close_connection(c);
    away->gone(away->data);
    drop(away);
}

/* ---- there ------------------------------------------------------------- */

static bool
can_go(const ngx_http_request_t *r)
{
    const ngx_http_core_loc_conf_t *core =
        ngx_http_get_module_loc_conf(r, ngx_http_core_module);
    const ngx_connection_t *c = r->connection;

    return r->stream == NULL && r == r->main && r->count == 1 &&
           r->posted_requests == NULL && !r->header_sent &&
           r->headers_in.content_length_n <= 0 && !r->headers_in.chunked &&
           r->headers_in.expect == NULL && core->keepalive_timeout > 0 &&
           !ngx_exiting && !ngx_terminate && !c->error && !c->buffered &&
           !c->read->ready && !c->read->eof && !c->read->pending_eof &&
           r->header_in->pos == r->header_in->last &&
           head_length(r) <= (size_t)(c->buffer->end - c->buffer->start);
}

/* nginx has made the connection idle: no timer, and not to be closed when
 * others want its place or the worker ends. */
static void
take_over(struct away *away)
{
    ngx_connection_t *c = away->connection;

    if (c->read->timer_set)
        ngx_del_timer(c->read);
    if (c->read->posted) {
        ngx_delete_posted_event(c->read); /* two statements */
    }
    c->idle = 0;
    ngx_reusable_connection(c, 0);
    away->http_connection = c->data;
    away->handler = c->read->handler;
    away->recv = c->recv;
    c->data = away;
    c->read->handler = on_stir;
}

bool
away_put(struct relay_call *call, void (*gone)(void *data), void *data,
         struct away **out)
{
    ngx_http_request_t *r = call->request;
    ngx_connection_t *c = r->connection;
    struct away *away;

    if (!can_go(r) || (away = tg_alloc(sizeof(*away))) == NULL)
        return false;
    away->connection = c;
    away->gone = gone;
    away->data = data;
    if (write_head(call, &away->head) != TG_OK) {
        drop(away);
        return false;
    }
    *out = away;
    r->logged = 1;    /* later, with its answer */
    r->keepalive = 1; /* its own wish is in the head */
    ngx_http_finalize_request(r, NGX_DONE);
    if (c->fd == (ngx_socket_t)-1) {
        drop(away);
        *out = NULL;
    } else {
        take_over(away);
    }
    return true;
}

/* ---- and back ---------------------------------------------------------- */

static ssize_t
give_head(ngx_connection_t *c, u_char *buf, size_t size)
{
    size_t len = fetched->head.len;

    c->recv = fetched->recv;
    if (len > size)
        return NGX_ERROR; /* can_go() has seen to it */
    ngx_memcpy(buf, fetched->head.ptr, len);
    return (ssize_t)len;
}

void
away_fetch(struct away *away)
{
    ngx_connection_t *c = away->connection;
    ngx_event_t *event = c->read;

    give_back(away);
    c->requests--; /* it counts once */
    c->recv = give_head;
    fetched = away;
    event->timedout = 0;
    ngx_add_timer(event, 1000); /* which nginx takes away at once */
    event->handler(event);
    fetched = NULL;
    drop(away);
}

/* It was counted once. Now that the other side has something for it, 429 would
 * be all that it gets for having waited. */
ngx_int_t
away_post_read(ngx_http_request_t *r)
{
    if (fetched != NULL && fetched->connection == r->connection) {
        r->limit_req_status = LIMIT_PASSED;
        r->limit_conn_status = LIMIT_PASSED;
    }
    return NGX_DECLINED;
}
