/* The mailbox's decisions: PROTOCOL §5, sentence by sentence.
 *
 * What a request looks like is the business of wire/; how a decision is
 * loaded, saved and made durable, that of store/exchange.c.
 */
#include "relay/mailbox.h"

#include <string.h>

/* ---- who calls --------------------------------------------------------- */

static bool
mark_equal(const struct claim_mark *a, const struct claim_mark *b)
{
    return tg_equal_secret(a->bytes, b->bytes, CLAIM_MARK_LEN);
}

/* Which side the claim is bound to. Both comparisons are always made, so that
 * the time tells nothing about which of them failed. */
static enum mailbox_side
bound_side(const struct mailbox *mb, const struct claim_mark *claim)
{
    bool is_initiator = mark_equal(claim, &mb->initiator);
    bool is_recipient = mark_equal(claim, &mb->recipient);

    if (is_initiator)
        return SIDE_INITIATOR;
    if (is_recipient && mb->has_recipient)
        return SIDE_RECIPIENT;
    return SIDE_NONE;
}

static enum mailbox_side
other_side(enum mailbox_side side)
{
    return side == SIDE_INITIATOR ? SIDE_RECIPIENT : SIDE_INITIATOR;
}

/* D5: the rights bind both devices for W, and the recipient for R and D; the
 * initiator can always read and delete, because revocation must always work. */
static bool
has_right(const struct mailbox *mb, enum mailbox_side side, uint8_t right)
{
    if (side == SIDE_INITIATOR && right != RIGHT_WRITE)
        return true;
    return (mb->rights & right) != 0;
}

/* The mailbox is gone at the second of its expiration, swept or not. */
static bool
is_live(const struct mailbox *mb, tg_time_s now)
{
    return mb->exists && now < mb->expires;
}

/* ---- notification tokens ----------------------------------------------- */

static struct notification_token *
token_of(struct mailbox *mb, enum mailbox_side side)
{
    return side == SIDE_INITIATOR ? &mb->initiator_token
                                  : &mb->recipient_token;
}

static bool
token_equal(const struct notification_token *a,
            const struct notification_token *b)
{
    return tg_span_equal(a->type, b->type) && tg_span_equal(a->data, b->data);
}

bool
mailbox_push_supported(const struct notification_token *token,
                       const struct relay_policy *policy)
{
    if (token->type.len == 0)
        return false;
    for (size_t i = 0; i < policy->push_type_count; i++)
        if (tg_span_equal(token->type, policy->push_types[i]))
            return true;
    return false;
}

static void
forget_if_dead(struct notification_token *token,
               const struct relay_policy *policy)
{
    if (token->type.len > 0 && policy->is_dead(policy->is_dead_self, token))
        *token = (struct notification_token){0};
}

void
mailbox_forget_dead(struct mailbox *mb, const struct relay_policy *policy)
{
    if (policy->is_dead == NULL)
        return;
    forget_if_dead(&mb->initiator_token, policy);
    forget_if_dead(&mb->recipient_token, policy);
}

/* Take the token that the caller may have sent for its own side. */
static void
keep_token(struct mailbox *mb, enum mailbox_side side,
           const struct notification_token *given, struct relay_effects *fx)
{
    struct notification_token *kept = token_of(mb, side);

    if (given->type.len == 0 || token_equal(kept, given))
        return;
    *kept = *given;
    fx->changed = true;
}

static void
ring(struct mailbox *mb, enum mailbox_side side, struct relay_effects *fx)
{
    fx->notify = side;
    fx->notify_token = *token_of(mb, side);
}

static void
notify(struct mailbox *mb, enum mailbox_side side, struct relay_effects *fx)
{
    fx->wake = true;
    ring(mb, side, fx);
}

/* ---- remembered requests (R-IDEM, D10) --------------------------------- */

static struct request_memory *
memory_of(struct mailbox *mb, enum mailbox_side side)
{
    return side == SIDE_INITIATOR ? &mb->initiator_memory
                                  : &mb->recipient_memory;
}

static const struct remembered_request *
recall_update(const struct request_memory *memory, const struct request_id *id)
{
    for (size_t i = 0; i < memory->count; i++) {
        const struct remembered_request *request = &memory->requests[i];

        if (tg_uuid_equal(&request->id.uuid, &id->uuid))
            return request;
    }
    return NULL;
}

static void
remember(struct request_memory *memory,
         const struct remembered_request *request)
{
    if (memory->count == LIMIT_REMEMBERED_REQUESTS) {
        memory->count--;
        memmove(&memory->requests[0], &memory->requests[1],
                memory->count * sizeof(memory->requests[0]));
    }
    memory->requests[memory->count++] = *request;
}

