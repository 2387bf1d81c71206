/* See attestor.h. */
#include "nginx/attestor.h"

#include <ngx_thread_pool.h>

#include "challenge/challenge.h"

enum {
    GUARD_MS = 30 * 1000, /* keeps a worker that is to quit until all is told */
    REPORT_MS = 60 * 1000
};

/* One statement on its way; its memory is its request's. */
struct judging {
    ngx_queue_t place;
    struct attestor *attestor;
    struct relay_call *call;
    ngx_thread_task_t *task;
};

struct attestor {
    ngx_thread_pool_t *pool;
    ngx_log_t *log;
    ngx_uint_t waiting_most;
    ngx_uint_t waiting_count;
    ngx_queue_t waiting; /* struct judging, the oldest first */
    bool is_busy;        /* one is being judged */
    ngx_event_t guard;
    ngx_event_t report;
    /* … of each format, and last of statements that name none. */
    ngx_uint_t accepted[ATTEST_FORMATS + 1];
    ngx_uint_t refused[ATTEST_FORMATS + 1];
};

/* ---- counting ---------------------------------------------------------- */

static void
log_counts(struct attestor *attestor)
{
    for (size_t i = 0; i <= ATTEST_FORMATS; i++) {
        ngx_uint_t level =
            attestor->refused[i] > 0 ? NGX_LOG_WARN : NGX_LOG_NOTICE;

        if (attestor->accepted[i] + attestor->refused[i] == 0)
            continue;
        ngx_log_error(level, attestor->log, 0,
                      "tigress: attestations format=%s accepted=%ui "
                      "refused=%ui",
                      i < ATTEST_FORMATS
                          ? attest_format_name((enum attest_format)i)
                          : "unknown",
                      attestor->accepted[i], attestor->refused[i]);
        attestor->accepted[i] = 0;
        attestor->refused[i] = 0;
    }
}

static void
on_report(ngx_event_t *event)
{
    log_counts(event->data);
}

static void
count(struct attestor *attestor, const struct attest_verdict *verdict)
{
    size_t i = verdict->has_format ? (size_t)verdict->format : ATTEST_FORMATS;

    if (verdict->reason == ATTEST_UNAVAILABLE)
        return;
    if (verdict->reason == ATTEST_FINE)
        attestor->accepted[i]++;
    else
        attestor->refused[i]++;
    if (!attestor->report.timer_set)
        ngx_add_timer(&attestor->report, REPORT_MS);
}

/* ---- judging ----------------------------------------------------------- */

/* Runs in a thread: it looks at the call, which rests meanwhile, and writes
 * the verdict, at which nobody looks before the thread is done. */
static void
judge(void *data, ngx_log_t *log)
{
    const struct judging *judging = data;
    struct relay_call *call = judging->call;
    const struct mailbox_payload *payload = &call->body.request.payload;
    uint8_t challenge[CHALLENGE_LEN];

    (void)log;
    if (challenge_make(&call->ids.claim, &call->ids.request_id.uuid,
                       payload->type, payload->data, challenge) == TG_OK)
        call->attestation = attest_verify(&call->location->attest_policy,
                                          call->headers.attestation.value,
                                          challenge, tg_time_now());
}

static void
resume(struct relay_call *call)
{
    ngx_http_request_t *r = call->request;
    ngx_connection_t *c = r->connection;

    r->main->blocked--;
    r->aio = 0;
    r->write_event_handler(r);
    ngx_http_run_posted_requests(c);
}

/* Give the oldest that waits to a thread; one that no thread takes has no
 * verdict. */
static void
start_next(struct attestor *attestor)
{
    while (!attestor->is_busy && attestor->waiting_count > 0) {
        ngx_queue_t *head = ngx_queue_head(&attestor->waiting);
        struct judging *judging = ngx_queue_data(head, struct judging, place);

        ngx_queue_remove(head);
        attestor->waiting_count--;
        if (ngx_thread_task_post(attestor->pool, judging->task) == NGX_OK)
            attestor->is_busy = true;
        else
            resume(judging->call);
    }
    if (!attestor->is_busy && attestor->guard.timer_set)
        ngx_del_timer(&attestor->guard);
}

static void
on_judged(ngx_event_t *event)
{
    const struct judging *judging = event->data;
    struct attestor *attestor = judging->attestor;
    struct relay_call *call = judging->call;

    attestor->is_busy = false;
    count(attestor, &call->attestation);
    start_next(attestor);
    resume(call);
}

static void
on_guard(ngx_event_t *event)
{
    const struct attestor *attestor = event->data;

    ngx_log_error(NGX_LOG_ERR, event->log, 0,
                  "tigress: attestation_slow waiting=%ui",
                  attestor->waiting_count);
    ngx_add_timer(event, GUARD_MS);
}

enum tg_err
attestor_submit(struct attestor *attestor, struct relay_call *call)
{
    ngx_http_request_t *r = call->request;
    struct judging *judging;
    ngx_thread_task_t *task;

    if (attestor == NULL)
        return TG_E_STATE;
    if (attestor->waiting_count >= attestor->waiting_most)
        return TG_E_FULL;
    if ((task = ngx_thread_task_alloc(r->pool, sizeof(*judging))) == NULL)
        return TG_E_NOMEM;
    judging = task->ctx;
    *judging = (struct judging){.attestor = attestor, .call = call,
                                .task = task};
    task->handler = judge;
    task->event.data = judging;
    task->event.handler = on_judged;
    call->attestation =
        (struct attest_verdict){.reason = ATTEST_UNAVAILABLE};
    if (!attestor->guard.timer_set)
        ngx_add_timer(&attestor->guard, GUARD_MS);
    ngx_queue_insert_tail(&attestor->waiting, &judging->place);
    attestor->waiting_count++;
    r->main->blocked++;
    r->aio = 1;
    start_next(attestor);
    return TG_OK;
}

/* ---- start and end ----------------------------------------------------- */

ngx_int_t
attestor_reserve(ngx_conf_t *cf, struct relay_main *main)
{
    if (main->attestation_pool == NULL)
        main->attestation_pool = ngx_thread_pool_add(cf, NULL);
    return main->attestation_pool != NULL ? NGX_OK : NGX_ERROR;
}

struct attestor *
attestor_start(ngx_cycle_t *cycle, struct relay_main *main)
{
    struct attestor *attestor;

    if (main->attestation_pool == NULL)
        return NULL;
    if ((attestor = ngx_pcalloc(cycle->pool, sizeof(*attestor))) == NULL)
        return NULL;
    attestor->pool = main->attestation_pool;
    attestor->log = cycle->log;
    attestor->waiting_most = main->attestation_queue;
    ngx_queue_init(&attestor->waiting);
    attestor->guard = (ngx_event_t){
        .handler = on_guard, .data = attestor, .log = cycle->log};
    attestor->report = (ngx_event_t){.handler = on_report, .data = attestor,
                                     .log = cycle->log, .cancelable = 1};
    return attestor;
}

void
attestor_stop(struct attestor *attestor)
{
    if (attestor != NULL)
        log_counts(attestor);
}
