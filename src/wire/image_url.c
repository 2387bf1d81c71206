/* See image_url.h. */
#include "wire/image_url.h"

#include <stdint.h>
#include <string.h>

#include "base/ascii.h"
#include "relay/limits.h"

enum { HOST_MOST = 253, LABEL_MOST = 63, PORT_MOST = 65535 };

/* Unreserved, reserved or the percent sign (RFC 3986 §2). */
static bool
is_url_character(uint8_t c)
{
    return ascii_is_letter(c) || ascii_is_digit(c) ||
           (c != 0 && strchr("-._~:/?#[]@!$&'()*+,;=%", c) != NULL);
}

static bool
has_only_url_characters(struct tg_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!is_url_character(text.ptr[i]))
            return false;
        if (text.ptr[i] == '%' &&
            (text.len - i < 3 || !ascii_is_hex(text.ptr[i + 1]) ||
             !ascii_is_hex(text.ptr[i + 2])))
            return false;
    }
    return true;
}

/* The first of `stops` in text, or its end. */
static size_t
find_any(struct tg_span text, const char *stops)
{
    size_t i = 0;

    while (i < text.len && strchr(stops, text.ptr[i]) == NULL)
        i++;
    return i;
}

/* Cut text in two at `at`. */
static struct tg_span
cut(struct tg_span *text, size_t at)
{
    struct tg_span head = {text->ptr, at};

    text->ptr += at;
    text->len -= at;
    return head;
}

/* A name or dotted IPv4 address. One trailing dot is a root label. */
static bool
is_name(struct tg_span host)
{
    size_t label = 0;

    for (size_t i = 0; i < host.len; i++) {
        uint8_t c = host.ptr[i];

        if (c == '.') {
            if (label == 0)
                return false;
            label = 0;
            continue;
        }
        if (!ascii_is_letter(c) && !ascii_is_digit(c) && c != '-' && c != '_')
            return false;
        if (++label > LABEL_MOST)
            return false;
    }
    return host.len > 0 && host.len <= HOST_MOST;
}

/* `[…]` of hexadecimal groups; whether they make an address is not asked:
 * a wrong one names no host at all. */
static bool
is_ip_literal(struct tg_span host)
{
    size_t colons = 0;

    if (host.len < 4 || host.ptr[0] != '[' || host.ptr[host.len - 1] != ']')
        return false;
    for (size_t i = 1; i + 1 < host.len; i++) {
        if (host.ptr[i] == ':')
            colons++;
        else if (!ascii_is_hex(host.ptr[i]) && host.ptr[i] != '.')
            return false;
    }
    return colons >= 2;
}

static bool
is_port(struct tg_span port)
{
    unsigned value = 0;

    for (size_t i = 0; i < port.len; i++) {
        if (!ascii_is_digit(port.ptr[i]))
            return false;
        value = value * 10 + (unsigned)(port.ptr[i] - '0');
        if (value > PORT_MOST)
            return false;
    }
    return value > 0;
}

/* User information needs no look of its own: neither a host nor a port has
 * the @ that ends it. */
static bool
split_authority(struct tg_span authority, struct image_url *out)
{
    size_t host_len;

    if (authority.len > 0 && authority.ptr[0] == '[')
        host_len = find_any(authority, "]") + 1;
    else
        host_len = find_any(authority, ":");
    if (host_len > authority.len)
        return false;
    out->host = cut(&authority, host_len);
    out->port = TG_SPAN_EMPTY;
    if (!is_name(out->host) && !is_ip_literal(out->host))
        return false;
    if (authority.len == 0)
        return true;
    if (authority.ptr[0] != ':')
        return false;
    cut(&authority, 1);
    out->port = authority;
    return is_port(out->port);
}

enum tg_err
image_url_parse(struct tg_span text, struct image_url *out)
{
    static const char scheme[] = "https://";
    struct image_url url;
    struct tg_span rest = text;

    if (text.len > LIMIT_IMAGE_URL)
        return TG_E_LIMIT;
    if (!has_only_url_characters(text) || text.len < sizeof(scheme) - 1)
        return TG_E_FORMAT;
    if (!tg_span_is_nocase(cut(&rest, sizeof(scheme) - 1), scheme))
        return TG_E_FORMAT;
    if (!split_authority(cut(&rest, find_any(rest, "/?#")), &url))
        return TG_E_FORMAT;
    url.path = cut(&rest, find_any(rest, "?#"));
    *out = url;
    return TG_OK;
}

/* The label behind the last dot, but for the one dot that may end a name. */
static struct tg_span
last_label(struct tg_span host)
{
    size_t start;

    if (host.ptr[host.len - 1] == '.')
        host.len--;
    start = host.len;
    while (start > 0 && host.ptr[start - 1] != '.')
        start--;
    return (struct tg_span){host.ptr + start, host.len - start};
}

static bool
is_address(struct tg_span host)
{
    struct tg_span label = last_label(host);
    bool is_hex = label.len >= 2 && label.ptr[0] == '0' &&
                  (label.ptr[1] == 'x' || label.ptr[1] == 'X');

    if (host.ptr[0] == '[')
        return true;
    for (size_t i = is_hex ? 2 : 0; i < label.len; i++)
        if (!ascii_is_digit(label.ptr[i]) &&
            !(is_hex && ascii_is_hex(label.ptr[i])))
            return false;
    return true;
}

static bool
is_dots(struct tg_span segment)
{
    size_t dots = 0;

    while (segment.len > 0) {
        if (segment.ptr[0] == '.')
            cut(&segment, 1);
        else if (segment.len >= 3 && segment.ptr[0] == '%' &&
                 segment.ptr[1] == '2' && (segment.ptr[2] | 0x20) == 'e')
            cut(&segment, 3);
        else
            return false;
        dots++;
    }
    return dots == 1 || dots == 2;
}

static bool
has_dots(struct tg_span path)
{
    while (path.len > 0) {
        cut(&path, 1); /* the slash */
        if (is_dots(cut(&path, find_any(path, "/"))))
            return true;
    }
    return false;
}

bool
image_url_is_rewritten(const struct image_url *url)
{
    return is_address(url->host) || has_dots(url->path);
}

const char *
image_url_host_fault(struct tg_span host)
{
    if (host.len > 0 && host.ptr[0] == '.')
        return "each host is named in full, as in images.example, and none "
               "stands for those below it";
    if (host.len > 0 && host.ptr[0] == '[')
        return "it is an address, which a browser's policy cannot name; "
               "write the host's name";
    if (!is_name(host))
        return "write its name alone, as in images.example, without scheme, "
               "port, path or star";
    if (is_address(host))
        return "it is an address, which a browser's policy cannot name; "
               "write the host's name";
    return NULL;
}
