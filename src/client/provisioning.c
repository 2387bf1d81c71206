/* See provisioning.h and <tigress/provisioning.h>. */
#include "client/provisioning.h"

#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/bytes.h"
#include "base/json.h"

struct tg_provisioning {
    char format[TG_FORMAT_MAX + 1];
    struct tg_buf content;
    struct tg_buf text;
    bool has_place;
    struct provisioning_place place;
};

static enum tg_err
parse_format(const struct tg_json *json, char out[TG_FORMAT_MAX + 1])
{
    struct tg_span text;

    if (!tg_json_text(tg_json_member(json, "format"), &text) || text.len == 0)
        return TG_E_FORMAT;
    if (text.len > TG_FORMAT_MAX)
        return TG_E_LIMIT;
    memcpy(out, text.ptr, text.len);
    out[text.len] = '\0';
    return TG_OK;
}

static enum tg_err
parse_content(const struct tg_json *json, struct tg_buf *out)
{
    const struct tg_json *content = tg_json_member(json, "content");
    enum tg_err err;

    if (content == NULL || tg_json_kind(content) != TG_JSON_OBJECT)
        return TG_E_FORMAT;
    if ((err = tg_json_format(content, out)) != TG_OK)
        return err;
    return tg_buf_terminate(out);
}

static enum tg_err
parse_direction(const struct tg_json *place, enum tg_role *out)
{
    struct tg_span text;

    if (!tg_json_text(tg_json_member(place, "direction"), &text))
        return TG_E_FORMAT;
    if (tg_span_is(text, "initiator"))
        *out = TG_INITIATOR;
    else if (tg_span_is(text, "recipient"))
        *out = TG_RECIPIENT;
    else
        return TG_E_FORMAT;
    return TG_OK;
}

static enum tg_err
parse_previous(const struct tg_json *place, struct provisioning_place *out)
{
    struct tg_buf hash = TG_BUF_EMPTY;
    struct tg_span text;
    enum tg_err err;

    if (!tg_json_text(tg_json_member(place, "previous"), &text))
        return TG_E_FORMAT;
    err = tg_base64_decode(text, &hash);
    if (err == TG_OK && hash.len != SHA256_LEN && hash.len != 0)
        err = TG_E_FORMAT;
    if (err == TG_OK && hash.len > 0)
        memcpy(out->previous, hash.ptr, SHA256_LEN);
    out->has_previous = hash.len > 0;
    tg_buf_free(&hash);
    return err;
}

/* The member `tigress`; it may be absent, but not wrong. */
static enum tg_err
parse_place(const struct tg_json *json, struct tg_provisioning *message)
{
    const struct tg_json *place = tg_json_member(json, "tigress");
    enum tg_err err;

    if (place == NULL)
        return TG_OK;
    if ((err = parse_direction(place, &message->place.direction)) != TG_OK)
        return err;
    if (!tg_json_integer(tg_json_member(place, "sequence"),
                         &message->place.sequence))
        return TG_E_FORMAT;
    if (message->place.sequence < 1 ||
        message->place.sequence > PROVISIONING_SEQUENCE_MAX)
        return TG_E_FORMAT;
    message->has_place = true;
    return parse_previous(place, &message->place);
}

static enum tg_err
parse_into(struct tg_provisioning *message, struct tg_span text)
{
    struct tg_json *json = NULL;
    enum tg_err err;

    if ((err = tg_buf_append(&message->text, text)) != TG_OK)
        return err;
    if ((err = tg_json_parse(text, &json)) != TG_OK)
        return err;
    if ((err = parse_format(json, message->format)) == TG_OK &&
        (err = parse_content(json, &message->content)) == TG_OK)
        err = parse_place(json, message);
    tg_json_free(json);
    return err;
}

enum tg_err
tg_provisioning_parse(struct tg_span text, struct tg_provisioning **out)
{
    struct tg_provisioning *message;
    enum tg_err err;

    if ((message = tg_alloc(sizeof(*message))) == NULL)
        return TG_E_NOMEM;
    if ((err = parse_into(message, text)) != TG_OK) {
        tg_provisioning_free(message);
        return err;
    }
    *out = message;
    return TG_OK;
}

void
tg_provisioning_free(struct tg_provisioning *message)
{
    if (message == NULL)
        return;
    tg_buf_free(&message->content);
    tg_buf_free(&message->text);
    tg_free(message);
}

const char *
tg_provisioning_format_name(const struct tg_provisioning *message)
{
    return message->format;
}

struct tg_span
tg_provisioning_content(const struct tg_provisioning *message)
{
    return tg_span_buf(&message->content);
}

struct tg_span
tg_provisioning_text(const struct tg_provisioning *message)
{
    return tg_span_buf(&message->text);
}

int64_t
tg_provisioning_sequence(const struct tg_provisioning *message)
{
    return message->has_place ? message->place.sequence : 0;
}

const struct provisioning_place *
provisioning_place(const struct tg_provisioning *message)
{
    return message->has_place ? &message->place : NULL;
}

static enum tg_err
make_place(const struct provisioning_place *place, struct tg_json **out)
{
    struct tg_buf previous = TG_BUF_EMPTY;
    struct tg_json *json = NULL;
    enum tg_err err = TG_E_NOMEM;

    if ((json = tg_json_object()) == NULL)
        goto out;
    if ((err = tg_json_set_text(
             json, "direction",
             tg_span_text(place->direction == TG_INITIATOR ? "initiator"
                                                           : "recipient"))) !=
        TG_OK)
        goto out;
    if ((err = tg_json_set_integer(json, "sequence", place->sequence)) !=
        TG_OK)
        goto out;
    if (place->has_previous &&
        (err = tg_base64_encode(TG_SPAN_ARRAY(place->previous), &previous)) !=
            TG_OK)
        goto out;
    if ((err = tg_json_set_text(json, "previous", tg_span_buf(&previous))) !=
        TG_OK)
        goto out;
    *out = json;
    json = NULL;
out:
    tg_buf_free(&previous);
    tg_json_free(json);
    return err;
}

static enum tg_err
parse_object(struct tg_span text, struct tg_json **out)
{
    struct tg_json *json;
    enum tg_err err;

    if ((err = tg_json_parse(text, &json)) != TG_OK)
        return err;
    if (tg_json_kind(json) != TG_JSON_OBJECT) {
        tg_json_free(json);
        return TG_E_FORMAT;
    }
    *out = json;
    return TG_OK;
}

enum tg_err
provisioning_format(const char *format, struct tg_span content,
                    const struct provisioning_place *place, struct tg_buf *out)
{
    struct tg_json *message = NULL;
    struct tg_json *part = NULL;
    enum tg_err err;

    if (format[0] == '\0')
        return TG_E_FORMAT;
    if (strlen(format) > TG_FORMAT_MAX)
        return TG_E_LIMIT;
    if ((message = tg_json_object()) == NULL)
        return TG_E_NOMEM;
    if ((err = tg_json_set_text(message, "format", tg_span_text(format))) !=
        TG_OK)
        goto out;
    if ((err = parse_object(content, &part)) != TG_OK)
        goto out;
    if ((err = tg_json_set(message, "content", &part)) != TG_OK)
        goto out;
    if ((err = make_place(place, &part)) != TG_OK)
        goto out;
    if ((err = tg_json_set(message, "tigress", &part)) != TG_OK)
        goto out;
    err = tg_json_format(message, out);
out:
    tg_json_free(part);
    tg_json_free(message);
    return err;
}
