/* See share.h and <tigress/share.h>. */
#include "client/share.h"

#include <tigress/order.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "client/share_url.h"
#include "crypto/hash.h"
#include "crypto/random.h"

const char *
tg_share_state_name(enum tg_share_state state)
{
    switch (state) {
    case TG_SHARE_NEW: return "new";
    case TG_SHARE_OPEN: return "open";
    case TG_SHARE_FINISHED: return "finished";
    case TG_SHARE_CANCELLED: return "cancelled";
    case TG_SHARE_RELINQUISHED: return "relinquished";
    case TG_SHARE_GONE: return "gone";
    case TG_SHARE_FAILED: return "failed";
    }
    return "?";
}

enum tg_err
share_new(struct tg_wallet *wallet, struct tg_relay_client *client,
          struct wallet_row *row, struct tg_share **out)
{
    struct tg_share *share = tg_alloc(sizeof(*share));

    if (share == NULL) {
        wallet_row_done(row);
        return TG_E_NOMEM;
    }
    share->wallet = wallet;
    share->client = client;
    share->row = *row;
    *row = (struct wallet_row){0};
    *out = share;
    return TG_OK;
}

enum tg_err
tg_share_open(struct tg_wallet *wallet, struct tg_relay_client *client,
              int64_t id, struct tg_share **out)
{
    struct wallet_row row;
    enum tg_err err;

    if ((err = wallet_load(wallet, id, &row)) != TG_OK)
        return err;
    return share_new(wallet, client, &row, out);
}

void
tg_share_close(struct tg_share *share)
{
    if (share == NULL)
        return;
    wallet_row_done(&share->row);
    tg_free(share);
}

enum tg_err
share_refresh(struct tg_share *share)
{
    struct wallet_row row;
    enum tg_err err;

    if ((err = wallet_load(share->wallet, share->row.id, &row)) != TG_OK)
        return err;
    wallet_row_done(&share->row);
    share->row = row;
    return TG_OK;
}

enum tg_err
share_save(struct tg_share *share)
{
    enum tg_err err = wallet_save(share->wallet, &share->row);
    enum tg_err again;

    if (err == TG_OK)
        return TG_OK;
    /* If this fails as well: every call reads the row before it acts. */
    again = share_refresh(share);
    (void)again;
    return err;
}

enum tg_err
share_check_alive(const struct tg_share *share)
{
    switch (tg_share_state(share)) {
    case TG_SHARE_NEW:
    case TG_SHARE_OPEN: return TG_OK;
    case TG_SHARE_GONE: return TG_E_GONE;
    case TG_SHARE_FINISHED:
    case TG_SHARE_CANCELLED:
    case TG_SHARE_RELINQUISHED:
    case TG_SHARE_FAILED: break;
    }
    return TG_E_STATE;
}

void
share_set_ended(struct tg_share *share, enum tg_share_state state)
{
    struct wallet_row *row = &share->row;

    row->state = state;
    tg_buf_clear(&row->secret);
    tg_buf_clear(&row->claim);
    tg_buf_clear(&row->etag);
    tg_buf_clear(&row->seen);
    tg_buf_clear(&row->order);
}

const char *
share_text(const struct tg_buf *text)
{
    return text->len > 0 ? (const char *)text->ptr : "";
}

enum tg_err
share_set(struct tg_buf *field, struct tg_span value)
{
    struct tg_buf copy = TG_BUF_EMPTY;
    enum tg_err err;

    tg_buf_free(field);
    if ((err = tg_buf_append(&copy, value)) == TG_OK &&
        (err = tg_buf_terminate(&copy)) == TG_OK)
        *field = copy;
    else
        tg_buf_free(&copy);
    return err;
}

enum tg_err
share_set_text(struct tg_buf *field, const char *value)
{
    return share_set(field, tg_span_text(value));
}

enum tg_err
share_draw_uuid(struct tg_buf *field)
{
    char text[TG_UUID_TEXT_LEN + 1];
    struct tg_uuid id;
    enum tg_err err;

    if ((err = random_uuid(&id)) != TG_OK)
        return err;
    tg_uuid_format(&id, text);
    err = share_set_text(field, text);
    tg_wipe(&id, sizeof(id));
    tg_wipe(text, sizeof(text));
    return err;
}

enum tg_err
share_set_hash(struct tg_buf *field, struct tg_span bytes)
{
    uint8_t hash[SHA256_LEN];
    enum tg_err err;

    if ((err = hash_sha256(&bytes, 1, hash)) != TG_OK)
        return err;
    return share_set(field, TG_SPAN_ARRAY(hash));
}