static bool
is_last_relinquish(const struct mailbox *mb, const struct relay_request *rq)
{
    return mb->has_relinquish &&
           mark_equal(&rq->claim, &mb->relinquish_claim) &&
           tg_uuid_equal(&rq->id.uuid, &mb->relinquish_id.uuid);
}

/* ---- conditions (RFC 9110 §13.1) --------------------------------------- */

static bool
matches(const struct etag_condition *condition, uint64_t version)
{
    if (condition->kind == CONDITION_ANY)
        return true;
    for (size_t i = 0; i < condition->count; i++)
        if (condition->versions[i] == version)
            return true;
    return false;
}

static bool
if_match_holds(const struct etag_condition *condition, uint64_t version)
{
    return condition->kind == CONDITION_NONE || matches(condition, version);
}

static bool
if_none_match_holds(const struct etag_condition *condition, uint64_t version)
{
    return condition->kind == CONDITION_NONE || !matches(condition, version);
}

/* ---- CreateMailbox ----------------------------------------------------- */

static tg_time_s
earlier(tg_time_s a, tg_time_s b)
{
    return a < b ? a : b;
}

/* D6: beyond the maximum is lowered to it. D7: a lifetime counts from now. */
static tg_time_s
chosen_expiration(const struct request_body *body,
                  const struct relay_policy *policy, tg_time_s now)
{
    tg_time_s latest = now + policy->lifetime_max;

    switch (body->expiration_choice) {
    case EXPIRATION_DEFAULT:
        return now + policy->lifetime_default;
    case EXPIRATION_AT:
        return earlier(body->expiration, latest);
    case EXPIRATION_LIFETIME:
        return now + earlier(body->expiration, policy->lifetime_max);
    }
    return now; /* no such choice: in the past, and so refused */
}

enum relay_outcome
mailbox_create(struct mailbox *mb, struct create_memory *memory,
               const struct mailbox_id *id, const struct relay_request *rq,
               const struct relay_policy *policy, tg_time_s now,
               struct relay_effects *fx)
{
    const struct request_body *body = &rq->body;
    tg_time_s expires;

    *fx = (struct relay_effects){0};
    /* D4: remembered as long as the mailbox would have lived, also when it
     * was deleted, so that a late retry cannot bring a used share back. */
    if (memory->exists && now < memory->expires) {
        fx->push_supported = memory->push_supported;
        return RELAY_ALREADY_DONE;
    }
    if (!body->acceptable)
        return RELAY_BODY_REFUSED;
    if ((expires = chosen_expiration(body, policy, now)) <= now)
        return RELAY_EXPIRATION_PAST;
    if (rq->attestation_refused)
        return RELAY_ATTESTATION_REFUSED;

    *mb = (struct mailbox){
        .exists = true,
        .expires = expires,
        .version = 1,
        .rights = body->rights,
        .initiator = rq->claim, /* R-CREATE-5 */
        .payload = body->payload,
        .display = body->display,
        .initiator_token = body->token,
    };
    fx->changed = true;
    fx->version = mb->version;
    fx->push_supported = mailbox_push_supported(&body->token, policy);
    *memory = (struct create_memory){
        .exists = true,
        .mailbox = *id,
        .expires = expires,
        .push_supported = fx->push_supported,
    };
    return RELAY_DONE;
}

/* ---- ReadDisplayInformation -------------------------------------------- */

enum relay_outcome
mailbox_display(const struct mailbox *mb, tg_time_s now,
                struct relay_effects *fx)
{
    *fx = (struct relay_effects){0};
    return is_live(mb, now) ? RELAY_DONE : RELAY_NO_SUCH_MAILBOX;
}

/* ---- ReadSecureContent ------------------------------------------------- */

/* R-READ-2: from now on the mailbox belongs to initiator and this claim. */
static void
bind_recipient(struct mailbox *mb, const struct claim_mark *claim,
               struct relay_effects *fx)
{
    mb->has_recipient = true;
    mb->recipient = *claim;
    fx->changed = true;
}

enum relay_outcome
mailbox_read(struct mailbox *mb, const struct relay_request *rq,
             const struct relay_policy *policy, tg_time_s now,
             struct relay_effects *fx)
{
    enum mailbox_side side;
    bool is_first_read;

    *fx = (struct relay_effects){0};
    if (!is_live(mb, now))
        return RELAY_NO_SUCH_MAILBOX;
    side = bound_side(mb, &rq->claim);
    is_first_read =
        side == SIDE_NONE && !mb->has_recipient && !rq->has_waited;
    if (side == SIDE_NONE && !is_first_read)
        return RELAY_CLAIM_REFUSED; /* R-READ-3: a third claim */
    if (is_first_read)
        side = SIDE_RECIPIENT; /* R-READ-1: the initiator never gets here */
    if (!has_right(mb, side, RIGHT_READ))
        return RELAY_RIGHT_REFUSED; /* R-READ-3: and not bound */
    if (!rq->body.acceptable)
        return RELAY_BODY_REFUSED;

