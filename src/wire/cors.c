/* See cors.h. The words of the headers are those of Fetch (CORS protocol). */
#include "wire/cors.h"

#include <string.h>

#include "base/ascii.h"
#include "wire/answer.h"

/* All that the calls read (§3, §6); If-… and Prefer are for waiting. */
#define REQUEST_HEADERS                                                      \
    "Content-Type, If-Match, If-None-Match, Mailbox-Device-Attestation, "    \
    "Mailbox-Device-Claim, Mailbox-Request-ID, Prefer"
/* What a wallet needs to see, beyond what every page may. */
#define ANSWER_HEADERS                                                       \
    "ETag, Mailbox-Request-ID, Preference-Applied, Retry-After"
/* Seconds; browsers take no more. Only the preflight is kept so long: without
 * its origin in the configuration, a page reads no answer from then on. */
#define MAX_AGE "7200"

enum {
    HOST_MOST = 253,
    LABEL_MOST = 63,
    PORT_DIGITS_MOST = 5,
    PORT_MOST = 65535,
    PORT_HTTP = 80,
    PORT_HTTPS = 443,
    IPV4_PARTS = 4,
    IPV4_PART_MOST = 255
};

/* ---- what may be configured -------------------------------------------- */

/* Take `start` away from the beginning; false when it is not there. */
static bool
take(struct tg_span *text, const char *start)
{
    size_t len = strlen(start);

    if (text->len < len || !tg_span_is((struct tg_span){text->ptr, len}, start))
        return false;
    text->ptr += len;
    text->len -= len;
    return true;
}

static size_t
find(struct tg_span text, char c)
{
    size_t i = 0;

    while (i < text.len && text.ptr[i] != (uint8_t)c)
        i++;
    return i;
}

/* A number without leading zeros, of at most `most`. */
static bool
read_number(struct tg_span text, unsigned most, unsigned *out)
{
    unsigned value = 0;

    if (text.len == 0 || text.len > PORT_DIGITS_MOST ||
        (text.len > 1 && text.ptr[0] == '0'))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (!ascii_is_digit(text.ptr[i]))
            return false;
        value = value * 10 + (unsigned)(text.ptr[i] - '0');
    }
    *out = value;
    return value <= most;
}

/* Cut off what stands before the first dot, and the dot. */
static struct tg_span
next_label(struct tg_span *rest)
{
    size_t len = find(*rest, '.');
    struct tg_span label = {rest->ptr, len};
    size_t skip = len < rest->len ? len + 1 : len;

    rest->ptr += skip;
    rest->len -= skip;
    return label;
}

static bool
is_label(struct tg_span label)
{
    for (size_t i = 0; i < label.len; i++) {
        uint8_t c = label.ptr[i];

        if (!ascii_is_digit(c) && !(c >= 'a' && c <= 'z') && c != '-' &&
            c != '_')
            return false;
    }
    return label.len > 0 && label.len <= LABEL_MOST;
}

static bool
is_name(struct tg_span host)
{
    struct tg_span rest = host;

    if (host.len == 0 || host.len > HOST_MOST ||
        host.ptr[host.len - 1] == '.')
        return false;
    while (rest.len > 0)
        if (!is_label(next_label(&rest)))
            return false;
    return true;
}

/* Browsers take a name whose last label is a number, 0x7f is one, too, for an
 * address, and write it as four decimal ones. */
static bool
is_address_or_no_number(struct tg_span host)
{
    struct tg_span rest = host;
    struct tg_span label = TG_SPAN_EMPTY;
    unsigned parts = 0;
    unsigned good = 0;
    unsigned value;

    while (rest.len > 0) {
        label = next_label(&rest);
        parts++;
        if (read_number(label, IPV4_PART_MOST, &value))
            good++;
    }
    return !ascii_is_digit(label.ptr[0]) ||
           (parts == IPV4_PARTS && good == IPV4_PARTS);
}

static bool
is_own_machine(struct tg_span host)
{
    return tg_span_is(host, "localhost") || tg_span_is(host, "127.0.0.1") ||
           tg_span_is(host, "[::1]");
}

static const char *
fault_of_port(struct tg_span text, bool is_secure)
{
    unsigned port;

    if (!take(&text, ":") || !read_number(text, PORT_MOST, &port) || port == 0)
        return "after the host there may be a port of 1 to 65535, and nothing "
               "else: no path, not even a slash";
    if (port == (is_secure ? PORT_HTTPS : PORT_HTTP))
        return "browsers leave out the port that goes without saying, :443 "
               "for https and :80 for http: leave it out, too";
    return NULL;
}

