/* See share.h: how a share begins, on either side. Nothing here uses the
 * network. */
#include "client/share.h"

#include <tigress/order.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "client/authority.h"
#include "client/relay_client_body.h"
#include "client/share_url.h"

/* "host[:port]" in the one way that it is stored. */
static enum tg_err
set_relay(struct tg_buf *field, const char *relay)
{
    char text[AUTHORITY_TEXT_MAX + 1];
    struct authority at;
    enum tg_err err;

    if ((err = authority_parse(tg_span_text(relay), &at)) != TG_OK)
        return err;
    authority_format(&at, text);
    return share_set_text(field, text);
}

static enum tg_err
set_new_order(struct tg_buf *field, enum tg_role role)
{
    struct tg_order *order;
    enum tg_err err;

    if ((err = tg_order_new(role, &order)) != TG_OK)
        return err;
    err = tg_order_save(order, field);
    tg_order_free(order);
    return err;
}

/* What both sides draw for themselves. */
static enum tg_err
begin_row(struct wallet_row *row, enum tg_role role, const char *relay)
{
    enum tg_err err;

    row->role = role;
    row->state = TG_SHARE_NEW;
    row->created_s = tg_time_now();
    if ((err = set_relay(&row->relay, relay)) != TG_OK)
        return err;
    if ((err = share_draw_uuid(&row->claim)) != TG_OK)
        return err;
    return set_new_order(&row->order, role);
}

/* The relay chooses the mailbox's name, but all are equally long: find out
 * now whether the share URL will keep to its limit. */
static enum tg_err
check_url_fits(const struct wallet_row *row)
{
    struct tg_share_url *url;
    enum tg_err err;

    if ((err = share_url_make(share_text(&row->relay),
                              share_text(&row->claim),
                              share_text(&row->vertical),
                              tg_span_buf(&row->secret), &url)) == TG_OK)
        tg_share_url_free(url);
    return err;
}

static enum tg_err
set_display_info(struct wallet_row *row, const struct tg_share_offer *offer)
{
    enum tg_err err;

    if (offer->title == NULL || offer->description == NULL ||
        offer->image_url == NULL)
        return TG_E_FORMAT;
    if ((err = share_set_text(&row->title, offer->title)) != TG_OK)
        return err;
    if ((err = share_set_text(&row->description, offer->description)) != TG_OK)
        return err;
    return share_set_text(&row->image_url, offer->image_url);
}

/* The whole create call, as it will be repeated until it is answered. */
static enum tg_err
begin_create(struct wallet_row *row, const struct tg_share_offer *offer,
             enum tg_algorithm algorithm)
{
    struct tg_relay_offer call = {
        .payload_type = tg_algorithm_name(algorithm),
        .title = offer->title,
        .description = offer->description,
        .image_url = offer->image_url,
        .access_rights = offer->access_rights,
        .lifetime_s = offer->lifetime_s,
        .token_type = offer->token_type,
        .token_data = offer->token_data,
    };
    struct tg_buf sealed = TG_BUF_EMPTY;
    enum tg_err err;

    if ((err = share_seal(&row->order, tg_span_buf(&row->secret),
                          offer->format, offer->content, &sealed)) != TG_OK)
        goto out;
    call.payload = tg_span_buf(&sealed);
    if ((err = relay_client_body_create(&call, &row->pending_body)) != TG_OK)
        goto out;
    if ((err = share_set_hash(&row->seen, call.payload)) != TG_OK)
        goto out;
    if ((err = share_draw_uuid(&row->pending_id)) != TG_OK)
        goto out;
    row->pending_verb = RELAY_CREATE;
    row->pending_state =
        SHARE_DRAFT | (offer->lifetime_s > 0 ? SHARE_DRAFT_LIFETIME : 0);
out:
    tg_buf_free(&sealed);
    return err;
}

