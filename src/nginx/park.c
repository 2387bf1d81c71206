/* See park.h. Waking between workers is board.c's; here are the reads of one
 * worker, found by the key of their row. */
#include "nginx/park.h"

#include "base/alloc.h"
#include "nginx/away.h"
#include "nginx/board.h"
#include "nginx/nodes.h"

enum {
    BUCKETS = 8192, /* a power of two */
    MS_PER_S = 1000,
    TURN_MS = 50
};

struct park {
    const struct relay_main *main;
    struct board *board;
    struct park_hands hands;
    ngx_uint_t most;
    ngx_uint_t queue_most;
    ngx_uint_t count;  /* those that look, too */
    ngx_uint_t places; /* taken, of `most` */
    ngx_uint_t is_ending;
    ngx_uint_t is_stopped;
    struct parked *fetched; /* its request is on its way to park_enter() */
    ngx_queue_t buckets[BUCKETS];
};

/* A read that waits. It is asleep, or its call is at the store. */
struct parked {
    struct park *park;
    ngx_queue_t link;        /* among those of keys alike */
    struct store_key key;
    uint64_t claim;          /* the beginning of its mark */
    uint64_t ticket;         /* how new it is; 0: its right is not yet known */
    struct relay_call *call; /* NULL: its request is away … */
    struct away *away;       /* … here */
    ngx_event_t timer;
    ngx_msec_t until;        /* of ngx_current_msec */
    unsigned has_place : 1;  /* it has slept, and will unless it is answered */
    unsigned is_asleep : 1;
    unsigned is_woken : 1;   /* while it was at the store */
    unsigned is_over : 1;    /* to be answered, whatever the store says */
    unsigned is_in_turn : 1; /* its timer is about being woken */
    unsigned was_bound : 1;  /* the mailbox, when it was last looked at */
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
is_same(const struct store_key *a, const struct store_key *b)
{
    return ngx_memcmp(a->bytes, b->bytes, STORE_KEY_LEN) == 0;
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
 * the middle of somebody's walk through a bucket. A worker that ends goes on
 * as long as a timer is left (service.c keeps one for what is at the store), so
 * that it takes leave of its connections as nginx does. */
static void
wake(struct parked *parked)
{
    if (!parked->is_asleep) {
        parked->is_woken = 1; /* it is at the store: once more afterwards */
        return;
    }
    if (parked->timer.posted)
        return;
    if (parked->timer.timer_set)
        ngx_del_timer(&parked->timer);
    if (parked->park->is_ending)
        ngx_add_timer(&parked->timer, 1);
    else
        ngx_post_event(&parked->timer, &ngx_posted_events);
}

static void
leave_place(struct parked *parked)
{
    parked->park->places -= parked->has_place;
    parked->has_place = 0;
}

/* Its place is free at once, for who has ended it. */
static void
end(struct parked *parked)
{
    leave_place(parked);
    parked->is_over = 1;
    wake(parked);
}

/* As wake(), but in its turn: all at once would be more than the queue of the
 * store takes. */
static void
wake_in(struct parked *parked, ngx_msec_t delay)
{
    if (delay == 0 || !parked->is_asleep || parked->timer.posted) {
        wake(parked);
        return;
    }
    ngx_del_timer(&parked->timer);
    ngx_add_timer(&parked->timer, delay);
    parked->is_in_turn = 1;
}

static void
release(struct parked *parked)
{
    struct park *park = parked->park;

    leave_place(parked);
    if (parked->timer.timer_set)
        ngx_del_timer(&parked->timer);
    if (parked->timer.posted) {
        ngx_delete_posted_event(&parked->timer); /* two statements, too */
    }
    ngx_queue_remove(&parked->link);
    park->count--;
    board_wait_no_more(park->board);
    tg_free(parked);
}

/* Its request comes back, and finds it in park_enter(); unless something that
 * the operator has put before the relay answers now. */
static void
fetch(struct parked *parked)
{
    struct park *park = parked->park;
    struct away *away = parked->away;

    parked->away = NULL;
    park->fetched = parked;
    away_fetch(away);
    if (park->fetched != NULL)
        release(parked);
    park->fetched = NULL;
}

static void
rouse(struct parked *parked)
{
    parked->is_asleep = 0;
    if (parked->call != NULL)
        parked->park->hands.look(parked->call);
    else
        fetch(parked);
}

/* Its time is over, or it was woken. */
static void
on_timer(ngx_event_t *event)
{
    struct parked *parked = event->data;

    if (event->timedout && !parked->is_in_turn)
        parked->is_over = 1;
    event->timedout = 0;
    parked->is_in_turn = 0;
    rouse(parked);
}

/* ---- hearing ----------------------------------------------------------- */

/* What is heard may be late, and about a read that has been answered. Who has
 * no ticket yet will draw a newer one; who has seen nobody that could have left
 * the mailbox came after that. */
static bool
is_ended_by(const struct parked *parked, const struct board_note *note)
{
    if (note->kind == BOARD_NEWER)
        return parked->claim == note->claim && parked->ticket != 0 &&
               parked->ticket < note->ticket;
    return note->kind == BOARD_OVER && parked->was_bound;
}

static void
hear_of_row(struct park *park, const struct board_note *note)
{
    ngx_queue_t *bucket = bucket_of(park, &note->key);
    ngx_queue_t *next;

    for (ngx_queue_t *q = ngx_queue_head(bucket);
         q != ngx_queue_sentinel(bucket); q = next) {
        struct parked *parked = ngx_queue_data(q, struct parked, link);

        next = ngx_queue_next(q);
        if (!is_same(&parked->key, &note->key))
            continue;
        if (is_ended_by(parked, note))
            end(parked);
        else if (note->kind != BOARD_NEWER)
            wake(parked);
    }
}

/* A quarter of what the store's queue takes, and then the next. `is_over`: all
 * are to be answered. */
static void
wake_all(struct park *park, bool is_over)
{
    ngx_uint_t turn = park->queue_most / 4 + 1;
    ngx_uint_t number = 0;

    for (size_t i = 0; i < BUCKETS; i++) {
        ngx_queue_t *bucket = &park->buckets[i];

        for (ngx_queue_t *q = ngx_queue_head(bucket);
             q != ngx_queue_sentinel(bucket); q = ngx_queue_next(q)) {
            struct parked *parked = ngx_queue_data(q, struct parked, link);

            if (is_over)
                parked->is_over = 1;
            wake_in(parked, number++ / turn * TURN_MS);
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
        wake_all(park, false);
    else
        hear_of_row(park, note);
}

void
park_hear(struct park *park, const struct board_note *note)
{
    if (note->kind == BOARD_NEWER)
        board_see_ticket(park->board, note->ticket);
    hear(park, note);
}

void
park_wake(struct park *park, const struct store_key *key, bool is_over)
{
    const struct board_note note = {
        .kind = is_over ? BOARD_OVER : BOARD_CHANGED, .key = *key};

    if (park != NULL)
        board_post(park->board, &note);
}

/* The worker ends: what waits is looked at once more, and answered. */
static void
drain(void *data)
{
    struct park *park = data;

    park->is_ending = 1;
    wake_all(park, true);
}

/* ---- waiting ----------------------------------------------------------- */

/* The request of one that waits already is back. */
static void
enter_again(struct park *park, struct relay_call *call)
{
    call->parked = park->fetched;
    call->parked->call = call;
    park->fetched = NULL;
}

ngx_int_t
park_enter(struct park *park, struct relay_call *call)
{
    struct parked *parked;

    if (park != NULL && park->fetched != NULL &&
        is_same(&park->fetched->key, &call->exchange.op.key)) {
        enter_again(park, call);
        return park->is_stopped ? NGX_DONE : NGX_AGAIN;
    }
    if (park == NULL || park->is_ending || ngx_exiting ||
        (parked = tg_alloc(sizeof(*parked))) == NULL)
        return NGX_DECLINED;
    parked->park = park;
    parked->call = call;
    parked->key = call->exchange.op.key;
    parked->claim = claim_of(call);
    parked->until = ngx_current_msec + call->ids.wait_s * MS_PER_S;
    parked->timer = (ngx_event_t){.handler = on_timer, .data = parked,
                                  .log = ngx_cycle->log};
    ngx_queue_insert_tail(bucket_of(park, &parked->key), &parked->link);
    call->parked = parked;
    park->count++;
    board_wait(park->board);
    return NGX_OK;
}

/* A mailbox that expires earlier is looked at then. */
static ngx_msec_t
time_left(const struct relay_call *call)
{
    ngx_msec_int_t left = (ngx_msec_int_t)(call->parked->until -
                                           ngx_current_msec);
    tg_time_s life = call->exchange.mailbox.expires - ngx_time();

    if (life * MS_PER_S < left)
        left = life * MS_PER_S;
    return left > 0 ? (ngx_msec_t)left : 0;
}

/* Of the reads of one claim only the newest waits. Said once it is known that
 * the claim may read here at all. */
static void
end_older(struct parked *parked)
{
    struct park *park = parked->park;
    struct board_note note = {.kind = BOARD_NEWER,
                              .key = parked->key,
                              .claim = parked->claim};

    if (parked->ticket != 0)
        return;
    parked->ticket = note.ticket = board_ticket(park->board);
    board_post(park->board, &note);
    nodes_tell_newer(park->main->nodes, &note);
}

/* Only here, when it is known that there is nothing but to wait: who has not
 * yet looked takes no place, so that a full house refuses nobody whose answer
 * is there. How many look is bounded by the store's queue. */
static bool
take_place(struct parked *parked)
{
    struct park *park = parked->park;

    if (!parked->has_place && park->places >= park->most)
        return false;
    park->places += !parked->has_place;
    parked->has_place = 1;
    return true;
}

/* The client has gone away. */
static void
forget(void *data)
{
    release(data);
}

/* The request stays with nginx, in little memory of ours. */
static void
stay(struct relay_call *call)
{
    ngx_http_request_t *r = call->request;

    exchange_rest(&call->exchange);
    wire_body_done(&call->body);
    tg_buf_free(&call->body_bytes);
    r->read_event_handler = ngx_http_test_reading; /* the client goes away */
    r->write_event_handler = ngx_http_request_empty_handler;
    if (r->stream == NULL && r->connection->read->ready) {
        ngx_post_event(r->connection->read, &ngx_posted_events); /* did it? */
    }
}

static void
sleep_until(struct parked *parked, ngx_msec_t left)
{
    struct relay_call *call = parked->call;

    parked->is_asleep = 1;
    ngx_add_timer(&parked->timer, left);
    call->parked = NULL;
    parked->call = NULL;
    if (!away_put(call, forget, parked, &parked->away)) {
        call->parked = parked;
        parked->call = call;
        stay(call);
    } else if (parked->away == NULL) {
        release(parked);
    }
}

/* Whoever it was bound to has left since the last look (decision 16). */
static bool
was_left(struct parked *parked)
{
    const bool was_bound = parked->was_bound;

    parked->was_bound = parked->call->exchange.mailbox.has_recipient;
    return was_bound && !parked->was_bound;
}

ngx_int_t
park_rest(struct park *park, struct relay_call *call)
{
    struct parked *parked = call->parked;
    ngx_msec_t left;

    if (parked == NULL || was_left(parked) || parked->is_over ||
        park->is_ending || (left = time_left(call)) == 0)
        return NGX_DECLINED;
    end_older(parked);
    if (!take_place(parked))
        return NGX_BUSY;
    if (parked->is_woken) {
        parked->is_woken = 0;
        park->hands.look(call);
    } else {
        sleep_until(parked, left);
    }
    return NGX_OK;
}

void
park_leave(struct relay_call *call)
{
    if (call->parked != NULL)
        release(call->parked);
    call->parked = NULL;
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
    park->main = main;
    park->hands = *hands;
    park->most = main->parked_most;
    park->queue_most = main->queue_most;
    park->board = board_join(cycle, main, &ear);
    return park->board == NULL ? NULL : park;
}

/* Answering one may end others, so the walk begins anew each time. */
static struct parked *
find_asleep(struct park *park)
{
    for (size_t i = 0; i < BUCKETS; i++) {
        ngx_queue_t *bucket = &park->buckets[i];

        for (ngx_queue_t *q = ngx_queue_head(bucket);
             q != ngx_queue_sentinel(bucket); q = ngx_queue_next(q)) {
            struct parked *parked = ngx_queue_data(q, struct parked, link);

            if (parked->is_asleep)
                return parked;
        }
    }
    return NULL;
}

void
park_stop(struct park *park)
{
    struct parked *parked;

    if (park == NULL)
        return;
    park->is_stopped = 1;
    while ((parked = find_asleep(park)) != NULL) {
        parked->is_asleep = 0;
        if (parked->call != NULL)
            park->hands.give_up(parked->call);
        else
            fetch(parked);
    }
    board_leave(park->board);
}
