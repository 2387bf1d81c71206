/* See relay_client_body.h. */
#include "client/relay_client_body.h"

#include <string.h>

#include "base/base64.h"
#include "base/bytes.h"
#include "base/json.h"
#include "client/relay_client_text.h"

enum { TOKEN_DATA_MAX = 4096 };

#define TOKEN "notificationToken"
#define CONFIGURATION "mailboxConfiguration"

static enum tg_err
set(struct tg_json *object, const char *name, const char *text)
{
    return tg_json_set_text(object, name, tg_span_text(text));
}

static enum tg_err
set_payload(struct tg_json *body, const char *type, struct tg_span payload)
{
    struct tg_json *object = NULL;
    struct tg_buf data = TG_BUF_EMPTY;
    enum tg_err err = TG_E_NOMEM;

    if ((object = tg_json_object()) == NULL)
        goto out;
    if ((err = tg_base64_encode(payload, &data)) != TG_OK)
        goto out;
    if ((err = set(object, "type", type)) != TG_OK)
        goto out;
    if ((err = tg_json_set_text(object, "data", tg_span_buf(&data))) != TG_OK)
        goto out;
    err = tg_json_set(body, "payload", &object);
out:
    tg_buf_free(&data);
    tg_json_free(object);
    return err;
}

static enum tg_err
set_display_info(struct tg_json *body, const struct tg_relay_offer *offer)
{
    struct tg_json *object = tg_json_object();
    enum tg_err err = TG_E_NOMEM;

    if (object == NULL)
        return TG_E_NOMEM;
    if ((err = set(object, "title", offer->title)) != TG_OK)
        goto out;
    if ((err = set(object, "description", offer->description)) != TG_OK)
        goto out;
    if ((err = set(object, "imageURL", offer->image_url)) != TG_OK)
        goto out;
    err = tg_json_set(body, "displayInformation", &object);
out:
    tg_json_free(object);
    return err;
}

static enum tg_err
set_token(struct tg_json *body, const char *type, const char *data)
{
    struct tg_json *object;
    enum tg_err err;

    if (type == NULL)
        return TG_OK;
    if ((object = tg_json_object()) == NULL)
        return TG_E_NOMEM;
    if ((err = set(object, "type", type)) != TG_OK)
        goto out;
    if ((err = set(object, "tokenData", data)) != TG_OK)
        goto out;
    err = tg_json_set(body, TOKEN, &object);
out:
    tg_json_free(object);
    return err;
}

/* D7: a lifetime in place of an expiration, since device clocks are wrong. */
static enum tg_err
set_configuration(struct tg_json *body, const struct tg_relay_offer *offer)
{
    struct tg_json *object;
    enum tg_err err = TG_OK;

    if (offer->access_rights == NULL && offer->lifetime_s == 0)
        return TG_OK;
    if ((object = tg_json_object()) == NULL)
        return TG_E_NOMEM;
    if (offer->access_rights != NULL &&
        (err = set(object, "accessRights", offer->access_rights)) != TG_OK)
        goto out;
    if ((err = tg_json_set_integer(object, "lifetime",
                                   offer->lifetime_s > 0
                                       ? offer->lifetime_s
                                       : 48 * 3600)) != TG_OK)
        goto out;
    err = tg_json_set(body, CONFIGURATION, &object);
out:
    tg_json_free(object);
    return err;
}

static enum tg_err
check_access_rights(const char *rights)
{
    size_t len = strlen(rights);

    if (len < 1 || len > 3 || strspn(rights, "RWD") != len)
        return TG_E_FORMAT;
    for (size_t i = 0; i < len; i++)
        if (strchr(rights + i + 1, rights[i]) != NULL)
            return TG_E_FORMAT;
    return TG_OK;
}

static enum tg_err
check_token(const struct tg_relay_offer *offer)
{
    if (offer->token_type == NULL)
        return offer->token_data == NULL ? TG_OK : TG_E_FORMAT;
    if (offer->token_type[0] == '\0' || offer->token_data == NULL ||
        offer->token_data[0] == '\0')
        return TG_E_FORMAT;
    return strlen(offer->token_data) > TOKEN_DATA_MAX ? TG_E_LIMIT : TG_OK;
}

static enum tg_err
check_offer(const struct tg_relay_offer *offer)
{
    enum tg_err err;

    if (offer->title == NULL || offer->description == NULL ||
        offer->image_url == NULL || offer->payload_type == NULL ||
        offer->payload.len == 0 || offer->lifetime_s < 0)
        return TG_E_FORMAT;
    if (offer->payload.len > TG_PAYLOAD_MAX)
        return TG_E_LIMIT;
    if ((err = relay_client_check_text(tg_span_text(offer->title),
                                       TEXT_TITLE_MAX)) != TG_OK)
        return err;
    if ((err = relay_client_check_text(tg_span_text(offer->description),
                                       TEXT_DESCRIPTION_MAX)) != TG_OK)
        return err;
    if ((err = relay_client_check_image_url(
             tg_span_text(offer->image_url))) != TG_OK)
        return err;
    if (offer->access_rights != NULL &&
        (err = check_access_rights(offer->access_rights)) != TG_OK)
        return err;
    return check_token(offer);
}

