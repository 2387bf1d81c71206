/* See relay_client_answer.h. */
#include "client/relay_client_answer.h"

#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/uuid.h"
#include "client/authority.h"
#include "client/relay_client_text.h"
#include "client/share_url.h"

enum { PAYLOAD_TYPE_MAX = 64 };

struct tg_relay_answer {
    bool repeated;
    bool has_push;
    int64_t expires_s;
    char etag[HTTP_ETAG_MAX + 1];
    char mailbox[TG_UUID_TEXT_LEN + 1];
    char payload_type[PAYLOAD_TYPE_MAX + 1];
    struct tg_buf payload;
    struct tg_buf title; /* these three are terminated, or empty */
    struct tg_buf description;
    struct tg_buf image_url;
};

enum tg_err
relay_client_answer_verdict(enum relay_verb verb, int status)
{
    switch (status) {
    case 200: return TG_OK;
    case 201: return verb == RELAY_READ ? TG_E_PROTOCOL : TG_OK;
    case 401: return TG_E_REFUSED;
    case 404: return TG_E_GONE;
    case 412: return TG_E_CONFLICT;
    case 413: return TG_E_LIMIT;
    case 429: return TG_E_BUSY;
    default: break;
    }
    if (status >= 500 && status <= 599)
        return TG_E_BUSY;
    if (status >= 400 && status <= 499)
        return TG_E_FORMAT;
    return TG_E_PROTOCOL; /* redirects above all */
}

bool
relay_client_answer_is(const struct http_response *response, const char *type)
{
    struct tg_span text = tg_span_text(response->type);
    const uint8_t *end = memchr(text.ptr, ';', text.len);

    if (end != NULL)
        text.len = (size_t)(end - text.ptr);
    while (text.len > 0 && text.ptr[text.len - 1] == ' ')
        text.len--;
    return tg_span_is_nocase(text, type);
}

/* An entity tag (RFC 9110 §8.8.3): we send it back, so nothing else passes. */
static bool
is_etag(const char *etag)
{
    size_t len = strlen(etag);
    size_t start = strncmp(etag, "W/", 2) == 0 ? 2 : 0;

    if (len < start + 2 || etag[start] != '"' || etag[len - 1] != '"')
        return false;
    for (size_t i = start + 1; i < len - 1; i++)
        if (etag[i] <= ' ' || etag[i] > '~' || etag[i] == '"')
            return false;
    return true;
}

static bool
take_expiration(const struct tg_json *body, struct tg_relay_answer *answer)
{
    const struct tg_json *member = tg_json_member(body, "expiration");
    struct tg_span text;

    if (member == NULL)
        return true;
    return tg_json_text(member, &text) &&
           tg_time_parse(text, &answer->expires_s) == TG_OK;
}

static bool
take_push(const struct tg_json *body, struct tg_relay_answer *answer)
{
    const struct tg_json *member =
        tg_json_member(body, "isPushNotificationSupported");

    return member == NULL || tg_json_bool(member, &answer->has_push);
}

static bool
read_link(const struct tg_json *body, char answered[AUTHORITY_TEXT_MAX + 1],
          char mailbox[TG_UUID_TEXT_LEN + 1])
{
    struct tg_span text;

    return tg_json_text(tg_json_member(body, "urlLink"), &text) &&
           share_url_parse_link(text, answered, mailbox) == TG_OK;
}

static bool
is_same_relay(const char *relay, const char *answered)
{
    struct authority at;
    char asked[AUTHORITY_TEXT_MAX + 1];

    if (authority_parse(tg_span_text(relay), &at) != TG_OK)
        return false;
    authority_format(&at, asked);
    return strcmp(asked, answered) == 0;
}

/* Elsewhere, and the share would lead the recipient to a relay that nobody has
 * chosen. */
static bool
take_link(const struct tg_json *body, const char *relay,
          struct tg_relay_answer *answer)
{
    char answered[AUTHORITY_TEXT_MAX + 1];

    return read_link(body, answered, answer->mailbox) &&
           is_same_relay(relay, answered);
}

enum tg_err
relay_client_answer_elsewhere(const struct http_response *response,
                              const char *relay, struct tg_buf *out)
{
    struct tg_json *body = NULL;
    char answered[AUTHORITY_TEXT_MAX + 1];
    char mailbox[TG_UUID_TEXT_LEN + 1];
    enum tg_err err = tg_json_parse(tg_span_buf(&response->body), &body);

    if (err == TG_OK && read_link(body, answered, mailbox) &&
        !is_same_relay(relay, answered))
        err = tg_buf_text(out, answered);
    tg_json_free(body);
    return err == TG_E_NOMEM ? err : TG_OK;
}

