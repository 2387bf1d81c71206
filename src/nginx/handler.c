/* The life of a request, in the order in which it happens here:
 *
 *   handler_content()  method and path, size, headers  (PROTOCOL §4, §13)
 *   after_body()       the body
 *   judge()            a create's device (attestor.h); into the store
 *   come_back()        back from the store; a read may wait (park.h), and
 *                      begins anew when it is woken (away.h)
 *   answer()           out
 *
 * Every verdict is wire's or the core's. A request stays with nginx while its
 * operation is under way, whatever its client does (service.h).
 */
#include "nginx/module.h"

#include "nginx/attestor.h"
#include "nginx/cross_origin.h"
#include "nginx/park.h"
#include "nginx/request_body.h"
#include "nginx/request_head.h"
#include "nginx/respond.h"
#include "nginx/service.h"

/* ---- the state of a request -------------------------------------------- */

static void
release(void *data)
{
    struct relay_call *call = data;

    park_leave(call);
    exchange_done(&call->exchange);
    wire_body_done(&call->body);
    wire_answer_done(&call->answer);
    tg_buf_free(&call->body_bytes);
}

struct relay_call *
handler_call(ngx_http_request_t *r)
{
    struct relay_call *call =
        ngx_http_get_module_ctx(r, ngx_http_tigress_module);
    ngx_pool_cleanup_t *cleanup;

    if (call != NULL)
        return call;
    if ((call = ngx_pcalloc(r->pool, sizeof(*call))) == NULL ||
        (cleanup = ngx_pool_cleanup_add(r->pool, 0)) == NULL)
        return NULL;
    cleanup->handler = release;
    cleanup->data = call;
    call->request = r;
    ngx_http_set_ctx(r, call, ngx_http_tigress_module);
    return call;
}

bool
handler_is_early(const ngx_http_request_t *r)
{
    /* Our own handler is the first of all (module.c); whatever comes behind
     * it has moved this on. */
    return r->phase_handler == 0;
}

bool
handler_is_ours(ngx_http_request_t *r)
{
    const struct relay_location *location =
        ngx_http_get_module_loc_conf(r, ngx_http_tigress_module);
    const struct relay_server *server =
        ngx_http_get_module_srv_conf(r, ngx_http_tigress_module);

    return location->serves || (server->serves && handler_is_early(r));
}

/* ---- refusing ---------------------------------------------------------- */

/* Refuse before the body was read; it is thrown away as it comes. */
static ngx_int_t
refuse_unread(struct relay_call *call, struct wire_problem problem)
{
    ngx_http_request_t *r = call->request;

    if (r->headers_in.expect != NULL) {
        /* The client may keep its body back now, and then nobody could tell
         * where its next request begins. */
        r->expect_tested = 1;
        r->keepalive = 0;
    }
    if (problem.refusal == WIRE_BODY_TOO_LARGE)
        r->keepalive = 0;
    if (ngx_http_discard_request_body(r) != NGX_OK)
        r->keepalive = 0;
    return respond_refuse(call, problem);
}

static void
refuse(struct relay_call *call, struct wire_problem problem)
{
    ngx_http_finalize_request(call->request, respond_refuse(call, problem));
}

static void
refuse_plainly(struct relay_call *call, enum wire_refusal refusal)
{
    refuse(call, (struct wire_problem){.refusal = refusal});
}

/* ---- back from the store ----------------------------------------------- */

static void
refuse_failure(struct relay_call *call, enum tg_err err)
{
    struct relay_main *main =
        ngx_http_get_module_main_conf(call->request, ngx_http_tigress_module);

    /* Once a second at most: a store that is down fails every request. */
    if (main->last_complaint != ngx_time()) {
        main->last_complaint = ngx_time();
        ngx_log_error(NGX_LOG_ERR, call->request->connection->log, 0,
                      "tigress: operation_failed error=%s", tg_err_name(err));
    }
    refuse_plainly(call, err == TG_E_FULL ? WIRE_FULL : WIRE_UNAVAILABLE);
}

static enum tg_err
write_answer(struct relay_call *call)
{
    const struct exchange *ex = &call->exchange;
    const struct wire_outcome outcome = {
        .call = call->route.call,
        .outcome = ex->outcome,
        .effects = &ex->effects,
        .mailbox = &ex->mailbox,
        .memory = &ex->memory,
        .mailbox_id = &ex->mailbox_id,
        .body_problem = &call->body.problem,
        .attestation_reason = attest_reason_text(call->attestation.reason),
        .reader = &call->reader,
        .ids = &call->ids,
    };

    return wire_answer(&outcome, &call->location->wire_site, &call->answer);
}

/* An answer at last, of what the decision has left. */
static void
answer(struct relay_call *call)
{
    ngx_http_request_t *r = call->request;

    park_leave(call);
    if (write_answer(call) != TG_OK)
        refuse_plainly(call, WIRE_UNAVAILABLE);
    else
        ngx_http_finalize_request(r, respond_send(call));
}

