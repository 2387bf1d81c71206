/* See sender.h. Posts themselves are in poster.c, what to post and what an
 * answer means in the services. */
#include "push/sender.h"

#include <string.h>

#include "base/alloc.h"
#include "push/backoff.h"
#include "push/crowd.h"
#include "push/poster.h"

enum {
    CROWDED_MS = 2000,  /* until a doorbell for a crowded host is due again */
    CROWDED_MOST = 64   /* so many are put off in one run */
};

const char *const sender_names[QUEUE_SERVICES] = {"apns", "fcm", "webpush"};

enum credential {
    CREDENTIAL_READY,
    CREDENTIAL_WANTED, /* from not_before on */
    CREDENTIAL_ASKED
};

struct lane {
    struct sender *sender;
    struct sender_counts *counts;
    size_t index;
    bool is_open;
    struct push_service service;
    struct poster *poster;
    size_t in_flight;
    struct crowd crowd;
    enum credential credential;
    unsigned renewals; /* which credential posts were made with */
    unsigned failures; /* to get one */
    tg_mono_ms not_before;
};

struct sender {
    struct sender_ports ports;
    struct push_config config;
    struct lane lanes[QUEUE_SERVICES];
    bool is_retired;
};

/* A post under way. */
struct flight {
    struct queued *item; /* NULL: it asks for a credential */
    unsigned renewals;
    size_t place;        /* of its host in the crowd */
};

/* ---- what becomes of a doorbell ---------------------------------------- */

/* It is not to be tried again, whoever rang meanwhile. */
static void
give_up(struct lane *lane, struct queued *item)
{
    item->is_wanted_again = false;
    queue_done(*lane->sender->ports.queue, item, tg_mono_now());
}

static void
bury(struct lane *lane, struct queued *item)
{
    const struct sender_ports *ports = &lane->sender->ports;

    lane->counts->dead++;
    ports->dead(ports->self, &item->mark);
    give_up(lane, item);
}

/* Once more, unless nobody would need it by then. */
static void
retry(struct lane *lane, struct queued *item, int64_t retry_after)
{
    tg_time_s left = item->bell.until - tg_time_now();
    tg_mono_ms wait = backoff(item->tries++);

    if (retry_after > 0 && retry_after < left)
        wait += retry_after * 1000;
    if (retry_after >= left || wait / 1000 >= left) {
        lane->counts->late++;
        give_up(lane, item);
        return;
    }
    lane->counts->retried++;
    queue_put_back(*lane->sender->ports.queue, item, tg_mono_now() + wait);
}

/* At once, in a changed form. */
static void
again(struct lane *lane, struct queued *item)
{
    queue_put_back(*lane->sender->ports.queue, item, item->due);
}

/* Many posts may come back for one stale credential: it is changed once. */
static void
renew(struct lane *lane, const struct flight *flight)
{
    if (flight->renewals != lane->renewals)
        return;
    lane->renewals++;
    lane->service.renew(lane->service.self);
}

static void
refuse(struct lane *lane, struct queued *item, const char *trouble)
{
    lane->counts->refused++;
    trouble_note(lane->counts->trouble, trouble);
    give_up(lane, item);
}

static void
refused(struct lane *lane, struct queued *item, enum push_verdict verdict)
{
    lane->counts->refused++;
    trouble_note_refusal(lane->counts->trouble, &lane->service, item->route,
                         verdict);
    give_up(lane, item);
}

static void
obey(struct lane *lane, const struct flight *flight,
     enum push_verdict verdict, const struct push_answer *answer)
{
    struct queued *item = flight->item;

    switch (verdict) {
    case PUSH_DELIVERED:
        lane->counts->delivered++;
        queue_done(*lane->sender->ports.queue, item, tg_mono_now());
        return;
    case PUSH_TOKEN_DEAD:
        bury(lane, item);
        return;
    case PUSH_LATER:
        if (answer->status != 0)
            trouble_note(lane->counts->trouble,
                         "the service asks for patience");
        retry(lane, item, answer->retry_after);
        return;
    case PUSH_RECONNECT:
        item->is_connection_stale = true;
        retry(lane, item, -1);
        return;
    case PUSH_NEXT_ROUTE:
        item->route++;
        again(lane, item);
        return;
    case PUSH_NEW_CREDENTIAL:
        renew(lane, flight);
        if (item->was_renewed) {
            refused(lane, item, PUSH_CREDENTIAL_REFUSED);
            return;
        }
        item->was_renewed = true;
        again(lane, item);
        return;
    case PUSH_CREDENTIAL_REFUSED:
    case PUSH_TOPIC_REFUSED:
    case PUSH_REFUSED:
        break;
    }
    refused(lane, item, verdict);
}

/* ---- credentials ------------------------------------------------------- */

