/* Which addresses are public (R-PUSH-2): neither private nor loopback,
 * link-local, multicast, documentation, shared, nor an IPv4 address of such a
 * kind inside of IPv6 (RFC 6890 and the IANA registries of special purpose
 * addresses). */
#ifndef PUSH_ADDRESS_H
#define PUSH_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

bool address_is_public(const struct sockaddr *address);

#endif