static enum tg_err
take_payload(const struct tg_json *body, struct tg_relay_answer *answer)
{
    const struct tg_json *payload = tg_json_member(body, "payload");
    struct tg_span type;
    struct tg_span data;
    enum tg_err err;

    if (!tg_json_text(tg_json_member(payload, "type"), &type) ||
        !tg_json_text(tg_json_member(payload, "data"), &data) ||
        type.len == 0 || type.len > PAYLOAD_TYPE_MAX || data.len == 0 ||
        data.len > TG_BASE64_LEN(TG_PAYLOAD_MAX))
        return TG_E_PROTOCOL;
    memcpy(answer->payload_type, type.ptr, type.len);
    answer->payload_type[type.len] = '\0';
    err = tg_base64_decode(data, &answer->payload);
    return err == TG_E_FORMAT ? TG_E_PROTOCOL : err;
}

static enum tg_err
keep_text(struct tg_span text, struct tg_buf *out)
{
    enum tg_err err = tg_buf_append(out, text);

    return err != TG_OK ? err : tg_buf_terminate(out);
}

static enum tg_err
take_display_info(const struct tg_json *body, struct tg_relay_answer *answer)
{
    const struct tg_json *info = tg_json_member(body, "displayInformation");
    struct tg_span title;
    struct tg_span description;
    struct tg_span image_url;
    enum tg_err err;

    if (!tg_json_text(tg_json_member(info, "title"), &title) ||
        !tg_json_text(tg_json_member(info, "description"), &description) ||
        !tg_json_text(tg_json_member(info, "imageURL"), &image_url))
        return TG_E_PROTOCOL;
    if (relay_client_check_text(title, TEXT_TITLE_MAX) != TG_OK ||
        relay_client_check_text(description, TEXT_DESCRIPTION_MAX) != TG_OK ||
        relay_client_check_image_url(image_url) != TG_OK)
        return TG_E_PROTOCOL;
    if ((err = keep_text(title, &answer->title)) != TG_OK)
        return err;
    if ((err = keep_text(description, &answer->description)) != TG_OK)
        return err;
    return keep_text(image_url, &answer->image_url);
}

/* What all three bodies have. */
static enum tg_err
take_common(const struct tg_json *body, struct tg_relay_answer *answer,
            const char **what)
{
    if (tg_json_kind(body) != TG_JSON_OBJECT)
        *what = "the answer is no JSON object";
    else if (!take_expiration(body, answer))
        *what = "expiration is no date";
    else if (!take_push(body, answer))
        *what = "isPushNotificationSupported is no truth value";
    else
        return TG_OK;
    return TG_E_PROTOCOL;
}

static enum tg_err
take_body(enum relay_verb verb, const char *relay, const struct tg_json *body,
          struct tg_relay_answer *answer, const char **what)
{
    enum tg_err err;

    if ((err = take_common(body, answer, what)) != TG_OK)
        return err;
    if (verb == RELAY_CREATE) {
        *what = "urlLink is no mailbox on this relay";
        return take_link(body, relay, answer) ? TG_OK : TG_E_PROTOCOL;
    }
    *what = "no proper ETag";
    if (!is_etag(answer->etag))
        return TG_E_PROTOCOL;
    if (verb == RELAY_UPDATE)
        return TG_OK;
    *what = "payload is missing or malformed";
    if ((err = take_payload(body, answer)) != TG_OK)
        return err;
    *what = "displayInformation is missing or malformed";
    return take_display_info(body, answer);
}

static enum tg_err
read_into(enum relay_verb verb, const char *relay,
          const struct http_response *response,
          struct tg_relay_answer *answer, const char **what)
{
    struct tg_json *body = NULL;
    enum tg_err err;

    answer->repeated = response->status == 201;
    if (verb == RELAY_DELETE || verb == RELAY_RELINQUISH)
        return TG_OK; /* the body is empty, and of no interest if not */
    memcpy(answer->etag, response->etag, sizeof(answer->etag));
    *what = "the answer is not application/json";
    if (!relay_client_answer_is(response, "application/json"))
        return TG_E_PROTOCOL;
    *what = "the answer is not JSON";
    if ((err = tg_json_parse(tg_span_buf(&response->body), &body)) != TG_OK)
        return err == TG_E_NOMEM ? err : TG_E_PROTOCOL;
    err = take_body(verb, relay, body, answer, what);
    tg_json_free(body);
    return err;
}

