/* See counter.h. */
#include "counter.h"

#include <string.h>

#include "challenge.h"
#include "room_key.h"

/* What is answered when a decision has been written down. */
struct reply {
    const char *names[2];
    struct text values[2];
};

/* Decide about one call, within a transaction. *why is set when it is
 * refused; then nothing is kept. */
typedef enum tg_err decision(const struct counter *counter,
                             const struct service_request *request,
                             struct reply *reply, enum refusal *why);

static void
reply_done(struct reply *reply)
{
    text_free(&reply->values[0]);
    text_free(&reply->values[1]);
}

static enum tg_err
reply_set(struct reply *reply, int i, const char *name, const char *value)
{
    reply->names[i] = name;
    return text_copy(text_span_of(value), &reply->values[i]);
}

static unsigned
refuse(struct members *answer, enum refusal why)
{
    unsigned status = why == REFUSAL_FORMAT    ? 400
                      : why == REFUSAL_BOOKING ? 401
                                               : 403;

    return service_refuse(answer, status, refusal_name(why),
                          refusal_text(why));
}

static unsigned
out_of_order(struct members *answer)
{
    return service_refuse(answer, 503, "busy",
                          "The hotel cannot answer now. Try again.");
}

/* The text of a member; "" when there is none. */
static const char *
member(const struct service_request *request, const char *name)
{
    const char *text = members_text(request->body, name);

    return text == NULL ? "" : text;
}

/* The booking that the call names and whose secret it shows. A booking that
 * is not there and a wrong secret look the same. */
static enum tg_err
authorize(const struct counter *counter,
          const struct service_request *request, struct ledger_booking *out,
          enum refusal *why)
{
    uint8_t shown[SECRET_HASH_LEN];
    enum tg_err err;

    *why = REFUSAL_BOOKING;
    if (request->bearer == NULL ||
        secret_hash(request->bearer, shown) != TG_OK)
        return TG_OK;
    err = ledger_find_booking(counter->ledger, member(request, "booking"),
                              out);
    if (err == TG_E_NOT_FOUND)
        return TG_OK;
    if (err == TG_OK && secret_same(shown, out->secret))
        *why = REFUSAL_NONE;
    return err;
}

/* A token follows from booking and request, so that asking again after a lost
 * answer gives the same one, though only its hash is kept. */
static enum tg_err
derive_token(const struct counter *counter, const char *booking,
             const char *request, struct text *out)
{
    struct text words = TEXT_EMPTY;
    enum tg_err err;

    if ((err = text_print(&words, "tigress-hotel-token-v1\n%s\n%s\n", booking,
                          request)) == TG_OK)
        err = secret_derive(counter->token_secret, text_span(&words), out);
    text_free(&words);
    return err;
}

static enum tg_err
add_token(const struct counter *counter, const struct ledger_booking *booking,
          const char *request, const struct stay *stay,
          enum ledger_token_state state, const char *token)
{
    struct ledger_token row = {.stay = *stay, .state = state};
    enum tg_err err;

    memcpy(row.booking, booking->code, sizeof(row.booking));
    memcpy(row.request, request, sizeof(row.request));
    if ((err = secret_hash(token, row.hash)) != TG_OK)
        return err;
    return ledger_put_token(counter->ledger, &row);
}

/* What becomes of a request that was asked before, or is new. */
static enum tg_err
judge_request(const struct counter *counter,
              const struct ledger_booking *booking, const char *request,
              const struct stay *stay, const char *token, enum refusal *why)
{
    struct ledger_token known = {.id = 0};
    int64_t count;
    enum tg_err err;

    err = ledger_find_request(counter->ledger, booking->code, request, &known);
    if (err == TG_OK) {
        if (!stay_equal(&known.stay, stay))
            *why = REFUSAL_REQUEST;
        else if (known.state == LEDGER_CANCELLED)
            *why = REFUSAL_CANCELLED;
        else if (known.state == LEDGER_REDEEMED)
            *why = REFUSAL_REDEEMED;
        ledger_token_done(&known);
        return TG_OK;
    }
    if (err != TG_E_NOT_FOUND)
        return err;
    if ((err = ledger_count_tokens(counter->ledger, booking->code, &count)) !=
        TG_OK)
        return err;
    if (count >= COUNTER_TOKENS_MAX) {
        *why = REFUSAL_LIMIT;
        return TG_OK;
    }
    return add_token(counter, booking, request, stay, LEDGER_OPEN, token);
}

static enum tg_err
give_token(const struct counter *counter,
           const struct service_request *request, struct reply *reply,
           enum refusal *why)
{
    const char *id = member(request, "request");
    struct ledger_booking booking;
    struct text token = TEXT_EMPTY;
    struct stay stay;
    enum tg_err err;

