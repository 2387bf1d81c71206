/* See park.h. Waking between workers is board.c's; here are the reads of one
 * worker, found by the key of their row. */
#include "nginx/park.h"

#include "nginx/board.h"

enum {
    BUCKETS = 8192, /* a power of two */
    MS_PER_S = 1000
};

struct park {
    struct board *board;
    struct park_hands hands;
    ngx_uint_t most;
    ngx_uint_t count;
    ngx_uint_t is_ending;
    ngx_queue_t buckets[BUCKETS];
};

/* Keys are digests: any bits of them are as good as others. */
static ngx_queue_t *
bucket_of(struct park *park, const struct store_key *key)
{
    uint32_t bits;

    ngx_memcpy(&bits, key->bytes, sizeof(bits));
    return &park->buckets[bits % BUCKETS];
}

static bool
is_for(const struct relay_call *call, const struct store_key *key)
{
    return ngx_memcmp(call->exchange.op.key.bytes, key->bytes,
                      STORE_KEY_LEN) == 0;
}

static uint64_t
claim_of(const struct relay_call *call)
{
    uint64_t beginning;

    ngx_memcpy(&beginning, call->exchange.request.claim.bytes,
               sizeof(beginning));
    return beginning;
}

/* ---- waking ------------------------------------------------------------ */

/* Not at once: looking may end the request, and others of its connection, in
 * the middle of somebody's walk through a bucket. */
static void
wake(struct relay_call *call)
{
    struct parked *parked = &call->parked;

    if (!parked->is_asleep) {
        parked->is_woken = 1; /* it is at the store: once more afterwards */
        return;
    }
    if (parked->timer.timer_set)
        ngx_del_timer(&parked->timer);
    ngx_post_event(&parked->timer, &ngx_posted_events);
}

static void
end(struct relay_call *call)
{
    call->parked.is_over = 1;
    wake(call);
}

/* Its time is over, or it was woken. */
static void
on_timer(ngx_event_t *event)
{
    struct relay_call *call = event->data;

    if (event->timedout)
        call->parked.is_over = 1;
    event->timedout = 0;
    call->parked.is_asleep = 0;
    call->parked.park->hands.look(call);
}

/* ---- hearing ----------------------------------------------------------- */

static void
hear_of_row(struct park *park, const struct board_note *note)
{
    ngx_queue_t *bucket = bucket_of(park, &note->key);
    ngx_queue_t *next;

    for (ngx_queue_t *q = ngx_queue_head(bucket);
         q != ngx_queue_sentinel(bucket); q = next) {
        struct relay_call *call =
            ngx_queue_data(q, struct relay_call, parked.link);

        next = ngx_queue_next(q);
        if (!is_for(call, &note->key))
            continue;
        if (note->kind == BOARD_CHANGED)
            wake(call);
        else if (claim_of(call) == note->claim &&
                 call->parked.ticket < note->ticket)
            end(call);
    }
}

static void
for_all(struct park *park, void (*act)(struct relay_call *call))
{
    for (size_t i = 0; i < BUCKETS; i++) {
        ngx_queue_t *bucket = &park->buckets[i];
        ngx_queue_t *next;

        for (ngx_queue_t *q = ngx_queue_head(bucket);
             q != ngx_queue_sentinel(bucket); q = next) {
            next = ngx_queue_next(q);
            act(ngx_queue_data(q, struct relay_call, parked.link));
        }
    }
}

static void
hear(void *data, const struct board_note *note)
{
    struct park *park = data;

    if (park->count == 0)
        return;
    if (note->kind == BOARD_ALL)
        for_all(park, wake);
    else
        hear_of_row(park, note);
}

void
park_wake(struct park *park, const struct store_key *key)
{
    const struct board_note note = {.kind = BOARD_CHANGED, .key = *key};

    if (park != NULL)
        board_post(park->board, &note);
}

/* The worker ends: what waits is looked at once more, and answered. */
static void
drain(void *data)
{
    struct park *park = data;

    park->is_ending = 1;
    for_all(park, end);
}

/* ---- waiting ----------------------------------------------------------- */