enum tg_err
relay_client_answer_read(enum relay_verb verb, const char *relay,
                         const struct http_response *response,
                         struct tg_relay_answer **out, const char **what)
{
    struct tg_relay_answer *answer = tg_alloc(sizeof(*answer));
    enum tg_err err;

    if (answer == NULL)
        return TG_E_NOMEM;
    if ((err = read_into(verb, relay, response, answer, what)) != TG_OK) {
        tg_relay_answer_free(answer);
        return err;
    }
    *out = answer;
    return TG_OK;
}

/* The text is the relay's, and is going to a terminal. */
static enum tg_err
append_printable(struct tg_span text, struct tg_buf *out)
{
    enum tg_err err = TG_OK;

    for (size_t i = 0; i < text.len && i < PROBLEM_TEXT_MAX; i++)
        if (text.ptr[i] >= ' ' && text.ptr[i] <= '~' && err == TG_OK)
            err = tg_buf_byte(out, text.ptr[i]);
    return err;
}

/* TG_OK and NULL: it is none. */
static enum tg_err
parse_problem(const struct http_response *response, struct tg_json **out)
{
    enum tg_err err;

    *out = NULL;
    if (!relay_client_answer_is(response, "application/problem+json"))
        return TG_OK;
    err = tg_json_parse(tg_span_buf(&response->body), out);
    return err == TG_E_NOMEM ? err : TG_OK;
}

bool
relay_client_answer_is_problem(const struct http_response *response,
                               const char *type)
{
    struct tg_json *body = NULL;
    struct tg_span text;
    bool is = parse_problem(response, &body) == TG_OK &&
              tg_json_text(tg_json_member(body, "type"), &text) &&
              tg_span_is(text, type);

    tg_json_free(body);
    return is;
}

enum tg_err
relay_client_answer_detail(const struct http_response *response,
                           struct tg_buf *out)
{
    struct tg_json *body = NULL;
    struct tg_span text;
    enum tg_err err = parse_problem(response, &body);

    if (err == TG_OK && tg_json_text(tg_json_member(body, "detail"), &text))
        err = append_printable(text, out);
    tg_json_free(body);
    return err;
}

enum tg_err
relay_client_answer_problem(const struct http_response *response,
                            struct tg_buf *out)
{
    struct tg_json *body = NULL;
    struct tg_span text;
    enum tg_err err;

    if ((err = parse_problem(response, &body)) != TG_OK)
        return err;
    if (tg_json_text(tg_json_member(body, "title"), &text) &&
        (err = tg_buf_text(out, ": ")) == TG_OK)
        err = append_printable(text, out);
    if (err == TG_OK && tg_json_text(tg_json_member(body, "detail"), &text) &&
        (err = tg_buf_text(out, ": ")) == TG_OK)
        err = append_printable(text, out);
    tg_json_free(body);
    return err;
}

void
tg_relay_answer_free(struct tg_relay_answer *answer)
{
    if (answer == NULL)
        return;
    tg_buf_free(&answer->payload);
    tg_buf_free(&answer->title);
    tg_buf_free(&answer->description);
    tg_buf_free(&answer->image_url);
    tg_wipe(answer, sizeof(*answer));
    tg_free(answer);
}

static const char *
text_of(const struct tg_buf *buf)
{
    return buf->len > 0 ? (const char *)buf->ptr : "";
}

bool
tg_relay_answer_repeated(const struct tg_relay_answer *answer)
{
    return answer->repeated;
}

const char *
tg_relay_answer_mailbox(const struct tg_relay_answer *answer)
{
    return answer->mailbox;
}

const char *
tg_relay_answer_etag(const struct tg_relay_answer *answer)
{
    return answer->etag;
}

const char *
tg_relay_answer_payload_type(const struct tg_relay_answer *answer)
{
    return answer->payload_type;
}

struct tg_span
tg_relay_answer_payload(const struct tg_relay_answer *answer)
{
    return tg_span_buf(&answer->payload);
}

const char *
tg_relay_answer_title(const struct tg_relay_answer *answer)
{
    return text_of(&answer->title);
}

const char *
tg_relay_answer_description(const struct tg_relay_answer *answer)
{
    return text_of(&answer->description);
}

const char *
tg_relay_answer_image_url(const struct tg_relay_answer *answer)
{
    return text_of(&answer->image_url);
}

int64_t
tg_relay_answer_expires_s(const struct tg_relay_answer *answer)
{
    return answer->expires_s;
}

bool
tg_relay_answer_has_push(const struct tg_relay_answer *answer)
{
    return answer->has_push;
}