    if (is_first_read)
        bind_recipient(mb, &rq->claim, fx);
    keep_token(mb, side, &rq->body.token, fx);
    fx->version = mb->version;
    fx->push_supported = mailbox_push_supported(token_of(mb, side), policy);
    /* Last, as in a read that waits: only the answer depends on it. */
    if (!if_none_match_holds(&rq->if_none_match, mb->version))
        return RELAY_UNCHANGED;
    return RELAY_DONE;
}

/* ---- UpdateMailbox ----------------------------------------------------- */

enum relay_outcome
mailbox_update(struct mailbox *mb, const struct relay_request *rq,
               const struct relay_policy *policy, tg_time_s now,
               struct relay_effects *fx)
{
    const struct remembered_request *earlier_try;
    enum mailbox_side side;

    *fx = (struct relay_effects){0};
    if (!is_live(mb, now))
        return RELAY_NO_SUCH_MAILBOX;
    if ((side = bound_side(mb, &rq->claim)) == SIDE_NONE)
        return RELAY_CLAIM_REFUSED; /* whose requests are not remembered */
    earlier_try = recall_update(memory_of(mb, side), &rq->id);
    if (earlier_try != NULL) {
        fx->version = earlier_try->version;
        fx->push_supported = earlier_try->push_supported;
        if (fx->version == mb->version) /* it is still news (decision 15) */
            ring(mb, other_side(side), fx);
        return RELAY_ALREADY_DONE;
    }
    if (!has_right(mb, side, RIGHT_WRITE))
        return RELAY_RIGHT_REFUSED;
    if (!rq->body.acceptable)
        return RELAY_BODY_REFUSED;
    if (!if_match_holds(&rq->if_match, mb->version))
        return RELAY_PRECONDITION_FAILED; /* R-UPD-3 */

    mb->payload = rq->body.payload; /* R-UPD-1 */
    mb->version++;
    keep_token(mb, side, &rq->body.token, fx);
    fx->changed = true;
    fx->version = mb->version;
    fx->push_supported = mailbox_push_supported(token_of(mb, side), policy);
    remember(memory_of(mb, side), &(struct remembered_request){
                                      .id = rq->id,
                                      .version = fx->version,
                                      .push_supported = fx->push_supported,
                                  });
    notify(mb, other_side(side), fx); /* R-UPD-2 */
    return RELAY_DONE;
}

/* ---- DeleteMailbox ----------------------------------------------------- */

enum relay_outcome
mailbox_delete(struct mailbox *mb, const struct relay_request *rq,
               tg_time_s now, struct relay_effects *fx)
{
    enum mailbox_side side;

    *fx = (struct relay_effects){0};
    if (!is_live(mb, now))
        return RELAY_NO_SUCH_MAILBOX; /* a retried delete too (R-IDEM) */
    if ((side = bound_side(mb, &rq->claim)) == SIDE_NONE)
        return RELAY_CLAIM_REFUSED;
    if (!has_right(mb, side, RIGHT_DELETE))
        return RELAY_RIGHT_REFUSED;

    notify(mb, other_side(side), fx); /* R-DEL-1 */
    fx->removed = true;
    mb->exists = false;
    return RELAY_DONE;
}

/* ---- RelinquishMailbox ------------------------------------------------- */

enum relay_outcome
mailbox_relinquish(struct mailbox *mb, const struct relay_request *rq,
                   tg_time_s now, struct relay_effects *fx)
{
    *fx = (struct relay_effects){0};
    if (!is_live(mb, now))
        return RELAY_NO_SUCH_MAILBOX;
    if (is_last_relinquish(mb, rq)) {
        if (!mb->has_recipient) /* it is still news (decision 15) */
            ring(mb, SIDE_INITIATOR, fx);
        return RELAY_ALREADY_DONE; /* though the claim is no longer bound */
    }
    if (bound_side(mb, &rq->claim) != SIDE_RECIPIENT)
        return RELAY_CLAIM_REFUSED; /* R-REL-1: the initiator too */

    mb->has_recipient = false;
    mb->recipient = (struct claim_mark){{0}};
    mb->recipient_token = (struct notification_token){0};
    mb->recipient_memory = (struct request_memory){0};
    mb->has_relinquish = true;
    mb->relinquish_claim = rq->claim;
    mb->relinquish_id = rq->id;
    fx->changed = true;
    fx->ends_waits = true; /* there is nothing to find (decision 16) */
    notify(mb, SIDE_INITIATOR, fx);
    return RELAY_DONE;
}
