/* See attestor.h. */
#include "nginx/attestor.h"

#include <ngx_thread_pool.h>
#include <sched.h>

#include "challenge/challenge.h"

enum {
    TURN_MOST = 32, /* statements that go to a thread and back together */
    GUARD_MS = 30 * 1000, /* keeps a worker that is to quit until all is told */
    REPORT_MS = 60 * 1000
};

/* One statement on its way; its memory is its request's. */
struct judging {
    ngx_queue_t place;
    struct relay_call *call;
};

struct attestor {
    ngx_thread_pool_t *pool;
    ngx_log_t *log;
    ngx_thread_task_t *task;
    ngx_uint_t most;
    ngx_uint_t count;    /* of both: */
    ngx_queue_t waiting; /* struct judging, the oldest first */
    ngx_queue_t turn;    /* … those that the thread has; empty: it is idle */
    ngx_event_t begin;   /* at the end of this round of the event loop */
    ngx_event_t guard;
    ngx_event_t report;
    /* … of each format, and last of statements that name none. */
    ngx_uint_t accepted[ATTEST_FORMATS + 1];
    ngx_uint_t refused[ATTEST_FORMATS + 1];
};

static struct relay_call *
call_of(ngx_queue_t *place)
{
    struct judging *judging = ngx_queue_data(place, struct judging, place);

    return judging->call;
}

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

static void
judge(struct relay_call *call)
{
    const struct mailbox_payload *payload = &call->body.request.payload;
    uint8_t challenge[CHALLENGE_LEN];

    if (challenge_make(&call->ids.claim, &call->ids.request_id.uuid,
                       payload->type, payload->data, challenge) == TG_OK)
        call->attestation = attest_verify(&call->location->attest_policy,
                                          call->headers.attestation.value,
                                          challenge, tg_time_now());
}

/* A thread of this policy does not interrupt another when it wakes (sched(7)):
 * on a busy processor the event loop first reads all that has come, so that
 * nobody's read waits for a statement, and then many are judged together. The
 * kernel may refuse; then they are judged all the same. */
static void
give_way(void)
{
    static _Thread_local bool has_tried;
    const struct sched_param none = {0};

    if (!has_tried)
        (void)sched_setscheduler(0, SCHED_BATCH, &none);
    has_tried = true;
}

/* Runs in a thread: it looks at calls, which rest meanwhile, and writes their
 * verdicts, at which nobody looks before the thread is done. */
static void
judge_turn(void *data, ngx_log_t *log)
{
    const struct attestor *attestor = *(struct attestor **)data;

    (void)log;
    give_way();
    for (ngx_queue_t *q = ngx_queue_head(&attestor->turn);
         q != ngx_queue_sentinel(&attestor->turn); q = ngx_queue_next(q))
        judge(call_of(q));
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

static bool
is_idle(struct attestor *attestor)
{
    return ngx_queue_empty(&attestor->turn);
}

static void
fill_turn(struct attestor *attestor)
{
    for (unsigned n = 0; n < TURN_MOST && !ngx_queue_empty(&attestor->waiting);
         n++) {
        ngx_queue_t *oldest = ngx_queue_head(&attestor->waiting);

        ngx_queue_remove(oldest);
        ngx_queue_insert_tail(&attestor->turn, oldest);
    }
}

/* Moves all of one queue to another, which is empty. */
static void
move(ngx_queue_t *from, ngx_queue_t *to)
{
    ngx_queue_init(to);
    if (!ngx_queue_empty(from)) {
        ngx_queue_add(to, from);
        ngx_queue_init(from);
    }
}

/* Each may end its request, with its memory, and begin another. */
static void
resume_all(struct attestor *attestor, ngx_queue_t *turn)
{
    while (!ngx_queue_empty(turn)) {
        ngx_queue_t *first = ngx_queue_head(turn);

        ngx_queue_remove(first);
        attestor->count--;
        resume(call_of(first));
    }
}

/* Give the oldest that wait to a thread; those that no thread takes have no
 * verdict. */
static void
start_turn(struct attestor *attestor)
{
    ngx_queue_t turn;

    while (is_idle(attestor) && !ngx_queue_empty(&attestor->waiting)) {
        fill_turn(attestor);
        if (ngx_thread_task_post(attestor->pool, attestor->task) == NGX_OK)
            return;
        move(&attestor->turn, &turn);
        resume_all(attestor, &turn);
    }
    if (is_idle(attestor) && attestor->guard.timer_set)
        ngx_del_timer(&attestor->guard);
}

static void
on_begin(ngx_event_t *event)
{
    start_turn(event->data);
}

/* Begin a turn when this round of the event loop has read all that came in:
 * statements that came together go together, and so what a turn costs besides
 * judging, two wakes and four switches, is shared. */
static void
begin_soon(struct attestor *attestor)
{
    if (is_idle(attestor)) { /* the macro needs them */
        ngx_post_event(&attestor->begin, &ngx_posted_events);
    }
}

static void
on_judged(ngx_event_t *event)
{
    struct attestor *attestor = event->data;
    ngx_queue_t turn;

    move(&attestor->turn, &turn);
    begin_soon(attestor);
    for (ngx_queue_t *q = ngx_queue_head(&turn);
         q != ngx_queue_sentinel(&turn); q = ngx_queue_next(q))
        count(attestor, &call_of(q)->attestation);
    resume_all(attestor, &turn);
}

static void
on_guard(ngx_event_t *event)
{
    const struct attestor *attestor = event->data;

    ngx_log_error(NGX_LOG_ERR, event->log, 0,
                  "tigress: attestation_slow waiting=%ui",
                  attestor->count);
    ngx_add_timer(event, GUARD_MS);
}

enum tg_err
attestor_submit(struct attestor *attestor, struct relay_call *call)
{
    ngx_http_request_t *r = call->request;
    struct judging *judging;

    if (attestor == NULL)
        return TG_E_STATE;
    if (attestor->count > attestor->most)
        return TG_E_FULL; /* one that is judged does not wait */
    if ((judging = ngx_palloc(r->pool, sizeof(*judging))) == NULL)
        return TG_E_NOMEM;
    judging->call = call;
    call->attestation =
        (struct attest_verdict){.reason = ATTEST_UNAVAILABLE};
    if (!attestor->guard.timer_set)
        ngx_add_timer(&attestor->guard, GUARD_MS);
    ngx_queue_insert_tail(&attestor->waiting, &judging->place);
    attestor->count++;
    r->main->blocked++;
    r->aio = 1;
    begin_soon(attestor);
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
    attestor->most = main->attestation_queue;
    ngx_queue_init(&attestor->waiting);
    ngx_queue_init(&attestor->turn);
    attestor->task =
        ngx_thread_task_alloc(cycle->pool, sizeof(struct attestor *));
    if (attestor->task == NULL)
        return NULL;
    *(struct attestor **)attestor->task->ctx = attestor;
    attestor->task->handler = judge_turn;
    attestor->task->event.data = attestor;
    attestor->task->event.handler = on_judged;
    attestor->begin = (ngx_event_t){
        .handler = on_begin, .data = attestor, .log = cycle->log};
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
