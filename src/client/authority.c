/* See authority.h. */
#include "client/authority.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/ascii.h"

/* The characters of an IPv6 address; what they mean is left to the system,
 * which refuses nonsense before it connects. */
static bool
is_ipv6(struct tg_span host)
{
    size_t colons = 0;

    if (host.len < 4 || host.ptr[0] != '[' || host.ptr[host.len - 1] != ']')
        return false;
    for (size_t i = 1; i < host.len - 1; i++) {
        if (host.ptr[i] == ':')
            colons++;
        else if (!ascii_is_hex(host.ptr[i]) && host.ptr[i] != '.')
            return false;
    }
    return colons >= 2;
}

/* Labels of letters, digits and inner hyphens, none empty. */
static bool
is_name(struct tg_span host)
{
    uint8_t before = '.';

    if (host.len == 0)
        return false;
    for (size_t i = 0; i < host.len; i++) {
        uint8_t c = host.ptr[i];

        if (c == '.' || c == '-') {
            if (before == '.' || (c == '.' && before == '-'))
                return false;
        } else if (!ascii_is_digit(c) && !ascii_is_letter(c)) {
            return false;
        }
        before = c;
    }
    return before != '.' && before != '-';
}

/* Where the host ends: at the colon in front of a port, or at the end. */
static size_t
host_length(struct tg_span text)
{
    const uint8_t *end;

    if (text.len > 0 && text.ptr[0] == '[') {
        end = memchr(text.ptr, ']', text.len);
        return end != NULL ? (size_t)(end - text.ptr) + 1 : text.len;
    }
    end = text.len > 0 ? memchr(text.ptr, ':', text.len) : NULL;
    return end != NULL ? (size_t)(end - text.ptr) : text.len;
}

/* `text` is ":port", or empty. */
static enum tg_err
parse_port(struct tg_span text, uint16_t *out)
{
    unsigned value = 0;

    if (text.len == 0) {
        *out = AUTHORITY_HTTPS_PORT;
        return TG_OK;
    }
    if (text.len < 2 || text.len > 6 || text.ptr[0] != ':' ||
        text.ptr[1] == '0')
        return TG_E_FORMAT;
    for (size_t i = 1; i < text.len; i++) {
        if (!ascii_is_digit(text.ptr[i]))
            return TG_E_FORMAT;
        value = value * 10 + (unsigned)(text.ptr[i] - '0');
    }
    if (value > UINT16_MAX)
        return TG_E_FORMAT;
    *out = (uint16_t)value;
    return TG_OK;
}

enum tg_err
authority_parse(struct tg_span text, struct authority *out)
{
    struct authority at = {0};
    struct tg_span host = {text.ptr, host_length(text)};
    enum tg_err err;

    if (host.len > AUTHORITY_HOST_MAX || (!is_name(host) && !is_ipv6(host)))
        return TG_E_FORMAT;
    if ((err = parse_port((struct tg_span){text.ptr + host.len,
                                           text.len - host.len},
                          &at.port)) != TG_OK)
        return err;
    for (size_t i = 0; i < host.len; i++)
        at.host[i] = (char)(host.ptr[i] >= 'A' && host.ptr[i] <= 'Z'
                                ? host.ptr[i] + ('a' - 'A')
                                : host.ptr[i]);
    *out = at;
    return TG_OK;
}

void
authority_format(const struct authority *at, char out[AUTHORITY_TEXT_MAX + 1])
{
    if (at->port == AUTHORITY_HTTPS_PORT)
        snprintf(out, AUTHORITY_TEXT_MAX + 1, "%s", at->host);
    else
        snprintf(out, AUTHORITY_TEXT_MAX + 1, "%s:%u", at->host,
                 (unsigned)at->port);
}