static enum tg_err
fill_offered(struct wallet_row *row, const struct tg_share_offer *offer)
{
    enum tg_algorithm algorithm =
        offer->algorithm != 0 ? offer->algorithm : TG_AEAD_AES_128_GCM;
    enum tg_err err;

    if (offer->format == NULL)
        return TG_E_FORMAT;
    if ((err = begin_row(row, TG_INITIATOR, offer->relay)) != TG_OK)
        return err;
    if ((err = set_display_info(row, offer)) != TG_OK)
        return err;
    if ((err = share_set_text(&row->vertical, share_url_vertical_value(
                                                  offer->vertical))) != TG_OK)
        return err;
    if ((err = tg_payload_draw_secret(algorithm, &row->secret)) != TG_OK)
        return err;
    if ((err = check_url_fits(row)) != TG_OK)
        return err;
    return begin_create(row, offer, algorithm);
}

/* Store a new row and make a handle for it. Takes the row. */
static enum tg_err
store(struct tg_wallet *wallet, struct tg_relay_client *client,
      struct wallet_row *row, struct tg_share **out)
{
    enum tg_err err;

    if ((err = wallet_save(wallet, row)) != TG_OK) {
        wallet_row_done(row);
        return err;
    }
    return share_new(wallet, client, row, out);
}

enum tg_err
tg_share_create(struct tg_wallet *wallet, struct tg_relay_client *client,
                const struct tg_share_offer *offer, struct tg_share **out)
{
    struct wallet_row row = {0};
    enum tg_err err;

    if (offer->relay == NULL)
        return TG_E_FORMAT;
    if (!relay_client_allows(client, offer->relay))
        return TG_E_UNTRUSTED;
    if ((err = fill_offered(&row, offer)) != TG_OK) {
        wallet_row_done(&row);
        return err;
    }
    return store(wallet, client, &row, out);
}

static bool
is_same_mailbox(const struct wallet_row *row, const struct tg_share_url *url)
{
    return tg_span_is(tg_span_buf(&row->mailbox), tg_share_url_mailbox(url)) &&
           tg_span_is(tg_span_buf(&row->relay), tg_share_url_relay(url));
}

/* The share that this wallet has of the URL's mailbox already; a relinquished
 * one does not count. TG_E_NOT_FOUND. */
static enum tg_err
find(struct tg_wallet *wallet, const struct tg_share_url *url,
     struct wallet_row *out)
{
    int64_t id = 0;
    enum tg_err err;

    while ((err = tg_wallet_next_share(wallet, id, &id)) == TG_OK) {
        struct wallet_row row;

        if ((err = wallet_load(wallet, id, &row)) == TG_E_NOT_FOUND)
            continue; /* forgotten meanwhile */
        if (err != TG_OK)
            return err;
        if (row.state != TG_SHARE_RELINQUISHED && is_same_mailbox(&row, url)) {
            *out = row;
            return TG_OK;
        }
        wallet_row_done(&row);
    }
    return err;
}

static enum tg_err
fill_accepted(struct wallet_row *row, const struct tg_share_url *url)
{
    enum tg_err err;

    if ((err = begin_row(row, TG_RECIPIENT, tg_share_url_relay(url))) != TG_OK)
        return err;
    if ((err = share_set_text(&row->mailbox, tg_share_url_mailbox(url))) !=
        TG_OK)
        return err;
    if ((err = share_set_text(&row->vertical, share_url_vertical_text(url))) !=
        TG_OK)
        return err;
    return share_set(&row->secret, tg_share_url_secret(url));
}

enum tg_err
tg_share_accept(struct tg_wallet *wallet, struct tg_relay_client *client,
                const struct tg_share_url *url, struct tg_share **out)
{
    struct wallet_row row = {0};
    enum tg_err err;

    if (!relay_client_allows(client, tg_share_url_relay(url)))
        return TG_E_UNTRUSTED;
    if ((err = find(wallet, url, &row)) == TG_OK) {
        if (row.role == TG_RECIPIENT)
            return share_new(wallet, client, &row, out);
        wallet_row_done(&row);
        return TG_E_EXISTS;
    }
    if (err != TG_E_NOT_FOUND)
        return err;
    if ((err = fill_accepted(&row, url)) != TG_OK) {
        wallet_row_done(&row);
        return err;
    }
    return store(wallet, client, &row, out);
}