    *why = REFUSAL_FORMAT;
    if (!secret_is_id(id) || stay_read(request->body, &stay) != TG_OK)
        return TG_OK;
    if ((err = authorize(counter, request, &booking, why)) != TG_OK ||
        *why != REFUSAL_NONE)
        return err;
    if (!stay_within(&stay, &booking.stay)) {
        *why = REFUSAL_BEYOND;
        return TG_OK;
    }
    if ((err = derive_token(counter, booking.code, id, &token)) == TG_OK &&
        (err = judge_request(counter, &booking, id, &stay, token.at, why)) ==
            TG_OK)
        err = reply_set(reply, 0, "token", token.at);
    text_free(&token);
    return err;
}

/* The first redemption: a key for this public key. */
static enum tg_err
issue(const struct counter *counter, struct ledger_token *token, EVP_PKEY *key)
{
    struct room_key issued = {.stay = token->stay, .holder = key};
    enum tg_err err;

    if ((err = secret_draw_id(issued.serial)) != TG_OK ||
        (err = room_key_public(key, &token->public_key)) != TG_OK ||
        (err = room_key_issue(&issued, counter->key, &token->statement,
                              &token->signature)) != TG_OK)
        return err;
    memcpy(token->serial, issued.serial, sizeof(token->serial));
    token->state = LEDGER_REDEEMED;
    return ledger_put_token(counter->ledger, token);
}

/* Exactly one public key gets a key, as often as it asks. */
static enum tg_err
redeem_token(const struct counter *counter, struct ledger_token *token,
             EVP_PKEY *key, enum refusal *why)
{
    struct text asking = TEXT_EMPTY;
    enum tg_err err;

    switch (token->state) {
    case LEDGER_CANCELLED: *why = REFUSAL_CANCELLED; return TG_OK;
    case LEDGER_REDEEMED:
        if ((err = room_key_public(key, &asking)) == TG_OK &&
            strcmp(asking.at, token->public_key.at) != 0)
            *why = REFUSAL_REDEEMED;
        text_free(&asking);
        return err;
    case LEDGER_OPEN:
        if (moment_now() < token->stay.not_after) {
            text_free(&token->public_key);
            text_free(&token->statement);
            text_free(&token->signature);
            return issue(counter, token, key);
        }
        *why = REFUSAL_TOO_LATE;
        return TG_OK;
    }
    return TG_E_IO; /* no state of ours: the file is damaged */
}

/* That who asks has the private key, for this token. */
static enum refusal
check_proof(const struct service_request *request, EVP_PKEY *key)
{
    struct text words = TEXT_EMPTY;
    enum refusal why = REFUSAL_SIGNATURE;

    if (challenge_redeem_words(member(request, "token"),
                               member(request, "publicKey"), &words) ==
            TG_OK &&
        room_key_proves(key, text_span(&words), member(request, "proof")) ==
            TG_OK)
        why = REFUSAL_NONE;
    text_free(&words);
    return why;
}

static enum tg_err
redeem(const struct counter *counter, const struct service_request *request,
       struct reply *reply, enum refusal *why)
{
    struct ledger_token token = {.id = 0};
    uint8_t hash[SECRET_HASH_LEN];
    EVP_PKEY *key = NULL;
    enum tg_err err = TG_OK;

    *why = REFUSAL_FORMAT;
    if (secret_hash(member(request, "token"), hash) != TG_OK ||
        room_key_read_public(member(request, "publicKey"), &key) != TG_OK)
        goto out;
    if ((*why = check_proof(request, key)) != REFUSAL_NONE)
        goto out;
    if ((err = ledger_find_token(counter->ledger, hash, &token)) != TG_OK) {
        *why = REFUSAL_TOKEN;
        err = err == TG_E_NOT_FOUND ? TG_OK : err;
        goto out;
    }
    if ((err = redeem_token(counter, &token, key, why)) == TG_OK &&
        *why == REFUSAL_NONE &&
        (err = reply_set(reply, 0, "statement", token.statement.at)) == TG_OK)
        err = reply_set(reply, 1, "signature", token.signature.at);
out:
    ledger_token_done(&token);
    EVP_PKEY_free(key);
    return err;
}

static enum tg_err
cancel_token(const struct counter *counter, struct ledger_token *token,
             struct reply *reply)
{
    enum ledger_token_state before = token->state;
    enum tg_err err = TG_OK;

    token->state = LEDGER_CANCELLED;
    if (before != LEDGER_CANCELLED)
        err = ledger_put_token(counter->ledger, token);
    if (err == TG_OK)
        err = reply_set(reply, 0, "was", ledger_token_state_name(before));
    return err;
}

/* A request that never came is cancelled too: should it still be on its way,
 * no token lives that nobody knows of. */
static enum tg_err
cancel_unasked(const struct counter *counter,
               const struct ledger_booking *booking, const char *request,
               struct reply *reply)
{
    struct text token = TEXT_EMPTY;
    enum tg_err err;

