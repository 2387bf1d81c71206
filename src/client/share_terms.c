/* See share.h: what the relay says of itself (PROTOCOL §7), before it is told
 * anything. Whatever goes wrong here: the share goes on without, and the relay
 * judges for itself. */
#include "client/share.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/bytes.h"
#include "client/relay_client_body.h"
#include "client/relay_client_inside.h"
#include "client/relay_info.h"

enum { SETTLE_MOST = 8 };

/* What is known of the relay. */
struct terms {
    bool is_known;
    bool was_kept; /* the relay may think otherwise by now */
    struct tg_relay_info info;
};

static void
learn(struct tg_share *share, enum relay_info_source source,
      struct terms *out)
{
    out->is_known =
        relay_info_ask(share->wallet, share->client, tg_share_relay(share),
                       source, &out->info, &out->was_kept) == TG_OK;
}

/* ---- what the relay would refuse --------------------------------------- */

/* What is asked of it. */
struct wish {
    size_t payload_len; /* 0: nothing is written */
    bool is_unvouched;  /* a create, and nobody to say what the device is */
    int64_t lifetime_s; /* 0: as it likes */
};

/* Whether the relay would do it; `why` is written otherwise. */
static enum tg_err
compare(const struct tg_relay_info *info, const struct wish *wish,
        char why[RELAY_CLIENT_REASON_MAX + 1])
{
    const size_t size = RELAY_CLIENT_REASON_MAX + 1;

    if (info->versions.is_said && !discovery_has(&info->versions, "v1")) {
        snprintf(why, size, "the relay does not speak version v1");
        return TG_E_VERSION;
    }
    if (info->payload_max >= 0 &&
        wish->payload_len > (size_t)info->payload_max) {
        snprintf(why, size,
                 "the relay takes payloads of at most %" PRId64
                 " bytes, and this one has %zu",
                 info->payload_max, wish->payload_len);
        return TG_E_LIMIT;
    }
    if (info->lifetime_max_s >= 0 && wish->lifetime_s > info->lifetime_max_s) {
        snprintf(why, size,
                 "the relay keeps a mailbox for at most %" PRId64
                 " seconds, and %" PRId64 " were asked for",
                 info->lifetime_max_s, wish->lifetime_s);
        return TG_E_LIFETIME;
    }
    if (wish->is_unvouched && info->attestation == TG_ATTESTATION_REQUIRED) {
        snprintf(why, size,
                 "the relay makes mailboxes for attested devices only, and "
                 "there is no provider of statements");
        return TG_E_ATTESTATION;
    }
    return TG_OK;
}

/* Ask again what the relay says now, if it would be refused for what it said
 * once: a limit may have been lifted meanwhile. */
static enum tg_err
judge(struct tg_share *share, const struct wish *wish, struct terms *terms)
{
    char why[RELAY_CLIENT_REASON_MAX + 1] = "";
    enum tg_err err = TG_OK;

    learn(share, RELAY_INFO_ANY, terms);
    if (terms->is_known)
        err = compare(&terms->info, wish, why);
    if (err != TG_OK && terms->was_kept) {
        learn(share, RELAY_INFO_RELAY, terms);
        err = terms->is_known ? compare(&terms->info, wish, why) : TG_OK;
    }
    if (err != TG_OK)
        snprintf(share->client->reason, sizeof(share->client->reason), "%s",
                 why);
    return err;
}

/* ---- attestation ------------------------------------------------------- */

static void
set_wants(struct tg_share *share, const struct terms *terms)
{
    share->wants = (struct share_wants){.is_known = true};
    if (terms->is_known) {
        share->wants.policy = terms->info.attestation;
        share->wants.formats = terms->info.attestation_formats;
    }
}

void
share_learn_wants(struct tg_share *share)
{
    struct terms terms = {0};

    if (share->wants.is_known)
        return;
    learn(share, RELAY_INFO_ANY, &terms);
    set_wants(share, &terms);
}

/* ---- notification tokens ----------------------------------------------- */

/* A relay that does not say what it rings may ring anything. */
static bool
is_rung(const struct terms *terms, const struct tg_buf *type)
{
    const struct discovery_list *rung = &terms->info.notifications;

    return !terms->is_known || !rung->is_said ||
           discovery_has(rung, share_text(type));
}

/* The first of the device's tokens that is rung; NULL: none. */
static const struct wallet_token *
choose_token(const struct tg_share *share, const struct terms *terms)
{
    const struct wallet_token *token = wallet_tokens(share->wallet);

    while (token != NULL && !is_rung(terms, &token->type))
        token = token->next;
    return token;
}

