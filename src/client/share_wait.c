/* See share.h: waiting for the other side.
 *
 * Each share that is waited for has one read at the relay, which is held there
 * until something has changed (R-WAIT-1). A read that broke is repeated after a
 * pause, with the same ETag: what has changed meanwhile is then answered at
 * once. So is one that came back too early without news, from a worker that
 * ends or a relay that does not wait: what is left of waiting is then asking,
 * less and less often.
 */
#include "client/share.h"

#include <assert.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "client/relay_client_read.h"

enum {
    HELD_MOST_S = 60, /* no relay holds a read for longer */
    LONGEST_PAUSE_MS = 10000,
    NEARLY_MS = 500, /* so much before its time a read counts as held */
    TIMEOUT_MOST_S = 366 * 24 * 3600
};

/* One share that is waited for. */
struct waiter {
    struct tg_share *share;
    struct relay_read *read;
    struct tg_buf body;  /* of what is under way */
    int64_t hold_most_s; /* at this relay; -1: not found out yet */
    bool has_asked;
    bool is_asking;
    bool is_held;        /* what is under way may be held */
    tg_mono_ms asked;
    tg_mono_ms next;     /* when to ask again, unless it is asking */
    unsigned failures;   /* in a row */
    enum tg_err outcome; /* of the last attempt */
};

struct vigil {
    struct tg_relay_client *client;
    struct waiter *waiters;
    size_t count;
    struct relay_read **asking; /* room for all */
    tg_mono_ms end;
    int64_t skipped_ms; /* pauses that the clock has not seen */
};

/* ---- time -------------------------------------------------------------- */

/* Counted by the pauses as well as by the clock, so that it ends though one
 * of the two may stand still. */
static tg_mono_ms
now_of(const struct vigil *v)
{
    return tg_mono_now() + v->skipped_ms;
}

static bool
pause_until(struct vigil *v, tg_mono_ms until)
{
    tg_mono_ms before = now_of(v);

    if (until <= before)
        return true;
    if (!relay_client_pause(v->client, until - before))
        return false;
    if (now_of(v) < until)
        v->skipped_ms += until - now_of(v);
    return true;
}

/* How long what is asked next may be held: not at all when the time is up, or
 * as long as it is not known what the mailbox is at. */
static int64_t
hold_for_s(const struct vigil *v, struct waiter *w)
{
    int64_t left_s = (v->end - now_of(v) + 999) / 1000;
    int64_t most_s = left_s < HELD_MOST_S ? left_s : HELD_MOST_S;

    if (most_s <= 0 || w->share->row.etag.len == 0)
        return 0;
    if (w->hold_most_s < 0)
        w->hold_most_s = share_hold_most_s(w->share, HELD_MOST_S);
    return w->hold_most_s < most_s ? w->hold_most_s : most_s;
}

/* ---- asking ------------------------------------------------------------ */

/* Worth another attempt: nothing yet, or it could not be asked. */
static bool
is_worth_another(enum tg_err err)
{
    return err == TG_E_NO_NEWS || err == TG_E_NETWORK || err == TG_E_BUSY ||
           err == TG_E_LOCKED;
}

/* When to ask again after an attempt that brought no news. */
static void
schedule(struct vigil *v, struct waiter *w, enum tg_err err,
         const struct relay_read_manner *manner)
{
    tg_mono_ms now = now_of(v);
    int64_t took_ms = now - w->asked;
    bool was_held = w->is_held && manner->granted_s > 0 &&
                    took_ms + NEARLY_MS >= manner->granted_s * 1000;
    bool has_learnt = err == TG_E_NO_NEWS && !w->is_held &&
                      w->hold_most_s != 0 && w->share->row.etag.len > 0;

    w->outcome = err;
    if (was_held || has_learnt || took_ms >= LONGEST_PAUSE_MS)
        w->failures = 0;
    w->next = now;
    if (err == TG_E_NO_NEWS && (was_held || has_learnt))
        return;
    w->failures++;
    w->next += relay_client_backoff_ms(w->failures, LONGEST_PAUSE_MS);
    if (manner->retry_after_s > 0)
        w->next += manner->retry_after_s * 1000;
}