static void
come_back(ngx_http_request_t *r)
{
    struct relay_call *call =
        ngx_http_get_module_ctx(r, ngx_http_tigress_module);
    struct relay_main *main =
        ngx_http_get_module_main_conf(r, ngx_http_tigress_module);
    const struct exchange *ex = &call->exchange;
    ngx_int_t rest = NGX_DECLINED;

    /* It is also called when the connection can be written to again, which an
     * earlier answer on it may have waited for: not back yet. */
    if (r->aio)
        return;
    r->write_event_handler = ngx_http_request_empty_handler;
    if (ex->op.result != TG_OK) {
        park_leave(call);
        refuse_failure(call, ex->op.result);
        return;
    }
    if (ex->effects.wake)
        park_wake(main->park, &ex->keys.lookup, ex->effects.ends_waits);
    if (ex->outcome == RELAY_UNCHANGED)
        rest = park_rest(main->park, call);
    if (rest == NGX_DECLINED) {
        answer(call);
    } else if (rest == NGX_BUSY) {
        park_leave(call);
        refuse_plainly(call, WIRE_UNAVAILABLE);
    }
}

/* ---- into the store ---------------------------------------------------- */

static enum exchange_call
exchange_call_of(enum wire_call call)
{
    switch (call) {
    case CALL_CREATE:
        return EXCHANGE_CREATE;
    case CALL_DISPLAY:
        return EXCHANGE_DISPLAY;
    case CALL_READ:
        return EXCHANGE_READ;
    case CALL_UPDATE:
        return EXCHANGE_UPDATE;
    case CALL_DELETE:
        return EXCHANGE_DELETE;
    case CALL_RELINQUISH:
        return EXCHANGE_RELINQUISH;
    case CALL_DOCUMENT:
        break;
    }
    ngx_abort();
}

static void
fill_exchange(struct relay_call *call)
{
    struct exchange *ex = &call->exchange;

    ex->site = &call->location->exchange_site;
    ex->call = exchange_call_of(call->route.call);
    ex->mailbox_id = call->route.mailbox;
    ex->claim = call->ids.claim;
    ex->request.id = call->ids.request_id;
    ex->request.if_match = call->ids.if_match;
    ex->request.if_none_match = call->ids.if_none_match;
    ex->request.body = call->body.request;
    ex->request.attestation_refused =
        call->attestation.reason != ATTEST_FINE;
}

static void
submit(struct relay_call *call)
{
    ngx_http_request_t *r = call->request;
    const struct relay_main *main =
        ngx_http_get_module_main_conf(r, ngx_http_tigress_module);
    enum tg_err err;

    r->write_event_handler = come_back;
    err = service_submit(main->service, call);
    if (err == TG_OK)
        return;
    park_leave(call);
    if (err == TG_E_FULL)
        refuse_plainly(call, WIRE_UNAVAILABLE); /* the queue, not the disk */
    else
        refuse_failure(call, err);
}

/* The process ends, so nothing can be looked up any more. What was there when
 * it was last looked at is still true as far as anybody here knows. */
static void
give_up(struct relay_call *call)
{
    ngx_connection_t *c = call->request->connection;

    park_leave(call);
    refuse_plainly(call, WIRE_UNCHANGED);
    ngx_http_run_posted_requests(c);
}

/* R-WAIT-1: before the store is looked at, so that no change is missed. As
 * park_enter(). */
static ngx_int_t
enter_park(struct relay_call *call)
{
    const struct relay_main *main = ngx_http_get_module_main_conf(
        call->request, ngx_http_tigress_module);
    unsigned most_s = (unsigned)call->location->wait_most_s;
    ngx_int_t rc;

    if (call->ids.wait_s > most_s)
        call->ids.wait_s = most_s;
    if (call->ids.wait_s == 0)
        return NGX_DECLINED;
    rc = park_enter(main->park, call);
    if (rc == NGX_DECLINED)
        call->ids.wait_s = 0; /* granted is what is said to be */
    return rc;
}

static void
look(struct relay_call *call)
{
    ngx_int_t rc = enter_park(call);

    if (rc == NGX_DONE) {
        give_up(call);
    } else {
        if (rc == NGX_AGAIN)
            exchange_again(&call->exchange);
        submit(call);
    }
}

static void
hand_in(struct relay_call *call)
{
    const struct relay_main *main = ngx_http_get_module_main_conf(
        call->request, ngx_http_tigress_module);
    enum tg_err err;

    fill_exchange(call);
    if (!service_is_ready(main->service))
        refuse_failure(call, TG_E_STORE);
    else if ((err = exchange_prepare(&call->exchange)) != TG_OK)
        refuse_failure(call, err);
    else
        look(call);
}