/* ---- the making of a mailbox ------------------------------------------- */

bool
share_is_draft(const struct wallet_row *row)
{
    return row->pending_verb == RELAY_CREATE &&
           (row->pending_state & SHARE_DRAFT) != 0;
}

/* The body as the relay is told it. */
static enum tg_err
fill_in(struct tg_share *share, const struct tg_buf *own_token,
        const struct terms *terms)
{
    struct wallet_row *row = &share->row;
    struct relay_client_change change = {0};
    const struct wallet_token *token = NULL;
    struct tg_buf body = TG_BUF_EMPTY;
    enum tg_err err;

    change.keep_token = own_token->len > 0 && is_rung(terms, own_token);
    if (!change.keep_token)
        token = choose_token(share, terms);
    if (token != NULL) {
        change.token_type = share_text(&token->type);
        change.token_data = share_text(&token->data);
    }
    if ((row->pending_state & SHARE_DRAFT_LIFETIME) == 0 && terms->is_known &&
        terms->info.lifetime_default_s > 0)
        change.lifetime_s = terms->info.lifetime_default_s;
    if ((err = relay_client_body_change(tg_span_buf(&row->pending_body),
                                        &change, &body)) == TG_OK)
        err = share_set(&row->pending_body, tg_span_buf(&body));
    tg_buf_free(&body);
    return err;
}

/* Not stored yet. TG_OK: it may be told to the relay. */
static enum tg_err
settle(struct tg_share *share)
{
    struct wallet_row *row = &share->row;
    struct relay_client_wish look;
    struct wish wish = {0};
    struct terms terms = {0};
    enum tg_err err;

    if ((err = relay_client_body_look(tg_span_buf(&row->pending_body),
                                      &look)) != TG_OK)
        return err;
    wish.payload_len = look.payload_len;
    if ((row->pending_state & SHARE_DRAFT_LIFETIME) != 0)
        wish.lifetime_s = look.lifetime_s;
    wish.is_unvouched = share->client->attestation == NULL;
    err = judge(share, &wish, &terms);
    set_wants(share, &terms);
    if (err == TG_OK)
        err = fill_in(share, &look.token, &terms);
    if (err == TG_OK)
        row->pending_state = 0;
    tg_buf_free(&look.token);
    return err;
}

static bool
is_refusal(enum tg_err err)
{
    return err == TG_E_VERSION || err == TG_E_LIMIT || err == TG_E_LIFETIME;
}

enum tg_err
share_settle_draft(struct tg_share *share)
{
    enum tg_err err = TG_OK;

    /* Another process may settle it at the same moment: look again then. */
    for (unsigned i = 0; i < SETTLE_MOST && share_is_draft(&share->row); i++) {
        enum tg_err saved;

        assert(share->client != NULL);
        if ((err = relay_client_check(share->client,
                                      tg_share_relay(share))) != TG_OK)
            return err;
        err = settle(share);
        if (err != TG_OK && !is_refusal(err))
            return err;
        if (err != TG_OK) {
            share_set_ended(share, TG_SHARE_FAILED);
            share_clear_pending(&share->row);
        }
        if ((saved = share_save(share)) == TG_OK)
            return err;
        if (saved != TG_E_LOCKED)
            return saved;
        err = saved;
    }
    return share_is_draft(&share->row) ? err : TG_OK;
}

/* ---- reading ----------------------------------------------------------- */

enum tg_err
share_prepare_read(struct tg_share *share, struct tg_buf *body)
{
    const struct wish nothing = {0};
    const struct wallet_token *token;
    struct terms terms = {0};
    enum tg_err err;

    if (tg_share_role(share) != TG_RECIPIENT ||
        tg_share_state(share) != TG_SHARE_NEW)
        return TG_OK;
    if ((err = relay_client_check(share->client, tg_share_relay(share))) !=
            TG_OK ||
        (err = judge(share, &nothing, &terms)) != TG_OK)
        return err;
    if ((token = choose_token(share, &terms)) == NULL)
        return TG_OK;
    return relay_client_body_read(share_text(&token->type),
                                  share_text(&token->data), body);
}

int64_t
share_hold_most_s(struct tg_share *share, int64_t most_s)
{
    struct terms terms = {0};

    learn(share, RELAY_INFO_KEPT, &terms);
    if (terms.is_known && terms.info.wait_max_s >= 0 &&
        terms.info.wait_max_s < most_s)
        return terms.info.wait_max_s;
    return most_s;
}
