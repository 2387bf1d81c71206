/* See subscription.h. What is read is written anew: what was checked is what
 * is connected to, however another program would read the client's text. */
#include "push/subscription.h"

#include <string.h>

#include "base/ascii.h"
#include "base/base64.h"
#include "base/json.h"

enum { LABEL_MOST = 63, URL_MOST = 2048, PORT_DIGITS_MOST = 5 };

static const char scheme[] = "https://";

static uint8_t
lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

static bool
is_label(struct tg_span label)
{
    if (label.len == 0 || label.len > LABEL_MOST || label.ptr[0] == '-' ||
        label.ptr[label.len - 1] == '-')
        return false;
    for (size_t i = 0; i < label.len; i++) {
        uint8_t c = lower(label.ptr[i]);

        if (!(c >= 'a' && c <= 'z') && !ascii_is_digit(c) && c != '-')
            return false;
    }
    return true;
}

/* Take the text before the first `c`, or all of it. */
static struct tg_span
take_until(struct tg_span *rest, uint8_t c)
{
    const uint8_t *end =
        rest->len > 0 ? memchr(rest->ptr, c, rest->len) : NULL;
    size_t len = end != NULL ? (size_t)(end - rest->ptr) : rest->len;
    struct tg_span taken = {rest->ptr, len};

    if (len > 0)
        rest->ptr += len;
    rest->len -= len;
    return taken;
}

/* Names of LDH labels, A-labels among them. Never an address: the last label
 * of a name does not begin with a digit, as those of 127.0.0.1, 127.1 and
 * 0x7f000001 do (RFC 3696 §2; the URL standard's "ends in a number"). */
static bool
is_host(struct tg_span host)
{
    struct tg_span label;

    if (host.len == 0 || host.len > SUBSCRIPTION_HOST_MOST)
        return false;
    for (;;) {
        label = take_until(&host, '.');
        if (!is_label(label))
            return false;
        if (host.len == 0)
            return !ascii_is_digit(label.ptr[0]);
        host.ptr++;
        host.len--;
    }
}

/* 1 to 65535, without a zero in front. */
static bool
read_port(struct tg_span text, uint16_t *out)
{
    uint32_t port = 0;

    if (text.len == 0 || text.len > PORT_DIGITS_MOST || text.ptr[0] == '0')
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (!ascii_is_digit(text.ptr[i]))
            return false;
        port = port * 10 + (uint32_t)(text.ptr[i] - '0');
    }
    if (port > UINT16_MAX)
        return false;
    *out = (uint16_t)port;
    return true;
}

/* HOST[:PORT] in its parts. */
static bool
split_authority(struct tg_span text, struct tg_span *host, uint16_t *port)
{
    *port = SUBSCRIPTION_PORT_HTTPS;
    *host = take_until(&text, ':');
    if (!is_host(*host))
        return false;
    if (text.len == 0)
        return true;
    return read_port((struct tg_span){text.ptr + 1, text.len - 1}, port);
}

/* A path and a query of RFC 3986's characters, no fragment. A backslash, which
 * browsers read as a slash, is none of them. */
static bool
is_path(struct tg_span path)
{
    static const char marks[] = "-._~!$&'()*+,;=:@/?%";

    if (path.len > 0 && path.ptr[0] != '/')
        return false;
    for (size_t i = 0; i < path.len; i++) {
        uint8_t c = lower(path.ptr[i]);

        if (!(c >= 'a' && c <= 'z') && !ascii_is_digit(c) &&
            memchr(marks, c, sizeof(marks) - 1) == NULL)
            return false;
    }
    return true;
}

static struct tg_span
take_authority(struct tg_span *rest)
{
    size_t len = 0;

    while (len < rest->len && rest->ptr[len] != '/' && rest->ptr[len] != '?')
        len++;
    rest->ptr += len;
    rest->len -= len;
    return (struct tg_span){rest->ptr - len, len};
}

