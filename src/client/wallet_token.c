/* See <tigress/wallet.h>: notification tokens. They are the device's, not the
 * wallet's: whoever opens it says them anew. */
#include <string.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "client/relay_client_body.h"
#include "client/wallet_sql.h"

enum { TYPE_MAX_LEN = 64, DATA_MAX_LEN = 4096, TOKENS_MOST = 8 };

const struct wallet_token *
wallet_tokens(const struct tg_wallet *wallet)
{
    return wallet->tokens;
}

static void
token_free(struct wallet_token *token)
{
    if (token == NULL)
        return;
    tg_buf_free(&token->type);
    tg_buf_free(&token->data);
    tg_free(token);
}

void
wallet_tokens_done(struct tg_wallet *wallet)
{
    while (wallet->tokens != NULL) {
        struct wallet_token *first = wallet->tokens;

        wallet->tokens = first->next;
        token_free(first);
    }
}

static enum tg_err
check_type(const char *type)
{
    size_t len = strlen(type);

    if (len == 0)
        return TG_E_FORMAT;
    if (len > TYPE_MAX_LEN)
        return TG_E_LIMIT;
    for (size_t i = 0; i < len; i++)
        if (type[i] <= ' ' || type[i] > '~')
            return TG_E_FORMAT;
    return TG_OK;
}

/* What could not be sent is found out now. */
static enum tg_err
check_data(const char *type, const char *data)
{
    struct tg_buf body = TG_BUF_EMPTY;
    enum tg_err err;

    if (data[0] == '\0')
        return TG_E_FORMAT;
    if (strlen(data) > DATA_MAX_LEN)
        return TG_E_LIMIT;
    err = relay_client_body_read(type, data, &body);
    tg_buf_free(&body);
    return err;
}

static enum tg_err
set_text(struct tg_buf *field, const char *text)
{
    enum tg_err err = tg_buf_text(field, text);

    return err == TG_OK ? tg_buf_terminate(field) : err;
}

static enum tg_err
token_new(const char *type, const char *data, struct wallet_token **out)
{
    struct wallet_token *token = tg_alloc(sizeof(*token));
    enum tg_err err = TG_E_NOMEM;

    if (token == NULL)
        return err;
    if ((err = set_text(&token->type, type)) == TG_OK &&
        (err = set_text(&token->data, data)) == TG_OK)
        *out = token;
    else
        token_free(token);
    return err;
}

/* Where the token of this type is linked in, or the next one would be. */
static struct wallet_token **
place_of(struct tg_wallet *wallet, const char *type, size_t *before)
{
    struct wallet_token **place = &wallet->tokens;

    for (*before = 0; *place != NULL; place = &(*place)->next, ++*before)
        if (tg_span_is(tg_span_buf(&(*place)->type), type))
            break;
    return place;
}

enum tg_err
tg_wallet_set_token(struct tg_wallet *wallet, const char *type,
                    const char *data)
{
    struct wallet_token *token = NULL;
    struct wallet_token **place;
    struct wallet_token *old;
    size_t before;
    enum tg_err err;

    if ((err = check_type(type)) != TG_OK)
        return err;
    if (data != NULL && (err = check_data(type, data)) != TG_OK)
        return err;
    place = place_of(wallet, type, &before);
    if (data != NULL && before == TOKENS_MOST)
        return TG_E_LIMIT;
    if (data != NULL && (err = token_new(type, data, &token)) != TG_OK)
        return err;
    if ((old = *place) != NULL)
        *place = old->next;
    token_free(old);
    if (token != NULL) {
        token->next = *place;
        *place = token;
    }
    return TG_OK;
}
