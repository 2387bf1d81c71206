/* See share.h: the steps that the relay must be told of. Each is stored with
 * its request id and its body before it is told, and settled afterwards. */
#include "client/share.h"

#include <assert.h>

#include "base/bytes.h"
#include "client/relay_client_body.h"

enum { SETTLE_MOST = 8 };

void
share_clear_pending(struct wallet_row *row)
{
    row->pending_verb = 0;
    row->pending_state = 0;
    tg_buf_clear(&row->pending_id);
    tg_buf_clear(&row->pending_body);
    tg_buf_clear(&row->pending_seen);
    tg_buf_clear(&row->pending_order);
}

static void
move(struct tg_buf *to, struct tg_buf *from)
{
    tg_buf_free(to);
    *to = *from;
    *from = TG_BUF_EMPTY;
}

/* Whether the relay has not decided: the step stays begun. */
static bool
is_undecided(enum tg_err err)
{
    return err == TG_E_NETWORK || err == TG_E_TLS || err == TG_E_BUSY ||
           err == TG_E_PROTOCOL || err == TG_E_NOMEM || err == TG_E_UNTRUSTED;
}

static enum tg_err
settle_create(struct tg_share *share, enum tg_err err,
              const struct tg_relay_answer *answer)
{
    struct wallet_row *row = &share->row;

    if (err == TG_OK) {
        share->has_push = tg_relay_answer_has_push(answer);
        row->state = TG_SHARE_OPEN;
        row->expires_s = tg_relay_answer_expires_s(answer);
        if ((err = share_set_text(&row->mailbox,
                                  tg_relay_answer_mailbox(answer))) != TG_OK)
            return err;
    } else {
        share_set_ended(share, TG_SHARE_FAILED);
    }
    return TG_OK;
}

/* After 201 the mailbox may hold what the other side has written since, and
 * the ETag may be of that: it must not be used for overwriting. */
static enum tg_err
settle_update(struct tg_share *share, enum tg_err err,
              const struct tg_relay_answer *answer)
{
    struct wallet_row *row = &share->row;

    if (err == TG_OK) {
        share->has_push = tg_relay_answer_has_push(answer);
        move(&row->seen, &row->pending_seen);
        move(&row->order, &row->pending_order);
        tg_buf_clear(&row->inbox);
        return share_set_text(&row->etag, tg_relay_answer_repeated(answer)
                                              ? ""
                                              : tg_relay_answer_etag(answer));
    }
    if (err == TG_E_GONE)
        share_set_ended(share, TG_SHARE_GONE);
    return TG_OK;
}

/* A mailbox that is gone is deleted; a claim that is not bound (401) is
 * relinquished. */
static bool
is_end_reached(enum relay_verb verb, enum tg_err err)
{
    return err == TG_OK || err == TG_E_GONE ||
           (verb == RELAY_RELINQUISH && err == TG_E_REFUSED);
}

/* What the caller of the step is told. */
static enum tg_err
result_of(enum relay_verb verb, enum tg_err told)
{
    bool ends = verb == RELAY_DELETE || verb == RELAY_RELINQUISH;

    return ends && is_end_reached(verb, told) ? TG_OK : told;
}

/* Make the relay's decision part of the row. The function's own errors leave
 * the step begun. */
static enum tg_err
settle(struct tg_share *share, enum tg_err told,
       const struct tg_relay_answer *answer)
{
    enum relay_verb verb = (enum relay_verb)share->row.pending_verb;
    enum tg_err err = TG_OK;

    switch (verb) {
    case RELAY_CREATE:
        err = settle_create(share, told, answer);
        break;
    case RELAY_UPDATE:
        err = settle_update(share, told, answer);
        break;
    case RELAY_DELETE:
    case RELAY_RELINQUISH:
        if (is_end_reached(verb, told))
            share_set_ended(share,
                            (enum tg_share_state)share->row.pending_state);
        break;
    case RELAY_READ:
        break; /* is never stored as a step */
    }
    if (err == TG_OK)
        share_clear_pending(&share->row);
    return err;
}

/* Settle and store the step `id`. Another process may change the share at the
 * same moment, above all one that waits and is woken by this very step; or
 * settle the step before us, which comes to the same. */
