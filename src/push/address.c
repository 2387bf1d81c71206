/* See address.h. Addresses are compared as 16 bytes, IPv4 in its mapped form.
 * Where an IPv6 address only says which IPv4 address is really meant, that one
 * is judged.
 */
#include "push/address.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <netinet/in.h>

enum { ADDRESS_LEN = 16, IPV4_AT = 12, IPV4_LEN = 4 };

struct range {
    uint8_t prefix[ADDRESS_LEN];
    unsigned bits;
};

#define IPV4(a, b, c, d, bits)                                               \
    {                                                                        \
        {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d}, 96 + (bits)  \
    }

/* The IANA IPv4 Special-Purpose Address Registry (RFC 6890), and multicast;
 * also its rows that are reachable from everywhere: no push service is there.
 */
static const struct range not_public_ipv4[] = {
    IPV4(0, 0, 0, 0, 8),          /* this network, RFC 791 §3.2 */
    IPV4(10, 0, 0, 0, 8),         /* private, RFC 1918 */
    IPV4(100, 64, 0, 0, 10),      /* shared, RFC 6598 */
    IPV4(127, 0, 0, 0, 8),        /* loopback, RFC 1122 §3.2.1.3 */
    IPV4(169, 254, 0, 0, 16),     /* link-local, RFC 3927 */
    IPV4(172, 16, 0, 0, 12),      /* private, RFC 1918 */
    IPV4(192, 0, 0, 0, 24),       /* protocol assignments, RFC 6890 §2.1 */
    IPV4(192, 0, 2, 0, 24),       /* documentation, RFC 5737 */
    IPV4(192, 31, 196, 0, 24),    /* AS112, RFC 7535 */
    IPV4(192, 52, 193, 0, 24),    /* AMT, RFC 7450 */
    IPV4(192, 88, 99, 0, 24),     /* 6to4 relays, RFC 7526 */
    IPV4(192, 168, 0, 0, 16),     /* private, RFC 1918 */
    IPV4(192, 175, 48, 0, 24),    /* AS112, RFC 7534 */
    IPV4(198, 18, 0, 0, 15),      /* benchmarks, RFC 2544 */
    IPV4(198, 51, 100, 0, 24),    /* documentation, RFC 5737 */
    IPV4(203, 0, 113, 0, 24),     /* documentation, RFC 5737 */
    IPV4(224, 0, 0, 0, 4),        /* multicast, RFC 5771 */
    IPV4(240, 0, 0, 0, 4),        /* reserved, broadcast: RFC 1112 §4 */
};

/* What of 2000::/3 is not public: IPv6 has nothing else that is. */
static const struct range not_public_ipv6[] = {
    {{0x20, 0x01}, 23},                   /* protocol assignments, RFC 2928;
                                             Teredo, RFC 4380 */
    {{0x20, 0x01, 0x0d, 0xb8}, 32},       /* documentation, RFC 3849 */
    {{0x26, 0x20, 0x00, 0x4f, 0x80}, 48}, /* AS112, RFC 7534 */
    {{0x3f, 0xff}, 20},                   /* documentation, RFC 9637 */
};

/* RFC 4291 §2.4 and §2.5.5.2, RFC 3056 §2, RFC 6052 §2.1 */
static const struct range unicast = {{0x20}, 3};
static const struct range mapped = IPV4(0, 0, 0, 0, 0);
static const struct range sixtofour = {{0x20, 0x02}, 16};
static const struct range nat64 = {{0x00, 0x64, 0xff, 0x9b}, 96};

static bool
is_in(const uint8_t address[ADDRESS_LEN], const struct range *range)
{
    size_t whole = range->bits / 8;
    unsigned rest = range->bits % 8;
    uint8_t mask = (uint8_t)(0xff00u >> rest);

    if (memcmp(address, range->prefix, whole) != 0)
        return false;
    return rest == 0 ||
           (address[whole] & mask) == (range->prefix[whole] & mask);
}

static bool
is_in_any(const uint8_t address[ADDRESS_LEN], const struct range *ranges,
          size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (is_in(address, &ranges[i]))
            return true;
    return false;
}

static bool
ipv4_is_public(const uint8_t ipv4[IPV4_LEN])
{
    uint8_t address[ADDRESS_LEN];

    memcpy(address, mapped.prefix, IPV4_AT);
    memcpy(address + IPV4_AT, ipv4, IPV4_LEN);
    return !is_in_any(address, not_public_ipv4,
                      sizeof(not_public_ipv4) / sizeof(not_public_ipv4[0]));
}

static bool
ipv6_is_public(const uint8_t address[ADDRESS_LEN])
{
    if (is_in(address, &mapped) || is_in(address, &nat64))
        return ipv4_is_public(address + IPV4_AT);
    if (is_in(address, &sixtofour))
        return ipv4_is_public(address + 2);
    return is_in(address, &unicast) &&
           !is_in_any(address, not_public_ipv6,
                      sizeof(not_public_ipv6) / sizeof(not_public_ipv6[0]));
}

bool
address_is_public(const struct sockaddr *address)
{
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;

    switch (address->sa_family) {
    case AF_INET:
        memcpy(&ipv4, address, sizeof(ipv4));
        return ipv4_is_public((const uint8_t *)&ipv4.sin_addr);
    case AF_INET6:
        memcpy(&ipv6, address, sizeof(ipv6));
        return ipv6_is_public(ipv6.sin6_addr.s6_addr);
    default:
        return false;
    }
}