static bool
take_scheme(struct tg_span *rest)
{
    size_t len = sizeof(scheme) - 1;

    if (rest->len < len ||
        !tg_span_is_nocase((struct tg_span){rest->ptr, len}, scheme))
        return false;
    rest->ptr += len;
    rest->len -= len;
    return true;
}

static enum tg_err
write_anew(struct subscription *out, struct tg_span path)
{
    enum tg_err err;

    if ((err = tg_buf_printf(&out->origin, "%s%s", scheme, out->host)) !=
        TG_OK)
        return err;
    if (out->port != SUBSCRIPTION_PORT_HTTPS &&
        (err = tg_buf_printf(&out->origin, ":%u", (unsigned)out->port)) !=
            TG_OK)
        return err;
    if ((err = tg_buf_append(&out->url, tg_span_buf(&out->origin))) != TG_OK ||
        (path.len == 0 && (err = tg_buf_byte(&out->url, '/')) != TG_OK) ||
        (err = tg_buf_append(&out->url, path)) != TG_OK ||
        (err = tg_buf_terminate(&out->url)) != TG_OK)
        return err;
    return tg_buf_terminate(&out->origin);
}

static enum tg_err
parse_endpoint(struct tg_span url, struct subscription *out)
{
    struct subscription made = {0};
    struct tg_span host;
    enum tg_err err;

    if (url.len > URL_MOST || !take_scheme(&url) ||
        !split_authority(take_authority(&url), &host, &made.port) ||
        !is_path(url))
        return TG_E_FORMAT;
    for (size_t i = 0; i < host.len; i++)
        made.host[i] = (char)lower(host.ptr[i]);
    if ((err = write_anew(&made, url)) != TG_OK) {
        subscription_free(&made);
        return err;
    }
    *out = made;
    return TG_OK;
}

enum tg_err
subscription_parse(struct tg_span token_data, struct subscription *out)
{
    struct tg_buf text = TG_BUF_EMPTY;
    struct tg_json *json = NULL;
    struct tg_span endpoint;
    enum tg_err err;

    if ((err = tg_base64_decode(token_data, &text)) != TG_OK ||
        (err = tg_json_parse(tg_span_buf(&text), &json)) != TG_OK)
        goto out;
    err = TG_E_FORMAT;
    if (tg_json_kind(json) == TG_JSON_OBJECT &&
        tg_json_text(tg_json_member(json, "endpoint"), &endpoint))
        err = parse_endpoint(endpoint, out);
out:
    tg_json_free(json);
    tg_buf_free(&text);
    return err == TG_E_LIMIT ? TG_E_FORMAT : err;
}

void
subscription_free(struct subscription *subscription)
{
    tg_buf_free(&subscription->url);
    tg_buf_free(&subscription->origin);
}

/* An entry without its "*." */
static bool
split_entry(const char *entry, bool *is_suffix, struct tg_span *host,
            uint16_t *port)
{
    *is_suffix = entry[0] == '*' && entry[1] == '.';
    return split_authority(tg_span_text(*is_suffix ? entry + 2 : entry), host,
                           port);
}

bool
subscription_is_entry(const char *entry)
{
    struct tg_span host;
    bool is_suffix;
    uint16_t port;

    return split_entry(entry, &is_suffix, &host, &port);
}

bool
subscription_is_allowed(const struct subscription *subscription,
                        const char *entry)
{
    size_t len = strlen(subscription->host);
    const char *tail = subscription->host;
    struct tg_span host;
    bool is_suffix;
    uint16_t port;

    if (!split_entry(entry, &is_suffix, &host, &port) ||
        port != subscription->port)
        return false;
    if (is_suffix) {
        /* At least one character of a label, and its dot. */
        if (len < host.len + 2 || tail[len - host.len - 1] != '.')
            return false;
        tail += len - host.len;
    }
    return tg_span_is_nocase(host, tail);
}