static enum tg_err
settle_and_save(struct tg_share *share, struct tg_span id, enum tg_err told,
                const struct tg_relay_answer *answer)
{
    enum tg_err err = TG_E_LOCKED;

    for (unsigned i = 0; i < SETTLE_MOST && err == TG_E_LOCKED; i++) {
        if (!tg_span_equal(tg_span_buf(&share->row.pending_id), id))
            return TG_OK;
        if ((err = settle(share, told, answer)) == TG_OK)
            err = wallet_save(share->wallet, &share->row);
        /* What is half settled in memory must not be what is gone on with. */
        if (err != TG_OK && share_refresh(share) != TG_OK)
            return TG_E_IO;
    }
    return err;
}

/* Answers that make no sense for a call are no decision. */
static enum tg_err
refuse_nonsense(enum relay_verb verb, enum tg_err told)
{
    if (verb == RELAY_CREATE && (told == TG_E_GONE || told == TG_E_CONFLICT))
        return TG_E_PROTOCOL;
    if ((verb == RELAY_DELETE || verb == RELAY_RELINQUISH) &&
        told == TG_E_CONFLICT)
        return TG_E_PROTOCOL;
    return told;
}

enum tg_err
share_complete(struct tg_share *share)
{
    struct wallet_row *row = &share->row;
    struct tg_relay_answer *answer = NULL;
    struct tg_buf id = TG_BUF_EMPTY;
    struct tg_relay_call call;
    bool is_first = share_is_draft(row);
    bool vouched = false;
    enum relay_verb verb;
    enum tg_err told;
    enum tg_err err;

    if ((err = share_settle_draft(share)) != TG_OK)
        return err;
    if (row->pending_verb == 0)
        return TG_OK;
    assert(share->client != NULL);
    verb = (enum relay_verb)row->pending_verb;
    call = share_call(share);
    call.request_id = share_text(&row->pending_id);
    call.if_match = verb == RELAY_UPDATE ? share_text(&row->etag) : NULL;
    if (verb == RELAY_CREATE)
        told = share_make_mailbox(share, &call, is_first, &vouched, &answer);
    else
        told = relay_client_call(share->client, verb, &call,
                                 tg_span_buf(&row->pending_body), &answer);
    told = refuse_nonsense(verb, told);
    if (is_undecided(told) || (told == TG_E_ATTESTATION && !vouched))
        return told;
    if ((err = share_set(&id, tg_span_buf(&row->pending_id))) == TG_OK)
        err = settle_and_save(share, tg_span_buf(&id), told, answer);
    tg_buf_free(&id);
    tg_relay_answer_free(answer);
    return err == TG_OK ? result_of(verb, told) : err;
}

enum tg_err
tg_share_resume(struct tg_share *share)
{
    enum tg_err err;

    if ((err = share_refresh(share)) != TG_OK)
        return err;
    return share_complete(share);
}

/* The mailbox's ETag is not known after it was made, or after an answer that
 * was lost: look what it holds. */
static enum tg_err
learn_etag(struct tg_share *share)
{
    struct wallet_row *row = &share->row;
    struct tg_relay_call call = share_call(share);
    struct tg_relay_answer *answer = NULL;
    struct tg_buf hash = TG_BUF_EMPTY;
    enum tg_err err;

    if (row->etag.len > 0)
        return TG_OK;
    err = relay_client_call(share->client, RELAY_READ, &call, TG_SPAN_EMPTY,
                            &answer);
    if (err == TG_E_GONE) {
        share_set_ended(share, TG_SHARE_GONE);
        if ((err = share_save(share)) == TG_OK)
            err = TG_E_GONE;
    }
    if (err != TG_OK)
        goto out;
    if ((err = share_set_hash(&hash, tg_relay_answer_payload(answer))) !=
        TG_OK)
        goto out;
    if (!tg_span_equal(tg_span_buf(&hash), tg_span_buf(&row->seen)))
        err = TG_E_CONFLICT;
    else
        err = share_set_text(&row->etag, tg_relay_answer_etag(answer));
out:
    tg_buf_free(&hash);
    tg_relay_answer_free(answer);
    return err;
}