struct tg_relay_call
share_call(const struct tg_share *share)
{
    return (struct tg_relay_call){
        .relay = share_text(&share->row.relay),
        .mailbox = share_text(&share->row.mailbox),
        .claim = share_text(&share->row.claim),
    };
}

enum tg_err
share_seal(struct tg_buf *order, struct tg_span secret, const char *format,
           struct tg_span content, struct tg_buf *sealed)
{
    struct tg_order *next = NULL;
    struct tg_buf plain = TG_BUF_EMPTY;
    struct tg_buf saved = TG_BUF_EMPTY;
    size_t before = sealed->len;
    enum tg_err err;

    if ((err = tg_order_load(tg_span_buf(order), &next)) != TG_OK)
        goto out;
    if ((err = tg_order_write(next, format, content, &plain)) != TG_OK)
        goto out;
    if ((err = tg_order_save(next, &saved)) != TG_OK)
        goto out;
    if ((err = tg_payload_seal(secret, tg_span_buf(&plain), sealed)) != TG_OK)
        goto out;
    if ((err = share_set(order, tg_span_buf(&saved))) != TG_OK)
        sealed->len = before;
out:
    tg_buf_free(&saved);
    tg_buf_free(&plain);
    tg_order_free(next);
    return err;
}

const char *
share_payload_type(const struct tg_share *share)
{
    return tg_algorithm_name(share->row.secret.len == TG_SECRET_LEN_128
                                 ? TG_AEAD_AES_128_GCM
                                 : TG_AEAD_AES_256_GCM);
}

int64_t
tg_share_id(const struct tg_share *share)
{
    return share->row.id;
}

enum tg_role
tg_share_role(const struct tg_share *share)
{
    return share->row.role == TG_INITIATOR ? TG_INITIATOR : TG_RECIPIENT;
}

enum tg_share_state
tg_share_state(const struct tg_share *share)
{
    return (enum tg_share_state)share->row.state;
}

enum tg_vertical
tg_share_vertical(const struct tg_share *share)
{
    return share_url_vertical_of(share_text(&share->row.vertical));
}

const char *
tg_share_relay(const struct tg_share *share)
{
    return share_text(&share->row.relay);
}

const char *
tg_share_title(const struct tg_share *share)
{
    return share_text(&share->row.title);
}

const char *
tg_share_description(const struct tg_share *share)
{
    return share_text(&share->row.description);
}

const char *
tg_share_image_url(const struct tg_share *share)
{
    return share_text(&share->row.image_url);
}

int64_t
tg_share_created_s(const struct tg_share *share)
{
    return share->row.created_s;
}

int64_t
tg_share_expires_s(const struct tg_share *share)
{
    return share->row.expires_s;
}

bool
tg_share_is_pending(const struct tg_share *share)
{
    return share->row.pending_verb != 0;
}

bool
tg_share_has_push(const struct tg_share *share)
{
    return share->has_push;
}

bool
tg_share_has_message(const struct tg_share *share)
{
    return share->row.inbox.len > 0;
}

static enum tg_err
format_url(const struct tg_share *share, enum tg_share_url_form form,
           struct tg_buf *out)
{
    struct tg_share_url *url;
    enum tg_err err;

    if (share->row.mailbox.len == 0 || share->row.secret.len == 0)
        return TG_E_STATE;
    if ((err = share_url_make(tg_share_relay(share),
                              share_text(&share->row.mailbox),
                              share_text(&share->row.vertical),
                              tg_span_buf(&share->row.secret), &url)) !=
        TG_OK)
        return err;
    err = tg_share_url_format(url, form, out);
    tg_share_url_free(url);
    return err;
}

enum tg_err
tg_share_address(const struct tg_share *share, struct tg_buf *out)
{
    return format_url(share, TG_WITHOUT_SECRET, out);
}

enum tg_err
tg_share_invitation(const struct tg_share *share, struct tg_buf *out)
{
    return format_url(share, TG_WITH_SECRET, out);
}

enum tg_err
tg_share_put(struct tg_share *share, const char *name, struct tg_span value)
{
    return wallet_put(share->wallet, share->row.id, name, value);
}

enum tg_err
tg_share_get(struct tg_share *share, const char *name, struct tg_buf *out)
{
    return wallet_get(share->wallet, share->row.id, name, out);
}

enum tg_err
tg_share_remove(struct tg_share *share, const char *name)
{
    return wallet_remove(share->wallet, share->row.id, name);
}