static void
credential_failed(struct lane *lane, const char *trouble)
{
    trouble_note(lane->counts->trouble, trouble);
    lane->credential = CREDENTIAL_WANTED;
    lane->not_before = tg_mono_now() + backoff(lane->failures++);
}

static void
credential_came(struct lane *lane, const struct post_end *end)
{
    enum tg_err err;

    if (end->trouble != NULL) {
        credential_failed(lane, end->trouble);
        return;
    }
    err = lane->service.take(lane->service.self, &end->answer, tg_time_now());
    if (err != TG_OK) {
        credential_failed(lane, err == TG_E_REFUSED
                                    ? "our account is not accepted"
                                    : "no credential was given to us");
        return;
    }
    lane->credential = CREDENTIAL_READY;
    lane->failures = 0;
    lane->renewals++;
}

/* ---- posts ------------------------------------------------------------- */

static void
on_done(void *self, void *about, const struct post_end *end)
{
    struct lane *lane = self;
    struct flight *flight = about;
    enum push_verdict verdict;

    lane->in_flight--;
    if (flight->item != NULL)
        crowd_end(&lane->crowd, flight->place,
                  end != NULL && end->answer.status != 0);
    if (end == NULL) {
        /* The item belongs to the queue. */
    } else if (flight->item == NULL) {
        credential_came(lane, end);
    } else if (end->is_forbidden) {
        refuse(lane, flight->item, end->trouble);
    } else {
        if (end->trouble != NULL)
            trouble_note(lane->counts->trouble, end->trouble);
        verdict = lane->service.judge(lane->service.self, &flight->item->bell,
                                      flight->item->route, &end->answer);
        obey(lane, flight, verdict, &end->answer);
    }
    tg_free(flight);
}

/* Only Web Push has more than one host. */
static bool
is_crowded(const struct lane *lane, size_t place)
{
    return lane->index == QUEUE_WEBPUSH &&
           !crowd_has_room(&lane->crowd, place,
                           lane->sender->config.in_flight);
}

/* item NULL: ask for a credential. TG_E_BUSY: its host has enough. */
static enum tg_err
post(struct lane *lane, struct queued *item)
{
    const struct push_service *service = &lane->service;
    struct flight *flight = tg_alloc(sizeof(*flight));
    struct push_post message = {0};
    enum tg_err err = TG_E_NOMEM;

    if (flight == NULL)
        return err;
    err = item != NULL ? service->make(service->self, &item->bell, item->route,
                                       tg_time_now(), &message)
                       : service->ask(service->self, tg_time_now(), &message);
    *flight = (struct flight){item, lane->renewals,
                              crowd_place(tg_span_buf(&message.url))};
    message.wants_connection = item != NULL && item->is_connection_stale;
    if (err == TG_OK && item != NULL && is_crowded(lane, flight->place))
        err = TG_E_BUSY;
    if (err == TG_OK)
        err = poster_send(lane->poster, &message, flight);
    push_post_free(&message);
    if (err != TG_OK) {
        tg_free(flight);
        return err;
    }
    lane->in_flight++;
    if (item != NULL) {
        item->is_connection_stale = false;
        crowd_begin(&lane->crowd, flight->place);
    }
    return TG_OK;
}

/* False when it was put off, since its host is crowded. */
static bool
send_one(struct lane *lane, struct queued *item, tg_mono_ms now)
{
    enum tg_err err;

    if (item->bell.until <= tg_time_now()) {
        lane->counts->late++;
        give_up(lane, item);
        return true;
    }
    if ((err = post(lane, item)) == TG_OK)
        return true;
    if (err == TG_E_BUSY) {
        queue_put_back(*lane->sender->ports.queue, item, now + CROWDED_MS);
        return false;
    }
    if (err == TG_E_NOT_FOUND || err == TG_E_FORMAT || err == TG_E_UNTRUSTED) {
        bury(lane, item);
    } else if (err == TG_E_STATE && lane->service.ask != NULL) {
        lane->credential = CREDENTIAL_WANTED;
        again(lane, item);
    } else {
        trouble_note(lane->counts->trouble,
                     "this machine has no room for a post");
        retry(lane, item, -1);
    }
    return true;
}

static bool
may_send(const struct lane *lane)
{
    return lane->credential == CREDENTIAL_READY &&
           lane->in_flight < lane->sender->config.in_flight;
}

static void
ask(struct lane *lane, tg_mono_ms now)
{
    if (lane->credential != CREDENTIAL_WANTED || lane->not_before > now)
        return;
    lane->credential = CREDENTIAL_ASKED;
    if (post(lane, NULL) != TG_OK)
        credential_failed(lane, "a credential could not be asked for");
}

/* ---- all lanes --------------------------------------------------------- */