/* Whether anything has to be asked: TG_E_NO_NEWS. Another process may have
 * gone on with this share. */
static enum tg_err
look(struct tg_share *share)
{
    enum tg_err err;

    if ((err = share_refresh(share)) != TG_OK)
        return err;
    if ((err = share_complete(share)) != TG_OK)
        return err;
    if (share->row.inbox.len > 0)
        return TG_OK;
    if ((err = share_check_alive(share)) != TG_OK)
        return err;
    return TG_E_NO_NEWS;
}

static enum tg_err
ask(struct vigil *v, struct waiter *w)
{
    const struct relay_read_manner none = {-1, -1};
    struct tg_relay_call call;
    int64_t hold_s;
    enum tg_err err;

    w->has_asked = true;
    w->asked = now_of(v);
    w->is_held = false;
    tg_buf_clear(&w->body);
    if ((err = look(w->share)) == TG_E_NO_NEWS &&
        (err = share_prepare_read(w->share, &w->body)) == TG_OK) {
        hold_s = hold_for_s(v, w);
        w->is_held = hold_s > 0;
        call = share_call(w->share);
        err = relay_read_begin(
            w->read, &call,
            w->is_held ? share_text(&w->share->row.etag) : NULL, hold_s,
            tg_span_buf(&w->body));
        w->is_asking = err == TG_OK;
        if (w->is_asking)
            return TG_E_NO_NEWS;
    }
    if (is_worth_another(err)) {
        schedule(v, w, err, &none);
        return TG_E_NO_NEWS;
    }
    return err;
}

/* What the read has brought; the wallet may have changed since it began. */
static enum tg_err
settle(struct vigil *v, struct waiter *w)
{
    struct tg_relay_call call = share_call(w->share);
    struct tg_relay_answer *answer = NULL;
    struct relay_read_manner manner;
    enum tg_err err = relay_read_end(w->read, &call, &answer, &manner);
    enum tg_err told = err;

    w->is_asking = false;
    if (!is_worth_another(told) &&
        (err = share_refresh(w->share)) == TG_OK) {
        if (w->share->row.inbox.len > 0)
            err = TG_OK;
        else if ((err = share_check_alive(w->share)) == TG_OK)
            err = share_take_read(w->share, told, answer);
    }
    tg_relay_answer_free(answer);
    if (!is_worth_another(err))
        return err;
    schedule(v, w, err, &manner);
    return TG_E_NO_NEWS;
}

/* ---- all of them ------------------------------------------------------- */

/* TG_E_NO_NEWS, or what has become of one of them, *which. */
static enum tg_err
ask_those_due(struct vigil *v, size_t *which)
{
    for (size_t i = 0; i < v->count; i++) {
        struct waiter *w = &v->waiters[i];
        tg_mono_ms now = now_of(v);
        enum tg_err err;

        if (w->is_asking || w->next > now || (w->has_asked && now >= v->end))
            continue;
        if ((err = ask(v, w)) != TG_E_NO_NEWS) {
            *which = i;
            return err;
        }
    }
    return TG_E_NO_NEWS;
}

static enum tg_err
settle_those_over(struct vigil *v, size_t *which)
{
    for (size_t i = 0; i < v->count; i++) {
        struct waiter *w = &v->waiters[i];
        enum tg_err err;

        if (!w->is_asking || !relay_read_is_over(w->read))
            continue;
        if ((err = settle(v, w)) != TG_E_NO_NEWS) {
            *which = i;
            return err;
        }
    }
    return TG_E_NO_NEWS;
}

/* An answer that is not held is waited for, even after the end. */
static bool
is_over(const struct vigil *v)
{
    for (size_t i = 0; i < v->count; i++)
        if (v->waiters[i].is_asking && !v->waiters[i].is_held)
            return false;
    return now_of(v) >= v->end;
}

