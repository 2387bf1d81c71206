/* "host" or "host:port": how a relay is named in share URLs, allow-lists and
 * configuration. */
#ifndef CLIENT_AUTHORITY_H
#define CLIENT_AUTHORITY_H

#include <stdint.h>

#include "base/bytes.h"

enum {
    AUTHORITY_HOST_MAX = 253, /* a DNS name as text, RFC 1035 §2.3.4 */
    AUTHORITY_TEXT_MAX = AUTHORITY_HOST_MAX + 6,
    AUTHORITY_HTTPS_PORT = 443
};

struct authority {
    char host[AUTHORITY_HOST_MAX + 1]; /* lower case; IPv6 in brackets */
    uint16_t port;
};

/* Parse a name of letters, digits, hyphens and dots, an IPv4 address, or an
 * IPv6 address in brackets, then perhaps a port from 1 to 65535. No user
 * information, no percent-encoding. TG_E_FORMAT leaves *out untouched. */
TG_MUST_USE enum tg_err authority_parse(struct tg_span text,
                                        struct authority *out);

/* Write "host", or "host:port" for another port than 443, and a NUL. */
void authority_format(const struct authority *at,
                      char out[AUTHORITY_TEXT_MAX + 1]);

#endif
