/* Which addresses are public: row by row of the registries, at both ends of
 * each range and just beside it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include "push/address.h"

static bool
is_public(const char *text)
{
    struct sockaddr_storage storage = {0};
    struct sockaddr_in ipv4 = {.sin_family = AF_INET};
    struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6};

    if (strchr(text, ':') != NULL) {
        assert_int_equal(inet_pton(AF_INET6, text, &ipv6.sin6_addr), 1);
        memcpy(&storage, &ipv6, sizeof(ipv6));
    } else {
        assert_int_equal(inet_pton(AF_INET, text, &ipv4.sin_addr), 1);
        memcpy(&storage, &ipv4, sizeof(ipv4));
    }
    return address_is_public((const struct sockaddr *)&storage);
}

static void
check(const char *const *texts, bool expected)
{
    for (; *texts != NULL; texts++)
        if (is_public(*texts) != expected)
            fail_msg("%s should be %s", *texts,
                     expected ? "public" : "refused");
}

/* R-PUSH-2 */
static void
special_ipv4_addresses_are_not_public(void **state)
{
    static const char *const texts[] = {
        "0.0.0.0",         "0.255.255.255",   /* this network */
        "10.0.0.0",        "10.255.255.255",  /* private */
        "100.64.0.0",      "100.127.255.255", /* shared */
        "127.0.0.1",       "127.255.255.255", /* loopback */
        "169.254.0.0",     "169.254.169.254", "169.254.255.255",
        "172.16.0.0",      "172.31.255.255",  /* private */
        "192.0.0.0",       "192.0.0.255",     /* protocol assignments */
        "192.0.2.0",       "192.0.2.255",     /* documentation */
        "192.31.196.1",    "192.52.193.1",    "192.175.48.1",
        "192.88.99.0",     "192.88.99.255",   /* 6to4 relays */
        "192.168.0.0",     "192.168.255.255", /* private */
        "198.18.0.0",      "198.19.255.255",  /* benchmarks */
        "198.51.100.0",    "198.51.100.255",  /* documentation */
        "203.0.113.0",     "203.0.113.255",   /* documentation */
        "224.0.0.0",       "239.255.255.255", /* multicast */
        "240.0.0.0",       "255.255.255.255", /* reserved, broadcast */
        NULL};

    (void)state;
    check(texts, false);
}

static void
ipv4_addresses_beside_them_are_public(void **state)
{
    static const char *const texts[] = {
        "1.0.0.0",       "9.255.255.255",   "11.0.0.0",
        "100.63.255.255", "100.128.0.0",    "126.255.255.255",
        "128.0.0.0",     "169.253.255.255", "169.255.0.0",
        "172.15.255.255", "172.32.0.0",     "191.255.255.255",
        "192.0.1.0",     "192.0.3.0",       "192.31.195.255",
        "192.167.255.255", "192.169.0.0",   "198.17.255.255",
        "198.20.0.0",    "198.51.99.255",   "198.51.101.0",
        "203.0.112.255", "203.0.114.0",     "223.255.255.255",
        "17.188.143.34", NULL};

    (void)state;
    check(texts, true);
}

/* R-PUSH-2 */
static void
special_ipv6_addresses_are_not_public(void **state)
{
    static const char *const texts[] = {
        "::",                    /* unspecified */
        "::1",                   /* loopback */
        "::7f00:1",              /* IPv4-compatible: deprecated */
        "64:ff9b:1::1",          /* NAT64 of a network's own, RFC 8215 */
        "100::1",                /* discard only, RFC 6666 */
        "2001::1",               /* Teredo, RFC 4380 */
        "2001:0:7f00:1::",       /* likewise, of 127.0.0.1 */
        "2001:2::1",             /* benchmarks, RFC 5180 */
        "2001:10::1",            /* ORCHID, RFC 4843 */
        "2001:20::1",            /* ORCHIDv2, RFC 7343 */
        "2001:1ff:ffff::1",
        "2001:db8::1",           /* documentation */
        "2001:db8:ffff::1",
        "2620:4f:8000::1",       /* AS112 */
        "3fff::1",               /* documentation */
        "3fff:fff:ffff::1",
        "4000::1",               /* not allocated */
        "5f00::1",               /* SRv6 SIDs, RFC 9602 */
        "fc00::1",               /* unique local */
        "fdff:ffff::1",
        "fe80::1",               /* link-local */
        "febf::1",
        "fec0::1",               /* site-local: deprecated */
        "ff02::1",               /* multicast */
        "ffff::1",
        NULL};

    (void)state;
    check(texts, false);
}

static void
ipv6_addresses_beside_them_are_public(void **state)
{
    static const char *const texts[] = {
        "2001:200::1", "2001:db7::1", "2001:db9::1",     "2003::1",
        "2620:4e::1",  "2620:4f:8001::1", "3ffe::1",     "3fff:1000::1",
        "2a00:1450:4001::200e", "2000::1", NULL};

    (void)state;
    check(texts, true);
}

/* R-PUSH-2: mapped, NAT64, 6to4 */
static void
an_ipv4_address_inside_of_ipv6_is_what_counts(void **state)
{
    static const char *const refused[] = {
        "::ffff:127.0.0.1", "::ffff:10.1.2.3",    "::ffff:169.254.169.254",
        "::ffff:0.0.0.0",   "::ffff:255.255.255.255",
        "64:ff9b::127.0.0.1", "64:ff9b::192.168.1.1",
        "2002:7f00:1::1",   "2002:a01:203::1",    "2002:c0a8:101::",
        NULL};
    static const char *const fine[] = {
        "::ffff:17.188.143.34", "64:ff9b::17.188.143.34", "2002:11bc:8f22::1",
        NULL};

    (void)state;
    check(refused, false);
    check(fine, true);
}

static void
an_address_of_another_family_is_not_public(void **state)
{
    const struct sockaddr_un address = {.sun_family = AF_UNIX};

    (void)state;
    assert_false(address_is_public((const struct sockaddr *)&address));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(special_ipv4_addresses_are_not_public),
        cmocka_unit_test(ipv4_addresses_beside_them_are_public),
        cmocka_unit_test(special_ipv6_addresses_are_not_public),
        cmocka_unit_test(ipv6_addresses_beside_them_are_public),
        cmocka_unit_test(an_ipv4_address_inside_of_ipv6_is_what_counts),
        cmocka_unit_test(an_address_of_another_family_is_not_public),
    };

    return cmocka_run_group_tests_name("push address", tests, NULL, NULL);
}