/* Where the host ends, whatever stands there. */
static size_t
host_length(struct tg_span text)
{
    size_t len = 0;

    if (text.len > 0 && text.ptr[0] == '[') {
        len = find(text, ']');
        return len < text.len ? len + 1 : len;
    }
    while (len < text.len && text.ptr[len] != ':' && text.ptr[len] != '/')
        len++;
    return len;
}

/* What follows the scheme. */
static const char *
fault_of_authority(struct tg_span text, bool is_secure)
{
    size_t len = host_length(text);
    struct tg_span host = {text.ptr, len};
    struct tg_span rest = {text.ptr + len, text.len - len};

    if (!is_own_machine(host)) {
        if (!is_name(host))
            return "its host has to be a name as browsers write it, in small "
                   "letters (and xn--… for others than a to z), or an IPv4 "
                   "address; the one IPv6 address is [::1]";
        if (!is_address_or_no_number(host))
            return "its host is no name, and no IPv4 address of four numbers";
        if (!is_secure)
            return "it has to begin with https://; http:// is for "
                   "development, with localhost, 127.0.0.1 or [::1] as host";
    }
    return rest.len > 0 ? fault_of_port(rest, is_secure) : NULL;
}

const char *
cors_fault(struct tg_span text)
{
    if (find(text, '*') < text.len)
        return "a star would allow pages of strangers; write each origin, as "
               "in https://wallet.example";
    if (tg_span_is(text, "null"))
        return "browsers say null for many pages that have no origin; write "
               "one, as in https://wallet.example";
    if (take(&text, "https://"))
        return fault_of_authority(text, true);
    if (take(&text, "http://"))
        return fault_of_authority(text, false);
    return "it has to begin with https://, as in https://wallet.example";
}

/* ---- answers ----------------------------------------------------------- */

bool
cors_is_preflight(const struct wire_site *site, const struct wire_route *route)
{
    return site->cors_origin_count > 0 && route->is_options &&
           route->cross_origin != NULL;
}

/* An empty answer of 204 has no Content-Length (RFC 9110 §8.6). */
enum tg_err
cors_preflight(const struct wire_route *route, const struct wire_ids *ids,
               struct wire_answer *out)
{
    static const struct tg_span more = TG_SPAN_LITERAL(", OPTIONS");
    struct tg_span allow = tg_span_text(route->allow);
    struct wire_answer answer;
    enum tg_err err = answer_begin(204, ids, allow.len + more.len, &answer);
    size_t start;

    if (err != TG_OK)
        return err;
    start = answer.text.len;
    answer_text(&answer, allow);
    answer_text(&answer, more);
    answer_header_text(&answer, "Allow", start);
    *out = answer;
    return TG_OK;
}

/* The configured origin that the header names; NULL: none. A request has one
 * such header, or something is wrong with it. */
static const struct tg_span *
find_origin(const struct wire_site *site, const struct wire_header *header)
{
    if (header->count != 1)
        return NULL;
    for (size_t i = 0; i < site->cors_origin_count; i++)
        if (tg_span_equal(site->cors_origins[i], header->value))
            return &site->cors_origins[i];
    return NULL;
}

void
cors_share(const struct wire_site *site, const struct wire_route *route,
           const struct wire_header *origin, struct wire_answer *answer)
{
    const struct tg_span *found;

    if (site->cors_origin_count == 0 || route->cross_origin == NULL)
        return;
    /* For everybody, so that a cache mixes up no two askers. */
    answer_header_span(answer, "Vary", TG_SPAN_LITERAL("Origin"));
    if ((found = find_origin(site, origin)) == NULL)
        return;
    answer_header_span(answer, "Access-Control-Allow-Origin", *found);
    if (!cors_is_preflight(site, route)) {
        answer_header(answer, "Access-Control-Expose-Headers",
                      ANSWER_HEADERS);
        return;
    }
    answer_header(answer, "Access-Control-Allow-Methods",
                  route->cross_origin);
    answer_header(answer, "Access-Control-Allow-Headers", REQUEST_HEADERS);
    answer_header(answer, "Access-Control-Max-Age", MAX_AGE);
}
