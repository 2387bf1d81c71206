/* See refusals.h. */
#include "nginx/refusals.h"

#include "nginx/request_head.h"
#include "nginx/respond.h"

/* nginx keeps filters in chains of pointers, which each module holds a link
 * of; set once, before any worker exists. */
static ngx_http_output_header_filter_pt next_header_filter;
static ngx_http_output_body_filter_pt next_body_filter;

/* nginx turns 494 into 400 before a filter can see it, but leaves the
 * connection to be closed slowly, which it never does after other 400s. */
static bool
is_header_too_large(const ngx_http_request_t *r)
{
    return r->headers_out.status == NGX_HTTP_BAD_REQUEST &&
           r->lingering_close && handler_is_early(r);
}

/* What the status that nginx wants to send is called in the protocol;
 * WIRE_FINE for those that it does not know. */
static enum wire_refusal
refusal_of(const ngx_http_request_t *r)
{
    static const struct {
        ngx_uint_t status;
        enum wire_refusal refusal;
    } known[] = {
        {NGX_HTTP_BAD_REQUEST, WIRE_MALFORMED_HTTP},
        {NGX_HTTP_NOT_FOUND, WIRE_NOT_FOUND},
        {NGX_HTTP_NOT_ALLOWED, WIRE_METHOD_NOT_ALLOWED}, /* TRACE, CONNECT */
        {NGX_HTTP_REQUEST_TIME_OUT, WIRE_TIMEOUT},
        {NGX_HTTP_REQUEST_ENTITY_TOO_LARGE, WIRE_BODY_TOO_LARGE},
        {NGX_HTTP_REQUEST_URI_TOO_LARGE, WIRE_URI_TOO_LONG},
        {NGX_HTTP_MISDIRECTED_REQUEST, WIRE_MALFORMED_HTTP},
        {NGX_HTTP_TOO_MANY_REQUESTS, WIRE_TOO_MANY},
        {NGX_HTTP_INTERNAL_SERVER_ERROR, WIRE_UNAVAILABLE},
        {NGX_HTTP_NOT_IMPLEMENTED, WIRE_MALFORMED_HTTP},
        {NGX_HTTP_SERVICE_UNAVAILABLE, WIRE_UNAVAILABLE},
        {NGX_HTTP_VERSION_NOT_SUPPORTED, WIRE_MALFORMED_HTTP},
    };

    if (is_header_too_large(r))
        return WIRE_HEADERS_TOO_LARGE;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (r->headers_out.status == known[i].status)
            return known[i].refusal;
    return WIRE_FINE;
}

/* Whether nginx is about to send an error of its own where we answer. */
static bool
is_to_be_replaced(ngx_http_request_t *r)
{
    const struct relay_call *call =
        ngx_http_get_module_ctx(r, ngx_http_tigress_module);

    return r == r->main && (call == NULL || !call->is_answered) &&
           handler_is_ours(r) && refusal_of(r) != WIRE_FINE;
}

/* The problem in the protocol's words. A method that nginx refuses by itself
 * is looked up, since the path decides between 404 and 405. */
static struct wire_problem
problem_of(struct relay_call *call)
{
    struct wire_problem problem = {.refusal = refusal_of(call->request)};

    if (problem.refusal != WIRE_METHOD_NOT_ALLOWED)
        return problem;
    request_head_route(call);
    return call->problem.refusal != WIRE_FINE ? call->problem : problem;
}

static ngx_int_t
header_filter(ngx_http_request_t *r)
{
    struct relay_call *call;
    struct wire_problem problem;

    if (!is_to_be_replaced(r) || (call = handler_call(r)) == NULL)
        return next_header_filter(r);
    if (call->headers.request_id.count == 0)
        request_head_read(call);
    problem = problem_of(call);
    if (wire_refuse(problem, &call->ids, call->route.allow, NULL,
                    &call->answer) != TG_OK)
        return next_header_filter(r);
    if (respond_set_head(call) != NGX_OK)
        return NGX_ERROR;
    call->is_answered = 1;
    call->replaces_body = 1;
    return next_header_filter(r);
}

static ngx_int_t
body_filter(ngx_http_request_t *r, ngx_chain_t *in)
{
    struct relay_call *call =
        ngx_http_get_module_ctx(r, ngx_http_tigress_module);
    ngx_chain_t *ours;

    if (call == NULL || !call->replaces_body || in == NULL)
        return next_body_filter(r, in);
    call->replaces_body = 0;
    if ((ours = respond_body(call)) == NULL)
        return NGX_ERROR;
    return next_body_filter(r, ours);
}

void
refusals_install(void)
{
    next_header_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = header_filter;
    next_body_filter = ngx_http_top_body_filter;
    ngx_http_top_body_filter = body_filter;
}
