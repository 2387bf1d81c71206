/* See relay_client_body.h. */
#include "client/relay_client_body.h"

#include <string.h>

#include "base/base64.h"
#include "base/bytes.h"
#include "base/json.h"
#include "client/relay_client_text.h"

enum { TOKEN_DATA_MAX = 4096 };

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
set_token(struct tg_json *body, const struct tg_relay_offer *offer)
{
    struct tg_json *object;
    enum tg_err err;

    if (offer->token_type == NULL)
        return TG_OK;
    if ((object = tg_json_object()) == NULL)
        return TG_E_NOMEM;
    if ((err = set(object, "type", offer->token_type)) != TG_OK)
        goto out;
    if ((err = set(object, "tokenData", offer->token_data)) != TG_OK)
        goto out;
    err = tg_json_set(body, "notificationToken", &object);
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
    err = tg_json_set(body, "mailboxConfiguration", &object);
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
        (err = set_token(body, offer)) == TG_OK &&
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
