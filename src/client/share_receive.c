/* See share.h: what the other side has written; waiting is in share_wait.c. A
 * message is judged, and stored together with what it changes in the order,
 * before anybody sees it.
 */
#include "client/share.h"

#include <assert.h>

#include <tigress/order.h>

#include "base/bytes.h"

/* What a first answer tells the recipient: that the mailbox is its own now,
 * and what it is for. *changed: the row must be stored. */
static enum tg_err
take_circumstances(struct wallet_row *row,
                   const struct tg_relay_answer *answer, bool *changed)
{
    int64_t expires_s = tg_relay_answer_expires_s(answer);
    enum tg_err err;

    *changed = expires_s != 0 && expires_s != row->expires_s;
    if (*changed)
        row->expires_s = expires_s;
    if (row->state != TG_SHARE_NEW)
        return TG_OK;
    row->state = TG_SHARE_OPEN;
    *changed = true;
    if ((err = share_set_text(&row->title, tg_relay_answer_title(answer))) !=
        TG_OK)
        return err;
    if ((err = share_set_text(&row->description,
                              tg_relay_answer_description(answer))) != TG_OK)
        return err;
    return share_set_text(&row->image_url, tg_relay_answer_image_url(answer));
}

/* Whether message and order agree; the order that follows replaces *order. */
static enum tg_err
judge(struct tg_wallet *wallet, const struct tg_provisioning *message,
      struct tg_buf *saved)
{
    struct tg_order *order;
    struct tg_buf next = TG_BUF_EMPTY;
    enum tg_err err;

    if (!wallet_knows_format(wallet, tg_provisioning_format_name(message)))
        return TG_E_UNKNOWN;
    if ((err = tg_order_load(tg_span_buf(saved), &order)) != TG_OK)
        return err;
    if ((err = tg_order_accept(order, message,
                               wallet_accepts_plain(wallet))) == TG_OK &&
        (err = tg_order_save(order, &next)) == TG_OK)
        err = share_set(saved, tg_span_buf(&next));
    tg_buf_free(&next);
    tg_order_free(order);
    return err;
}

/* Open a payload that was not seen before, and make it the row's inbox. */
static enum tg_err
take_message(struct tg_share *share, const struct tg_relay_answer *answer,
             const struct tg_buf *hash)
{
    struct wallet_row *row = &share->row;
    struct tg_provisioning *message = NULL;
    struct tg_buf plain = TG_BUF_EMPTY;
    enum tg_err err;

    if ((err = tg_payload_open(tg_span_buf(&row->secret),
                               tg_relay_answer_payload_type(answer),
                               tg_relay_answer_payload(answer), &plain)) !=
        TG_OK)
        goto out;
    if ((err = tg_provisioning_parse(tg_span_buf(&plain), &message)) != TG_OK)
        goto out;
    if ((err = judge(share->wallet, message, &row->order)) != TG_OK)
        goto out;
    if ((err = share_set(&row->inbox, tg_span_buf(&plain))) != TG_OK)
        goto out;
    if ((err = share_set(&row->seen, tg_span_buf(hash))) != TG_OK)
        goto out;
    err = share_set_text(&row->etag, tg_relay_answer_etag(answer));
out:
    tg_provisioning_free(message);
    tg_buf_free(&plain);
    return err;
}

/* The same bytes as last time: no news, though the ETag may be. */
static enum tg_err
take_unchanged(struct wallet_row *row, const struct tg_relay_answer *answer,
               bool *changed)
{
    const char *etag = tg_relay_answer_etag(answer);
    enum tg_err err;

    if (tg_span_is(tg_span_buf(&row->etag), etag))
        return TG_E_NO_NEWS;
    *changed = true;
    if ((err = share_set_text(&row->etag, etag)) != TG_OK)
        return err;
    return TG_E_NO_NEWS;
}

/* Take over what the relay has answered. What must be kept even though there
 * is no message is stored, too. */
static enum tg_err
take_answer(struct tg_share *share, const struct tg_relay_answer *answer)
{
    struct wallet_row *row = &share->row;
    struct tg_buf hash = TG_BUF_EMPTY;
    bool changed = false;
    enum tg_err verdict;
    enum tg_err err;

    share->has_push = tg_relay_answer_has_push(answer);
    if ((err = share_set_hash(&hash, tg_relay_answer_payload(answer))) !=
            TG_OK ||
        (err = take_circumstances(row, answer, &changed)) != TG_OK)
        goto out;
    if (tg_span_equal(tg_span_buf(&hash), tg_span_buf(&row->seen)))
        verdict = take_unchanged(row, answer, &changed);
    else if (row->pending_verb == RELAY_UPDATE &&
             tg_span_equal(tg_span_buf(&hash),
                           tg_span_buf(&row->pending_seen)))
        verdict = TG_E_NO_NEWS; /* another process is just sending it */
    else
        verdict = take_message(share, answer, &hash);
    if (verdict == TG_E_NOMEM)
        err = verdict;
    else if (verdict == TG_OK || changed)
        err = share_save(share);
    if (err == TG_OK)
        err = verdict;
out:
    tg_buf_free(&hash);
    return err;
}

enum tg_err
share_take_read(struct tg_share *share, enum tg_err told,
                const struct tg_relay_answer *answer)
{
    enum tg_err err = told;

    if (told == TG_OK) {
        err = take_answer(share, answer);
    } else if (told == TG_E_GONE) {
        share_set_ended(share, TG_SHARE_GONE);
        if ((err = share_save(share)) == TG_OK)
            err = TG_E_GONE;
    } else if (told == TG_E_CONFLICT || told == TG_E_FORMAT ||
               told == TG_E_LIMIT) {
        err = TG_E_PROTOCOL; /* no answers to a plain read */
    }
    return err;
}

static enum tg_err
read_mailbox(struct tg_share *share)
{
    struct tg_relay_call call = share_call(share);
    struct tg_relay_answer *answer = NULL;
    struct tg_buf body = TG_BUF_EMPTY;
    enum tg_err err;

    assert(share->client != NULL);
    if ((err = share_prepare_read(share, &body)) != TG_OK)
        return err;
    err = relay_client_call(share->client, RELAY_READ, &call,
                            tg_span_buf(&body), &answer);
    tg_buf_free(&body);
    err = share_take_read(share, err, answer);
    tg_relay_answer_free(answer);
    return err;
}

enum tg_err
tg_share_receive(struct tg_share *share, struct tg_provisioning **out)
{
    enum tg_err err;

    if ((err = share_refresh(share)) != TG_OK)
        return err;
    if ((err = share_complete(share)) != TG_OK)
        return err;
    if (share->row.inbox.len == 0) {
        if ((err = share_check_alive(share)) != TG_OK)
            return err;
        if ((err = read_mailbox(share)) != TG_OK)
            return err;
    }
    return tg_provisioning_parse(tg_span_buf(&share->row.inbox), out);
}

enum tg_err
tg_share_handled(struct tg_share *share)
{
    enum tg_err err;

    if ((err = share_refresh(share)) != TG_OK)
        return err;
    if (share->row.inbox.len == 0)
        return TG_OK;
    tg_buf_clear(&share->row.inbox);
    return share_save(share);
}