enum tg_err
relay_client_body_create(const struct tg_relay_offer *offer,
                         struct tg_buf *out)
{
    struct tg_json *body;
    enum tg_err err;

    if ((err = check_offer(offer)) != TG_OK)
        return err;
    if ((body = tg_json_object()) == NULL)
        return TG_E_NOMEM;
    if ((err = set_payload(body, offer->payload_type, offer->payload)) ==
            TG_OK &&
        (err = set_display_info(body, offer)) == TG_OK &&
        (err = set_token(body, offer->token_type, offer->token_data)) ==
            TG_OK &&
        (err = set_configuration(body, offer)) == TG_OK)
        err = tg_json_format(body, out);
    tg_json_free(body);
    return err;
}

enum tg_err
relay_client_body_update(const char *payload_type, struct tg_span payload,
                         struct tg_buf *out)
{
    struct tg_json *body;
    enum tg_err err;

    if (payload.len == 0)
        return TG_E_FORMAT;
    if (payload.len > TG_PAYLOAD_MAX)
        return TG_E_LIMIT;
    if ((body = tg_json_object()) == NULL)
        return TG_E_NOMEM;
    if ((err = set_payload(body, payload_type, payload)) == TG_OK)
        err = tg_json_format(body, out);
    tg_json_free(body);
    return err;
}

enum tg_err
relay_client_body_read(const char *token_type, const char *token_data,
                       struct tg_buf *out)
{
    struct tg_json *body = tg_json_object();
    enum tg_err err;

    if (body == NULL)
        return TG_E_NOMEM;
    if ((err = set_token(body, token_type, token_data)) == TG_OK)
        err = tg_json_format(body, out);
    tg_json_free(body);
    return err;
}

/* ---- changes ----------------------------------------------------------- */

/* How many bytes base64 stands for. */
static size_t
decoded_len(struct tg_span data)
{
    size_t padding = 0;

    while (padding < data.len && data.ptr[data.len - 1 - padding] == '=')
        padding++;
    return (data.len - padding) * 3 / 4;
}

enum tg_err
relay_client_body_look(struct tg_span body, struct relay_client_wish *out)
{
    struct relay_client_wish wish = {0};
    struct tg_json *json = NULL;
    const struct tg_json *configuration;
    struct tg_span text;
    enum tg_err err;

    if ((err = tg_json_parse(body, &json)) != TG_OK)
        return err;
    if (!tg_json_text(tg_json_member(tg_json_member(json, "payload"), "data"),
                      &text)) {
        err = TG_E_FORMAT;
        goto out;
    }
    wish.payload_len = decoded_len(text);
    configuration = tg_json_member(json, CONFIGURATION);
    if (!tg_json_integer(tg_json_member(configuration, "lifetime"),
                         &wish.lifetime_s))
        wish.lifetime_s = 0;
    if (tg_json_text(tg_json_member(tg_json_member(json, TOKEN), "type"),
                     &text) &&
        ((err = tg_buf_append(&wish.token, text)) != TG_OK ||
         (err = tg_buf_terminate(&wish.token)) != TG_OK))
        goto out;
    *out = wish;
    wish.token = TG_BUF_EMPTY;
out:
    tg_buf_free(&wish.token);
    tg_json_free(json);
    return err;
}

/* A copy of a member, NULL when there is none. */
static enum tg_err
copy_member(const struct tg_json *from, const char *name, struct tg_json **out)
{
    const struct tg_json *member = tg_json_member(from, name);
    struct tg_buf text = TG_BUF_EMPTY;
    enum tg_err err = TG_OK;

    *out = NULL;
    if (member != NULL && (err = tg_json_format(member, &text)) == TG_OK)
        err = tg_json_parse(tg_span_buf(&text), out);
    tg_buf_free(&text);
    return err;
}

static enum tg_err
carry_over(const struct tg_json *from, const char *name,
           const struct relay_client_change *change, struct tg_json *to)
{
    struct tg_json *copy = NULL;
    enum tg_err err = copy_member(from, name, &copy);

    if (err == TG_OK && copy != NULL && change->lifetime_s > 0 &&
        strcmp(name, CONFIGURATION) == 0)
        err = tg_json_set_integer(copy, "lifetime", change->lifetime_s);
    if (err == TG_OK && copy != NULL)
        err = tg_json_set(to, name, &copy);
    tg_json_free(copy);
    return err;
}

enum tg_err
relay_client_body_change(struct tg_span body,
                         const struct relay_client_change *change,
                         struct tg_buf *out)
{
    static const char *const names[] = {"payload", "displayInformation",
                                        CONFIGURATION};
    struct tg_json *from = NULL;
    struct tg_json *to = NULL;
    enum tg_err err;

    if ((err = tg_json_parse(body, &from)) != TG_OK)
        return err;
    if ((to = tg_json_object()) == NULL)
        err = TG_E_NOMEM;
    for (size_t i = 0; i < 3 && err == TG_OK; i++)
        err = carry_over(from, names[i], change, to);
    if (err == TG_OK && change->keep_token)
        err = carry_over(from, TOKEN, change, to);
    else if (err == TG_OK)
        err = set_token(to, change->token_type, change->token_data);
    if (err == TG_OK)
        err = tg_json_format(to, out);
    tg_json_free(to);
    tg_json_free(from);
    return err;
}
