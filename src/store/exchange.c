/* See exchange.h. What is decided is the core's business (relay/mailbox.c);
 * which row a call is about, and how it gets in and out of there, is here. */
#include "store/exchange.h"

#include <assert.h>

#include "crypto/random.h"

/* A row that cannot be opened though its key is there is damaged. That is the
 * store's failure, for this call alone. */
static enum tg_err
damaged_is_store(enum tg_err err)
{
    return err == TG_E_AUTH || err == TG_E_FORMAT ? TG_E_STORE : err;
}

/* Without its hour's key the row is as good as gone, and so is the mailbox. */
static enum tg_err
load_mailbox(struct exchange *ex, const struct store_row *row)
{
    enum tg_err err;

    if (row == NULL)
        return TG_OK;
    err = row_open_mailbox(&ex->keys, ex->site->hours, row, &ex->plain,
                           &ex->mailbox);
    return err == TG_E_NOT_FOUND ? TG_OK : damaged_is_store(err);
}

static enum tg_err
load_memory(struct exchange *ex, const struct store_row *row)
{
    enum tg_err err;

    if (row == NULL)
        return TG_OK;
    err = row_open_create(&ex->memory_keys, ex->site->hours, row, &ex->memory);
    return err == TG_E_NOT_FOUND ? TG_OK : damaged_is_store(err);
}

/* decide() may be called again: only the last time counts. */
static void
start_again(struct exchange *ex)
{
    tg_buf_free(&ex->plain);
    ex->blob.len = 0;
    ex->memory_blob.len = 0;
    ex->mailbox = (struct mailbox){0};
    ex->memory = (struct create_memory){0};
}

/* The memory is the row of the operation, since a retry knows only claim and
 * request id; the mailbox goes in beside it (D4). */
static enum tg_err
decide_create(struct store_op *op, const struct store_row *row,
              struct store_change *change)
{
    struct exchange *ex = (struct exchange *)op;
    const struct hour_keys *hours = ex->site->hours;
    enum tg_err err;

    start_again(ex);
    if ((err = load_memory(ex, row)) != TG_OK)
        return err;
    ex->outcome = mailbox_create(&ex->mailbox, &ex->memory, &ex->mailbox_id,
                                 &ex->request, &ex->site->policy, op->now,
                                 &ex->effects);
    if (!ex->effects.changed)
        return TG_OK;
    if ((err = row_seal_create(&ex->memory_keys, hours, &ex->memory,
                               &ex->memory_blob)) != TG_OK)
        return err;
    if ((err = row_seal_mailbox(&ex->keys, hours, &ex->mailbox, &ex->blob)) !=
        TG_OK)
        return err;
    change->verb = STORE_PUT;
    change->row.expires = ex->memory.expires;
    change->row.blob = tg_span_buf(&ex->memory_blob);
    change->has_companion = true;
    change->companion_key = ex->keys.lookup;
    change->companion.expires = ex->mailbox.expires;
    change->companion.blob = tg_span_buf(&ex->blob);
    return TG_OK;
}

static enum relay_outcome
decide_call(struct exchange *ex, tg_time_s now)
{
    const struct relay_request *rq = &ex->request;
    const struct relay_policy *policy = &ex->site->policy;
    struct mailbox *mb = &ex->mailbox;
    struct relay_effects *fx = &ex->effects;

    switch (ex->call) {
    case EXCHANGE_CREATE: break; /* has a decide of its own */
    case EXCHANGE_DISPLAY: return mailbox_display(mb, now, fx);
    case EXCHANGE_READ: return mailbox_read(mb, rq, policy, now, fx);
    case EXCHANGE_UPDATE: return mailbox_update(mb, rq, policy, now, fx);
    case EXCHANGE_DELETE: return mailbox_delete(mb, rq, now, fx);
    case EXCHANGE_RELINQUISH: return mailbox_relinquish(mb, rq, now, fx);
    }
    assert(!"an exchange without a decision");
    return RELAY_NO_SUCH_MAILBOX;
}

static enum tg_err
decide_on_mailbox(struct store_op *op, const struct store_row *row,
                  struct store_change *change)
{
    struct exchange *ex = (struct exchange *)op;
    enum tg_err err;

    start_again(ex);
    if ((err = load_mailbox(ex, row)) != TG_OK)
        return err;
    mailbox_forget_dead(&ex->mailbox, &ex->site->policy);
    ex->outcome = decide_call(ex, op->now);
    if (ex->effects.wake)
        change->wake = ex->effects.ends_waits ? STORE_WAKE_TO_END
                                              : STORE_WAKE_TO_LOOK;
    if (ex->effects.removed) {
        change->verb = STORE_REMOVE;
        return TG_OK;
    }
    if (!ex->effects.changed)
        return TG_OK;
    change->verb = STORE_PUT;
    if (op->only_reads)
        return TG_OK; /* the store will ask again */
    if ((err = row_seal_mailbox(&ex->keys, ex->site->hours, &ex->mailbox,
                                &ex->blob)) != TG_OK)
        return err;
    change->row.expires = ex->mailbox.expires;
    change->row.blob = tg_span_buf(&ex->blob);
    return TG_OK;
}

static enum tg_err
prepare_create(struct exchange *ex)
{
    enum tg_err err;

    if ((err = random_uuid(&ex->mailbox_id.uuid)) != TG_OK)
        return err;
    if ((err = row_keys_create(&ex->site->salt, &ex->claim, &ex->request.id,
                               &ex->memory_keys)) != TG_OK)
        return err;
    ex->op.key = ex->memory_keys.lookup;
    ex->op.decide = decide_create;
    return TG_OK;
}

enum tg_err
exchange_prepare(struct exchange *ex)
{
    bool is_create = ex->call == EXCHANGE_CREATE;
    enum tg_err err;

    if (is_create && (err = prepare_create(ex)) != TG_OK)
        return err;
    if ((err = row_keys_mailbox(&ex->site->salt, &ex->mailbox_id,
                                &ex->keys)) != TG_OK)
        return err;
    if (!is_create) {
        ex->op.key = ex->keys.lookup;
        ex->op.decide = decide_on_mailbox;
    }
    ex->op.only_reads =
        ex->call == EXCHANGE_DISPLAY || ex->call == EXCHANGE_READ;
    if (ex->call == EXCHANGE_DISPLAY)
        return TG_OK;
    return row_claim_mark(&ex->claim, &ex->mailbox_id, &ex->request.claim);
}

void
exchange_rest(struct exchange *ex)
{
    assert(ex->call == EXCHANGE_READ);
    tg_buf_free(&ex->plain);
    tg_buf_free(&ex->blob);
    ex->mailbox = (struct mailbox){0};
    ex->request.body = (struct request_body){.acceptable = true};
}

void
exchange_again(struct exchange *ex)
{
    ex->request.has_waited = true;
    ex->op.only_reads = true;
    ex->op.no_write = false;
    ex->op.result = TG_E_STATE;
}

void
exchange_done(struct exchange *ex)
{
    tg_buf_free(&ex->plain);
    tg_buf_free(&ex->blob);
    tg_buf_free(&ex->memory_blob);
    tg_wipe(&ex->keys, sizeof(ex->keys));
    tg_wipe(&ex->memory_keys, sizeof(ex->memory_keys));
    tg_wipe(&ex->claim, sizeof(ex->claim));
    tg_wipe(&ex->mailbox_id, sizeof(ex->mailbox_id));
    tg_wipe(&ex->mailbox, sizeof(ex->mailbox));
    tg_wipe(&ex->memory, sizeof(ex->memory));
}