    if ((err = derive_token(counter, booking->code, request, &token)) ==
            TG_OK &&
        (err = add_token(counter, booking, request, &booking->stay,
                         LEDGER_CANCELLED, token.at)) == TG_OK)
        err = reply_set(reply, 0, "was", "unasked");
    text_free(&token);
    return err;
}

static enum tg_err
cancel(const struct counter *counter, const struct service_request *request,
       struct reply *reply, enum refusal *why)
{
    const char *id = member(request, "request");
    struct ledger_token token = {.id = 0};
    struct ledger_booking booking;
    enum tg_err err;

    *why = REFUSAL_FORMAT;
    if (!secret_is_id(id))
        return TG_OK;
    if ((err = authorize(counter, request, &booking, why)) != TG_OK ||
        *why != REFUSAL_NONE)
        return err;
    err = ledger_find_request(counter->ledger, booking.code, id, &token);
    if (err == TG_E_NOT_FOUND)
        return cancel_unasked(counter, &booking, id, reply);
    if (err == TG_OK)
        err = cancel_token(counter, &token, reply);
    ledger_token_done(&token);
    return err;
}

/* The token is its own proof; a key that was issued is not its to cancel. */
static enum tg_err
decline(const struct counter *counter, const struct service_request *request,
        struct reply *reply, enum refusal *why)
{
    struct ledger_token token = {.id = 0};
    uint8_t hash[SECRET_HASH_LEN];
    enum tg_err err;

    *why = REFUSAL_FORMAT;
    if (secret_hash(member(request, "token"), hash) != TG_OK)
        return TG_OK;
    *why = REFUSAL_TOKEN;
    err = ledger_find_token(counter->ledger, hash, &token);
    if (err == TG_E_NOT_FOUND)
        return TG_OK;
    *why = REFUSAL_NONE;
    if (err == TG_OK && token.state == LEDGER_REDEEMED)
        *why = REFUSAL_REDEEMED;
    else if (err == TG_OK)
        err = cancel_token(counter, &token, reply);
    ledger_token_done(&token);
    return err;
}

static void
add_serial(void *self, const char *serial)
{
    members_add_text(self, "serials", serial);
}

static unsigned
list_cancelled(const struct counter *counter,
               const struct service_request *request, struct members *answer)
{
    uint8_t shown[SECRET_HASH_LEN];
    enum tg_err err = TG_E_NOT_FOUND;

    if (request->bearer != NULL &&
        secret_hash(request->bearer, shown) == TG_OK)
        err = ledger_find_door(counter->ledger, shown);
    if (err == TG_E_NOT_FOUND)
        return service_refuse(answer, 401, "door", "This is no door of ours.");
    if (err == TG_OK)
        err = ledger_each_cancelled(counter->ledger, moment_now(), add_serial,
                                    answer);
    return err == TG_OK ? 200 : out_of_order(answer);
}

/* Decide, write it down, and only then say so. */
static unsigned
transact(const struct counter *counter, const struct service_request *request,
         struct members *answer, decision *decide)
{
    struct reply reply = {{NULL, NULL}, {TEXT_EMPTY, TEXT_EMPTY}};
    enum refusal why = REFUSAL_FORMAT;
    unsigned status;
    enum tg_err err;

    if ((err = ledger_begin(counter->ledger)) == TG_OK &&
        (err = decide(counter, request, &reply, &why)) == TG_OK &&
        why == REFUSAL_NONE)
        err = ledger_commit(counter->ledger);
    if (err != TG_OK || why != REFUSAL_NONE)
        ledger_rollback(counter->ledger);
    if (err != TG_OK) {
        status = out_of_order(answer);
    } else if (why != REFUSAL_NONE) {
        status = refuse(answer, why);
    } else {
        for (int i = 0; i < 2; i++)
            if (reply.names[i] != NULL)
                members_set_text(answer, reply.names[i], reply.values[i].at);
        status = 200;
    }
    reply_done(&reply);
    return status;
}

unsigned
counter_answer(void *self, const struct service_request *request,
               struct members *answer)
{
    static const struct {
        const char *path;
        decision *decide;
    } calls[] = {{"/v1/tokens", give_token},
                 {"/v1/redeem", redeem},
                 {"/v1/cancel", cancel},
                 {"/v1/decline", decline}};
    bool is_post = strcmp(request->method, "POST") == 0;

    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        if (strcmp(request->path, calls[i].path) != 0)
            continue;
        if (!is_post)
            return service_refuse(answer, 405, "method", "Only POST.");
        if (request->body == NULL)
            return refuse(answer, REFUSAL_FORMAT);
        return transact(self, request, answer, calls[i].decide);
    }
    if (strcmp(request->path, "/v1/cancelled") != 0)
        return service_refuse(answer, 404, "path", "There is no such call.");
    if (is_post)
        return service_refuse(answer, 405, "method", "Only GET.");
    return list_cancelled(self, request, answer);
}