/* Fill in the pending update; not stored yet. */
static enum tg_err
begin_update(struct tg_share *share, const char *format,
             struct tg_span content)
{
    struct wallet_row *row = &share->row;
    struct tg_buf sealed = TG_BUF_EMPTY;
    enum tg_err err;

    if ((err = share_set(&row->pending_order, tg_span_buf(&row->order))) !=
        TG_OK)
        goto out;
    if ((err = share_seal(&row->pending_order, tg_span_buf(&row->secret),
                          format, content, &sealed)) != TG_OK)
        goto out;
    if ((err = relay_client_body_update(share_payload_type(share),
                                        tg_span_buf(&sealed),
                                        &row->pending_body)) != TG_OK)
        goto out;
    if ((err = share_set_hash(&row->pending_seen, tg_span_buf(&sealed))) !=
        TG_OK)
        goto out;
    if ((err = share_draw_uuid(&row->pending_id)) != TG_OK)
        goto out;
    row->pending_verb = RELAY_UPDATE;
out:
    tg_buf_free(&sealed);
    if (err != TG_OK)
        share_clear_pending(row);
    return err;
}

enum tg_err
tg_share_send(struct tg_share *share, const char *format,
              struct tg_span content)
{
    enum tg_err err;

    assert(share->client != NULL);
    if ((err = share_refresh(share)) != TG_OK)
        return err;
    if ((err = share_complete(share)) != TG_OK)
        return err;
    if ((err = share_check_alive(share)) != TG_OK)
        return err;
    /* A recipient answers: without a message there is nothing to answer. */
    if (share->row.seen.len == 0)
        return TG_E_STATE;
    if ((err = learn_etag(share)) != TG_OK)
        return err;
    if ((err = begin_update(share, format, content)) != TG_OK)
        return err;
    if ((err = share_save(share)) != TG_OK)
        return err;
    return share_complete(share);
}

/* The relay has said that the mailbox is at another one. It will not say
 * anything else. */
static bool
is_elsewhere(const struct tg_share *share, enum tg_err err)
{
    return err == TG_E_PROTOCOL &&
           tg_relay_client_detail(share->client)[0] != '\0';
}

/* Make a mailbox first whose making is not known to have been done: only then
 * its name is known, by which it can be deleted. */
static enum tg_err
complete_create(struct tg_share *share)
{
    enum tg_err err;

    if (share->row.pending_verb != RELAY_CREATE)
        return TG_OK;
    err = share_complete(share);
    if (tg_share_state(share) == TG_SHARE_FAILED)
        return TG_OK;
    if (err != TG_E_ATTESTATION && !is_elsewhere(share, err))
        return err;
    /* No mailbox was made, or none that anybody will learn of until its time
     * is over; and none shall be. */
    share_set_ended(share, TG_SHARE_FAILED);
    share_clear_pending(&share->row);
    return share_save(share);
}

static bool
is_ending(const struct wallet_row *row)
{
    return row->pending_verb == RELAY_DELETE ||
           row->pending_verb == RELAY_RELINQUISH;
}

static enum tg_err
end(struct tg_share *share, enum relay_verb verb, enum tg_share_state state)
{
    struct wallet_row *row = &share->row;
    enum tg_err err;

    assert(share->client != NULL);
    if ((err = share_refresh(share)) != TG_OK)
        return err;
    if ((err = complete_create(share)) != TG_OK)
        return err;
    if (share_check_alive(share) != TG_OK)
        return TG_OK;
    if (is_ending(row))
        return share_complete(share);
    share_clear_pending(row);
    if ((err = share_draw_uuid(&row->pending_id)) != TG_OK)
        return err;
    row->pending_verb = verb;
    row->pending_state = state;
    if ((err = share_save(share)) != TG_OK)
        return err;
    return share_complete(share);
}

enum tg_err
tg_share_finish(struct tg_share *share)
{
    return end(share, RELAY_DELETE, TG_SHARE_FINISHED);
}

enum tg_err
tg_share_cancel(struct tg_share *share)
{
    return end(share, RELAY_DELETE, TG_SHARE_CANCELLED);
}

enum tg_err
tg_share_relinquish(struct tg_share *share)
{
    if (tg_share_role(share) != TG_RECIPIENT)
        return TG_E_STATE;
    return end(share, RELAY_RELINQUISH, TG_SHARE_RELINQUISHED);
}