static void
run_lane(struct lane *lane, tg_mono_ms now)
{
    struct queue *queue = *lane->sender->ports.queue;
    struct queued *item;
    unsigned put_off = 0;

    if (lane->is_open)
        poster_run(lane->poster, now);
    if (lane->sender->is_retired)
        return;
    /* A service that the configuration has no more. */
    while (!lane->is_open && (item = queue_take(queue, lane->index, now)))
        refuse(lane, item, "the service is not configured any more");
    while (lane->is_open && may_send(lane) && put_off < CROWDED_MOST &&
           (item = queue_take(queue, lane->index, now)) != NULL)
        put_off += !send_one(lane, item, now);
    if (lane->is_open && queue_next_due(queue, lane->index) >= 0)
        ask(lane, now);
}

void
sender_run(struct sender *sender, tg_mono_ms now)
{
    for (size_t i = 0; i < QUEUE_SERVICES; i++)
        run_lane(&sender->lanes[i], now);
}

static tg_mono_ms
earlier(tg_mono_ms a, tg_mono_ms b)
{
    return a < 0 || (b >= 0 && b < a) ? b : a;
}

/* When the lane has something to send. */
static tg_mono_ms
lane_due(const struct lane *lane)
{
    tg_mono_ms due = queue_next_due(*lane->sender->ports.queue, lane->index);

    if (lane->is_open && lane->credential == CREDENTIAL_WANTED)
        return due < 0 ? due : lane->not_before;
    return !lane->is_open || may_send(lane) ? due : -1;
}

tg_mono_ms
sender_next(const struct sender *sender)
{
    tg_mono_ms next = -1;

    for (size_t i = 0; i < QUEUE_SERVICES; i++) {
        const struct lane *lane = &sender->lanes[i];

        if (lane->is_open)
            next = earlier(next, poster_due(lane->poster));
        if (!sender->is_retired)
            next = earlier(next, lane_due(lane));
    }
    return next;
}

size_t
sender_in_flight(const struct sender *sender)
{
    size_t count = 0;

    for (size_t i = 0; i < QUEUE_SERVICES; i++)
        count += sender->lanes[i].in_flight;
    return count;
}

size_t
sender_service(const struct sender *sender, struct tg_span type)
{
    for (size_t i = 0; i < QUEUE_SERVICES; i++)
        if (sender->lanes[i].is_open &&
            tg_span_is(type, sender->lanes[i].service.token_type))
            return i;
    return QUEUE_SERVICES;
}

bool
sender_has(const struct sender *sender, size_t service)
{
    return sender->lanes[service].is_open;
}

void
sender_retire(struct sender *sender)
{
    sender->is_retired = true;
}

/* ---- beginning and end ------------------------------------------------- */

static enum tg_err
open_lane(struct lane *lane, struct config_problem *problem)
{
    static enum tg_err (*const opens[QUEUE_SERVICES])(
        const struct push_config *, struct push_service *,
        struct config_problem *) = {apns_open, fcm_open, webpush_open};
    const struct push_config *config = &lane->sender->config;
    const bool is_wanted[QUEUE_SERVICES] = {
        config->topic_count > 0, config->fcm_service_account != NULL,
        config->webpush_key_file != NULL};
    enum tg_err err;

    if (!is_wanted[lane->index])
        return TG_OK;
    if ((err = opens[lane->index](config, &lane->service, problem)) != TG_OK)
        return err;
    lane->is_open = true;
    lane->poster = poster_new(lane->sender->ports.loop, config->in_flight,
                              on_done, lane);
    return lane->poster != NULL ? TG_OK : TG_E_NOMEM;
}

enum tg_err
sender_new(const struct sender_ports *ports, struct push_config *config,
           struct sender **out, struct config_problem *problem)
{
    struct sender *sender = tg_alloc(sizeof(*sender));
    enum tg_err err = TG_OK;

    if (sender == NULL) {
        config_free(config);
        return TG_E_NOMEM;
    }
    sender->ports = *ports;
    sender->config = *config;
    *config = (struct push_config){0};
    for (size_t i = 0; i < QUEUE_SERVICES && err == TG_OK; i++) {
        struct lane *lane = &sender->lanes[i];

        lane->sender = sender;
        lane->counts = &ports->counts[i];
        lane->index = i;
        err = open_lane(lane, problem);
    }
    if (err != TG_OK) {
        sender_free(sender);
        return err;
    }
    *out = sender;
    return TG_OK;
}

void
sender_free(struct sender *sender)
{
    if (sender == NULL)
        return;
    for (size_t i = 0; i < QUEUE_SERVICES; i++) {
        struct lane *lane = &sender->lanes[i];

        poster_free(lane->poster);
        if (lane->is_open)
            lane->service.close(lane->service.self);
    }
    config_free(&sender->config);
    tg_free(sender);
}
