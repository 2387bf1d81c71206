/* See share_url.h and <tigress/share_url.h>. */
#include "client/share_url.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/bytes.h"
#include "base/uuid.h"
#include "client/authority.h"

#include <tigress/payload.h>

#define SCHEME "https://"
#define MAILBOX_PATH "/v1/m/"

struct tg_share_url {
    struct authority at;
    char relay[AUTHORITY_TEXT_MAX + 1];
    char mailbox[TG_UUID_TEXT_LEN + 1];
    char vertical[SHARE_URL_VERTICAL_MAX + 1];
    uint8_t secret[TG_SECRET_LEN_256];
    size_t secret_len;
};

/* Take `len` bytes off the front. */
static struct tg_span
take(struct tg_span *rest, size_t len)
{
    struct tg_span front = {rest->ptr, len};

    assert(len <= rest->len);
    rest->ptr += len;
    rest->len -= len;
    return front;
}

static bool
take_literal(struct tg_span *rest, const char *literal)
{
    struct tg_span front = {rest->ptr, strlen(literal)};

    if (rest->len < front.len || !tg_span_is(front, literal))
        return false;
    take(rest, front.len);
    return true;
}

/* What stands before the first of `stops`, or everything. */
static struct tg_span
take_until(struct tg_span *rest, const char *stops)
{
    size_t len = 0;

    while (len < rest->len && (rest->ptr[len] == '\0' ||
                               strchr(stops, rest->ptr[len]) == NULL))
        len++;
    return take(rest, len);
}

/* What `https://host/v1/m/id` says; *rest is what follows. */
static enum tg_err
parse_place(struct tg_span *rest, struct authority *at, struct tg_uuid *id)
{
    enum tg_err err;

    if (!take_literal(rest, SCHEME))
        return TG_E_FORMAT;
    if ((err = authority_parse(take_until(rest, "/?#"), at)) != TG_OK)
        return err;
    if (!take_literal(rest, MAILBOX_PATH))
        return TG_E_FORMAT;
    return tg_uuid_parse(take_until(rest, "?#"), id);
}

static bool
is_unreserved(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
           c == '~';
}

static enum tg_err
set_vertical(struct tg_share_url *url, struct tg_span value)
{
    if (value.len > SHARE_URL_VERTICAL_MAX)
        return TG_E_FORMAT;
    for (size_t i = 0; i < value.len; i++) {
        if (!is_unreserved(value.ptr[i]))
            return TG_E_FORMAT;
        url->vertical[i] = (char)value.ptr[i];
    }
    return TG_OK;
}

static enum tg_err
set_secret(struct tg_share_url *url, struct tg_span secret)
{
    if (secret.len != TG_SECRET_LEN_128 && secret.len != TG_SECRET_LEN_256)
        return TG_E_FORMAT;
    memcpy(url->secret, secret.ptr, secret.len);
    url->secret_len = secret.len;
    return TG_OK;
}

static void
set_place(struct tg_share_url *url, const struct authority *at,
          const struct tg_uuid *id)
{
    url->at = *at;
    authority_format(at, url->relay);
    tg_uuid_format(id, url->mailbox);
}

static enum tg_err
parse_fragment(struct tg_share_url *url, struct tg_span fragment)
{
    struct tg_buf secret = TG_BUF_EMPTY;
    enum tg_err err;

    if ((err = tg_base64_decode_any(fragment, &secret)) == TG_OK)
        err = set_secret(url, tg_span_buf(&secret));
    tg_buf_free(&secret);
    return err;
}

/* Whether the whole URL keeps to the limit when it is written, which may be
 * longer than what was read: with padding. */
static bool
fits(const struct tg_share_url *url)
{
    size_t vertical = strlen(url->vertical);

    return strlen(SCHEME) + strlen(url->relay) + strlen(MAILBOX_PATH) +
               TG_UUID_TEXT_LEN + (vertical > 0 ? vertical + 3 : 0) + 1 +
               TG_BASE64_LEN(url->secret_len) <=
           TG_SHARE_URL_MAX;
}

static enum tg_err
parse_into(struct tg_share_url *url, struct tg_span rest)
{
    struct authority at;
    struct tg_uuid id;
    enum tg_err err;

    if ((err = parse_place(&rest, &at, &id)) != TG_OK)
        return err;
    set_place(url, &at, &id);
    if (take_literal(&rest, "?")) {
        struct tg_span value;

        if (!take_literal(&rest, "v="))
            return TG_E_FORMAT;
        value = take_until(&rest, "#");
        if (value.len == 0)
            return TG_E_FORMAT;
        if ((err = set_vertical(url, value)) != TG_OK)
            return err;
    }
    if (!take_literal(&rest, "#"))
        return TG_E_FORMAT;
    if ((err = parse_fragment(url, rest)) != TG_OK)
        return err;
    return fits(url) ? TG_OK : TG_E_LIMIT;
}

