/* See share.h: the making of a mailbox, with a statement of what this device is
 * if the relay looks at it (PROTOCOL §9). */
#include "client/share.h"

#include <stdio.h>

#include "base/bytes.h"
#include "client/attestation.h"
#include "client/relay_client_inside.h"

/* As attestation_make(), with the formats that the relay checks. */
static enum tg_err
vouch(struct tg_share *share, const struct tg_relay_call *call,
      struct tg_buf *line)
{
    const struct share_wants *wants = &share->wants;
    const bool knows = wants->policy == TG_ATTESTATION_REQUIRED ||
                       wants->policy == TG_ATTESTATION_OPTIONAL;

    return attestation_make(share->client->attestation, call,
                            tg_span_buf(&share->row.pending_body),
                            knows ? &wants->formats : NULL, line);
}

/* Whether to leave it at that no statement could be made. A relay that has been
 * told before may have made the mailbox, and says so also without one. */
static bool
is_final(const struct tg_share *share, enum tg_err err, bool first)
{
    if (err == TG_E_NOMEM)
        return true;
    return share->wants.policy == TG_ATTESTATION_REQUIRED &&
           (first || err != TG_E_ATTESTATION);
}

static void
explain(struct tg_share *share, enum tg_err err)
{
    snprintf(share->client->reason, sizeof(share->client->reason),
             "no statement of this device could be made: %s",
             tg_err_name(err));
}

enum tg_err
share_make_mailbox(struct tg_share *share, const struct tg_relay_call *call,
                   bool first, bool *vouched, struct tg_relay_answer **out)
{
    const struct tg_span body = tg_span_buf(&share->row.pending_body);
    bool has_provider = share->client->attestation != NULL;
    struct tg_buf line = TG_BUF_EMPTY;
    enum tg_err err;

    *vouched = false;
    if ((err = relay_client_check(share->client, call->relay)) != TG_OK)
        return err;
    if (has_provider)
        share_learn_wants(share);
    if (has_provider && share->wants.policy != TG_ATTESTATION_NONE &&
        (err = vouch(share, call, &line)) != TG_OK &&
        is_final(share, err, first)) {
        explain(share, err);
        goto out;
    }
    err = relay_client_create(share->client, call, body, &line, out);
    /* What the relay said of itself may be an hour old. */
    if (err == TG_E_ATTESTATION && has_provider &&
        share->wants.policy == TG_ATTESTATION_NONE &&
        vouch(share, call, &line) == TG_OK)
        err = relay_client_create(share->client, call, body, &line, out);
    *vouched = line.len > 0;
out:
    tg_buf_free(&line);
    return err;
}
