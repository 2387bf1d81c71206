/* Friend's key and vehicle, talking: one JSON object a line over a socket.
 *
 *   key      {"action": "unlock"}
 *   vehicle  {"vehicle": VIN, "action": "unlock", "nonce": base64 of 32 bytes}
 *   key      {"signature": base64, "chain": [base64, base64]}
 *   vehicle  {"done": true, "message": …} or
 *            {"done": false, "check": …, "message": …}
 *
 * The nonce is for this connection and one answer alone. What is signed names
 * the vehicle and the action, so an answer is worth nothing anywhere else.
 * Member by member: docs/formats.md.
 */
#ifndef CAR_EXCHANGE_H
#define CAR_EXCHANGE_H

#include <sys/un.h>

#include "entitlements.h"
#include "members.h"
#include "text.h"

enum {
    EXCHANGE_LINE_MAX = 16 * 1024,
    EXCHANGE_NONCE = 32,      /* bytes */
    EXCHANGE_SECONDS = 5      /* for each line of the other side */
};

/* Where a vehicle listens. TG_E_LIMIT for a path that does not fit. */
TG_MUST_USE enum tg_err exchange_address(const char *path,
                                         struct sockaddr_un *out);

/* TG_E_NETWORK when the other side has gone. */
TG_MUST_USE enum tg_err exchange_send(int fd, const struct members *members);

/* The next line, at most EXCHANGE_LINE_MAX bytes, within EXCHANGE_SECONDS in
 * all. TG_E_NO_NEWS when time ran out, TG_E_NETWORK at the end of the
 * connection, TG_E_FORMAT, TG_E_LIMIT, TG_E_NOMEM. */
TG_MUST_USE enum tg_err exchange_receive(int fd, struct members **out);

/* The words that a key signs. `nonce` in base64, as it came. */
TG_MUST_USE enum tg_err exchange_words(const char *vehicle,
                                       enum entitlement action,
                                       const char *nonce, struct text *out);

#endif