ngx_int_t
park_enter(struct park *park, struct relay_call *call)
{
    struct parked *parked = &call->parked;

    if (park == NULL || park->is_ending || ngx_exiting)
        return NGX_DECLINED;
    if (park->count >= park->most)
        return NGX_BUSY;
    parked->park = park;
    parked->until = ngx_current_msec + call->ids.wait_s * MS_PER_S;
    parked->timer = (ngx_event_t){.handler = on_timer, .data = call,
                                  .log = call->request->connection->log};
    ngx_queue_insert_tail(bucket_of(park, &call->exchange.op.key),
                          &parked->link);
    park->count++;
    board_wait(park->board);
    return NGX_OK;
}

/* A mailbox that expires earlier is looked at then. */
static ngx_msec_t
time_left(const struct relay_call *call)
{
    ngx_msec_int_t left = (ngx_msec_int_t)(call->parked.until -
                                           ngx_current_msec);
    tg_time_s life = call->exchange.mailbox.expires - ngx_time();

    if (life * MS_PER_S < left)
        left = life * MS_PER_S;
    return left > 0 ? (ngx_msec_t)left : 0;
}

/* Of the reads of one claim only the newest waits. Said once it is known that
 * the claim may read here at all. */
static void
end_older(struct relay_call *call)
{
    struct park *park = call->parked.park;
    struct board_note note = {.kind = BOARD_NEWER,
                              .key = call->exchange.op.key,
                              .claim = claim_of(call)};

    if (call->parked.ticket != 0)
        return;
    call->parked.ticket = note.ticket = board_ticket(park->board);
    board_post(park->board, &note);
}

ngx_int_t
park_rest(struct park *park, struct relay_call *call)
{
    struct parked *parked = &call->parked;
    ngx_http_request_t *r = call->request;
    ngx_msec_t left;

    if (parked->park == NULL || parked->is_over || park->is_ending ||
        (left = time_left(call)) == 0)
        return NGX_DECLINED;
    end_older(call);
    if (parked->is_woken) {
        parked->is_woken = 0;
        park->hands.look(call);
        return NGX_OK;
    }
    exchange_rest(&call->exchange);
    wire_body_done(&call->body);
    tg_buf_free(&call->body_bytes);
    parked->is_asleep = 1;
    ngx_add_timer(&parked->timer, left);
    r->read_event_handler = ngx_http_test_reading; /* the client goes away */
    r->write_event_handler = ngx_http_request_empty_handler;
    return NGX_OK;
}

void
park_leave(struct relay_call *call)
{
    struct parked *parked = &call->parked;
    struct park *park = parked->park;

    if (park == NULL)
        return;
    if (parked->timer.timer_set)
        ngx_del_timer(&parked->timer);
    if (parked->timer.posted) {
        ngx_delete_posted_event(&parked->timer); /* two statements, too */
    }
    ngx_queue_remove(&parked->link);
    park->count--;
    board_wait_no_more(park->board);
    parked->park = NULL;
}

/* ---- start and end ----------------------------------------------------- */

struct park *
park_start(ngx_cycle_t *cycle, struct relay_main *main,
           const struct park_hands *hands)
{
    struct park *park = ngx_pcalloc(cycle->pool, sizeof(*park));
    const struct board_ear ear = {park, hear, drain};

    if (park == NULL)
        return NULL;
    for (size_t i = 0; i < BUCKETS; i++) {
        ngx_queue_init(&park->buckets[i]); /* a macro of two statements */
    }
    park->hands = *hands;
    park->most = main->parked_most;
    park->board = board_join(cycle, main, &ear);
    return park->board == NULL ? NULL : park;
}

/* Answering one may end others, so the walk begins anew each time. */
static struct relay_call *
find_asleep(struct park *park)
{
    for (size_t i = 0; i < BUCKETS; i++) {
        ngx_queue_t *bucket = &park->buckets[i];

        for (ngx_queue_t *q = ngx_queue_head(bucket);
             q != ngx_queue_sentinel(bucket); q = ngx_queue_next(q)) {
            struct relay_call *call =
                ngx_queue_data(q, struct relay_call, parked.link);

            if (call->parked.is_asleep)
                return call;
        }
    }
    return NULL;
}

void
park_stop(struct park *park)
{
    struct relay_call *call;

    if (park == NULL)
        return;
    while ((call = find_asleep(park)) != NULL) {
        call->parked.is_asleep = 0;
        park->hands.give_up(call);
    }
    board_leave(park->board);
}