/* Until something happens. False: give up. */
static bool
rest(struct vigil *v)
{
    tg_mono_ms until = v->end;
    size_t asking = 0;
    int64_t most_ms;

    for (size_t i = 0; i < v->count; i++) {
        struct waiter *w = &v->waiters[i];

        if (w->is_asking)
            v->asking[asking++] = w->read;
        else if (w->next < until)
            until = w->next;
    }
    if (asking == 0)
        return pause_until(v, until);
    most_ms = until - now_of(v);
    /* After the end only answers that come at once are waited for. */
    return relay_read_rest(v->client, v->asking, asking,
                           most_ms > 0 ? most_ms : LONGEST_PAUSE_MS);
}

/* How it stands at the end: whether one could not be asked. */
static enum tg_err
outcome(const struct vigil *v)
{
    for (size_t i = 0; i < v->count; i++)
        if (!v->waiters[i].is_asking && v->waiters[i].outcome != TG_OK &&
            v->waiters[i].outcome != TG_E_NO_NEWS)
            return v->waiters[i].outcome;
    return TG_E_NO_NEWS;
}

static enum tg_err
keep_vigil(struct vigil *v, size_t *which)
{
    for (;;) {
        enum tg_err err;

        if ((err = ask_those_due(v, which)) != TG_E_NO_NEWS)
            return err;
        if (is_over(v))
            return outcome(v);
        if (!rest(v))
            return TG_E_NO_NEWS;
        if ((err = settle_those_over(v, which)) != TG_E_NO_NEWS)
            return err;
    }
}

static enum tg_err
begin_vigil(struct vigil *v, struct tg_share *const *shares, size_t count,
            int64_t timeout_s)
{
    int64_t most_s = timeout_s < TIMEOUT_MOST_S ? timeout_s : TIMEOUT_MOST_S;
    enum tg_err err;

    v->client = shares[0]->client;
    v->end = tg_mono_now() + most_s * 1000;
    v->waiters = tg_alloc(count * sizeof(*v->waiters));
    v->asking = tg_alloc(count * sizeof(struct relay_read *));
    if (v->waiters == NULL || v->asking == NULL)
        return TG_E_NOMEM;
    for (; v->count < count; v->count++) {
        struct waiter *w = &v->waiters[v->count];

        assert(shares[v->count]->client == v->client);
        w->share = shares[v->count];
        w->hold_most_s = -1;
        if ((err = relay_read_new(v->client, count == 1, &w->read)) != TG_OK)
            return err;
    }
    return TG_OK;
}

/* What has become of shares[*which]; *which is not set when it is none of
 * theirs. */
static enum tg_err
wait_for(struct tg_share *const *shares, size_t count, int64_t timeout_s,
         size_t *which)
{
    struct vigil v = {0};
    enum tg_err err;

    assert(count > 0 && shares[0]->client != NULL);
    if ((err = begin_vigil(&v, shares, count, timeout_s)) == TG_OK)
        err = keep_vigil(&v, which);
    for (size_t i = 0; i < v.count; i++) {
        relay_read_free(v.waiters[i].read);
        tg_buf_free(&v.waiters[i].body);
    }
    tg_free(v.asking);
    tg_free(v.waiters);
    return err;
}

enum tg_err
tg_share_wait(struct tg_share *share, int64_t timeout_s,
              struct tg_provisioning **out)
{
    size_t which = 0;
    enum tg_err err = wait_for(&share, 1, timeout_s, &which);

    if (err != TG_OK)
        return err;
    return tg_provisioning_parse(tg_span_buf(&share->row.inbox), out);
}

enum tg_err
tg_share_wait_any(struct tg_share *const *shares, size_t count,
                  int64_t timeout_s, size_t *which)
{
    size_t none = count;
    size_t found = none;
    enum tg_err err;

    if (count == 0)
        return TG_E_NO_NEWS;
    err = wait_for(shares, count, timeout_s, &found);
    if (found == none)
        return err;
    *which = found;
    return TG_OK;
}