/* ---- the device -------------------------------------------------------- */

static void
come_back_judged(ngx_http_request_t *r)
{
    struct relay_call *call =
        ngx_http_get_module_ctx(r, ngx_http_tigress_module);

    if (r->aio)
        return; /* as in come_back() */
    r->write_event_handler = ngx_http_request_empty_handler;
    if (call->attestation.reason == ATTEST_UNAVAILABLE)
        refuse_plainly(call, WIRE_UNAVAILABLE);
    else
        hand_in(call);
}

/* R-ATT-2. A body that is refused is so whatever its device (§4), and a header
 * that is there twice is malformed (§13). */
static void
judge(struct relay_call *call)
{
    ngx_http_request_t *r = call->request;
    const struct relay_main *main =
        ngx_http_get_module_main_conf(r, ngx_http_tigress_module);
    const struct attest_policy *policy = &call->location->attest_policy;
    unsigned count = call->headers.attestation.count;

    if (call->route.call != CALL_CREATE || policy->rule == ATTEST_IGNORED ||
        !call->body.request.acceptable ||
        (policy->rule == ATTEST_OPTIONAL && count == 0)) {
        hand_in(call);
    } else if (count != 1) {
        call->attestation.reason =
            count == 0 ? ATTEST_MISSING : ATTEST_MALFORMED;
        hand_in(call);
    } else {
        r->write_event_handler = come_back_judged;
        if (attestor_submit(main->attestor, call) != TG_OK)
            refuse_plainly(call, WIRE_UNAVAILABLE);
    }
}

static void
take_body(struct relay_call *call)
{
    if (wire_parse_body(call->route.call, &call->headers, call->body_text,
                        &call->location->limits, &call->body) != TG_OK)
        refuse_plainly(call, WIRE_UNAVAILABLE);
    else
        judge(call);
}

/* ---- waiting ----------------------------------------------------------- */

/* A read that waits was woken, or its time is over. */
static void
look_again(struct relay_call *call)
{
    ngx_http_request_t *r = call->request;
    ngx_connection_t *c = r->connection;

    r->read_event_handler = ngx_http_block_reading;
    exchange_again(&call->exchange);
    submit(call);
    ngx_http_run_posted_requests(c);
}

const struct park_hands handler_park_hands = {look_again, give_up};

/* ---- the body ---------------------------------------------------------- */

static void
after_body(struct relay_call *call, enum body_result result)
{
    switch (result) {
    case BODY_COMPLETE:
        if (call->headers_problem.refusal != WIRE_FINE)
            refuse(call, call->headers_problem);
        else
            take_body(call);
        return;
    case BODY_TOO_LARGE:
        refuse_plainly(call, WIRE_BODY_TOO_LARGE);
        return;
    case BODY_TIMED_OUT:
        refuse_plainly(call, WIRE_TIMEOUT);
        return;
    case BODY_BROKEN:
        refuse_plainly(call, WIRE_MALFORMED_HTTP);
        return;
    case BODY_NO_MEMORY:
        refuse_plainly(call, WIRE_UNAVAILABLE);
        return;
    case BODY_GONE:
        break;
    }
    ngx_http_finalize_request(call->request, NGX_HTTP_CLIENT_CLOSED_REQUEST);
}

/* What is about no mailbox needs no body, and no store. */
static ngx_int_t
send_document(struct relay_call *call)
{
    ngx_http_request_t *r = call->request;

    if (ngx_http_discard_request_body(r) != NGX_OK)
        r->keepalive = 0;
    if (wire_document(call->route.document, &call->location->wire_site,
                      &call->ids, &call->answer) != TG_OK)
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    return respond_send(call);
}

/* ---- the beginning ----------------------------------------------------- */

ngx_int_t
handler_content(ngx_http_request_t *r)
{
    static const struct wire_problem too_large = {WIRE_BODY_TOO_LARGE, NULL,
                                                  NULL};
    struct relay_call *call;

    if (r != r->main)
        return NGX_HTTP_NOT_FOUND; /* only a client can call */
    if (r->http_version < NGX_HTTP_VERSION_10)
        return NGX_HTTP_CLOSE; /* HTTP/0.9 has no headers to protect a page */
    if ((call = handler_call(r)) == NULL)
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    call->location = ngx_http_get_module_loc_conf(r, ngx_http_tigress_module);
    request_head_route(call);
    request_head_read(call);
    if (cross_origin_is_preflight(call))
        return cross_origin_preflight(call);
    if (call->problem.refusal != WIRE_FINE)
        return refuse_unread(call, call->problem);
    if (r->headers_in.content_length_n > (off_t)call->location->body_max)
        return refuse_unread(call, too_large);
    if (call->route.call == CALL_DOCUMENT)
        return send_document(call);
    return request_body_read(call, after_body);
}
