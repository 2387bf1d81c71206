/* See respond.h. */
#include "nginx/respond.h"

#include "nginx/cross_origin.h"

/* A literal or bytes of the answer, which both live as long as the request. */
static ngx_str_t
to_ngx(struct tg_span span)
{
    return (ngx_str_t){span.len, (u_char *)(uintptr_t)span.ptr};
}

static ngx_int_t
add_header(ngx_http_request_t *r, const struct wire_answer_header *header)
{
    ngx_str_t value = to_ngx(header->value);
    ngx_table_elt_t *entry;

    if (tg_span_is_nocase(tg_span_text(header->name), "Content-Type")) {
        r->headers_out.content_type = value;
        r->headers_out.content_type_len = value.len;
        r->headers_out.content_type_lowcase = NULL;
        return NGX_OK;
    }
    if ((entry = ngx_list_push(&r->headers_out.headers)) == NULL)
        return NGX_ERROR;
    *entry = (ngx_table_elt_t){.hash = 1, .value = value};
    entry->key = to_ngx(tg_span_text(header->name));
    return NGX_OK;
}

/* What nginx's own filters would do to an answer that is already right. */
static void
keep_as_it_is(ngx_http_request_t *r)
{
    r->disable_not_modified = 1; /* conditions are wire's business */
    r->allow_ranges = 0;
    r->gzip_tested = 1; /* no-transform */
    r->gzip_ok = 0;
}

ngx_int_t
respond_set_head(struct relay_call *call)
{
    ngx_http_request_t *r = call->request;
    const struct wire_answer *answer = &call->answer;

    cross_origin_share(call);
    ngx_http_clean_header(r);
    r->err_status = 0;
    r->headers_out.status = answer->status;
    /* A 304 has no body, but would tell the length that one would have. */
    r->headers_out.content_length_n =
        answer->status == NGX_HTTP_NOT_MODIFIED ? -1
                                                : (off_t)answer->body.len;
    for (size_t i = 0; i < answer->header_count; i++)
        if (add_header(r, &answer->headers[i]) != NGX_OK)
            return NGX_ERROR;
    keep_as_it_is(r);
    if (ngx_exiting || ngx_terminate)
        r->keepalive = 0; /* so that the answer says what will happen */
    return NGX_OK;
}

ngx_chain_t *
respond_body(struct relay_call *call)
{
    ngx_http_request_t *r = call->request;
    const struct tg_buf *body = &call->answer.body;
    ngx_chain_t *chain = ngx_alloc_chain_link(r->pool);
    ngx_buf_t *buf = ngx_calloc_buf(r->pool);

    if (chain == NULL || buf == NULL)
        return NULL;
    buf->pos = buf->start = body->ptr;
    buf->last = buf->end = body->ptr + body->len;
    buf->memory = body->len > 0;
    buf->last_buf = 1;
    buf->last_in_chain = 1;
    *chain = (ngx_chain_t){buf, NULL};
    return chain;
}

ngx_int_t
respond_send(struct relay_call *call)
{
    ngx_http_request_t *r = call->request;
    ngx_chain_t *chain;
    ngx_int_t rc;

    call->is_answered = 1;
    if (respond_set_head(call) != NGX_OK)
        return NGX_ERROR;
    if (call->answer.body.len == 0)
        r->header_only = 1;
    rc = ngx_http_send_header(r);
    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only)
        return rc;
    if ((chain = respond_body(call)) == NULL)
        return NGX_ERROR;
    return ngx_http_output_filter(r, chain);
}

ngx_int_t
respond_refuse(struct relay_call *call, struct wire_problem problem)
{
    bool is_page = call->is_routed && call->route.call == CALL_DISPLAY;
    const struct wire_reader *reader = is_page ? &call->reader : NULL;

    if (wire_refuse(problem, &call->ids, call->route.allow, reader,
                    &call->answer) != TG_OK)
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    return respond_send(call);
}