enum tg_err
tg_share_url_parse(struct tg_span text, struct tg_share_url **out)
{
    struct tg_share_url *url;
    enum tg_err err;

    if (text.len > TG_SHARE_URL_MAX)
        return TG_E_LIMIT;
    if ((url = tg_alloc(sizeof(*url))) == NULL)
        return TG_E_NOMEM;
    if ((err = parse_into(url, text)) != TG_OK) {
        tg_share_url_free(url);
        return err;
    }
    *out = url;
    return TG_OK;
}

static enum tg_err
make_into(struct tg_share_url *url, const char *relay, const char *mailbox,
          const char *vertical, struct tg_span secret)
{
    struct authority at;
    struct tg_uuid id;
    enum tg_err err;

    if ((err = authority_parse(tg_span_text(relay), &at)) != TG_OK)
        return err;
    if ((err = tg_uuid_parse(tg_span_text(mailbox), &id)) != TG_OK)
        return err;
    set_place(url, &at, &id);
    if ((err = set_vertical(url, tg_span_text(vertical))) != TG_OK)
        return err;
    if ((err = set_secret(url, secret)) != TG_OK)
        return err;
    return fits(url) ? TG_OK : TG_E_LIMIT;
}

enum tg_err
share_url_make(const char *relay, const char *mailbox, const char *vertical,
               struct tg_span secret, struct tg_share_url **out)
{
    struct tg_share_url *url;
    enum tg_err err;

    if ((url = tg_alloc(sizeof(*url))) == NULL)
        return TG_E_NOMEM;
    if ((err = make_into(url, relay, mailbox, vertical, secret)) != TG_OK) {
        tg_share_url_free(url);
        return err;
    }
    *out = url;
    return TG_OK;
}

enum tg_err
tg_share_url_make(const char *relay, const char *mailbox,
                  enum tg_vertical vertical, struct tg_span secret,
                  struct tg_share_url **out)
{
    return share_url_make(relay, mailbox, share_url_vertical_value(vertical),
                          secret, out);
}

enum tg_err
share_url_parse_link(struct tg_span text, char *relay, char *mailbox)
{
    struct authority at;
    struct tg_uuid id;
    enum tg_err err;

    if ((err = parse_place(&text, &at, &id)) != TG_OK)
        return err;
    if (text.len > 0)
        return TG_E_FORMAT;
    authority_format(&at, relay);
    tg_uuid_format(&id, mailbox);
    return TG_OK;
}

void
tg_share_url_free(struct tg_share_url *url)
{
    if (url == NULL)
        return;
    tg_wipe(url, sizeof(*url));
    tg_free(url);
}

const char *
tg_share_url_relay(const struct tg_share_url *url)
{
    return url->relay;
}

const char *
tg_share_url_host(const struct tg_share_url *url)
{
    return url->at.host;
}

uint16_t
tg_share_url_port(const struct tg_share_url *url)
{
    return url->at.port;
}

const char *
tg_share_url_mailbox(const struct tg_share_url *url)
{
    return url->mailbox;
}

enum tg_vertical
tg_share_url_vertical(const struct tg_share_url *url)
{
    return share_url_vertical_of(url->vertical);
}

struct tg_span
tg_share_url_secret(const struct tg_share_url *url)
{
    return (struct tg_span){url->secret, url->secret_len};
}

const char *
share_url_vertical_text(const struct tg_share_url *url)
{
    return url->vertical;
}

const char *
share_url_vertical_value(enum tg_vertical vertical)
{
    switch (vertical) {
    case TG_VERTICAL_GENERAL: break;
    case TG_VERTICAL_HOME: return "h";
    case TG_VERTICAL_CAR: return "c";
    }
    return "";
}

enum tg_vertical
share_url_vertical_of(const char *value)
{
    if (strcmp(value, "h") == 0)
        return TG_VERTICAL_HOME;
    if (strcmp(value, "c") == 0)
        return TG_VERTICAL_CAR;
    return TG_VERTICAL_GENERAL;
}

/* Room for the longest URL is reserved first, so that nothing is left behind
 * half written. */
enum tg_err
tg_share_url_format(const struct tg_share_url *url,
                    enum tg_share_url_form form, struct tg_buf *out)
{
    enum tg_err err;
    size_t before = out->len;

    if ((err = tg_buf_reserve(out, TG_SHARE_URL_MAX + 1)) != TG_OK)
        return err;
    err = tg_buf_printf(out, SCHEME "%s" MAILBOX_PATH "%s", url->relay,
                        url->mailbox);
    if (err == TG_OK && url->vertical[0] != '\0')
        err = tg_buf_printf(out, "?v=%s", url->vertical);
    if (err == TG_OK && form == TG_WITH_SECRET) {
        err = tg_buf_byte(out, '#');
        if (err == TG_OK)
            err = tg_base64_encode(tg_share_url_secret(url), out);
    }
    if (err == TG_OK)
        err = tg_buf_terminate(out);
    if (err != TG_OK)
        out->len = before;
    return err;
}
