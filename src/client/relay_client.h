/* What share.c needs of the relay client besides <tigress/relay_client.h>:
 * calls whose body is at hand, and pauses. Reads that may be held are in
 * relay_client_read.h. */
#ifndef CLIENT_RELAY_CLIENT_H
#define CLIENT_RELAY_CLIENT_H

#include <tigress/relay_client.h>

#include "client/relay_client_answer.h"

/* Make a call with this body, exactly; errors as the public calls. */
TG_MUST_USE enum tg_err
relay_client_call(struct tg_relay_client *client, enum relay_verb verb,
                  const struct tg_relay_call *call, struct tg_span body,
                  struct tg_relay_answer **out);

/* The same for a create with a statement: the header's line of attestation.h,
 * empty for none. */
TG_MUST_USE enum tg_err
relay_client_create(struct tg_relay_client *client,
                    const struct tg_relay_call *call, struct tg_span body,
                    const struct tg_buf *statement,
                    struct tg_relay_answer **out);

bool relay_client_allows(const struct tg_relay_client *client,
                         const char *relay);

/* Wait. False when whoever waits should give up. */
bool relay_client_pause(struct tg_relay_client *client, int64_t pause_ms);

/* A random pause after so many failures in a row, at least 1: up to 250 ms,
 * then twice as much each time, at most `longest_ms`. */
int64_t relay_client_backoff_ms(unsigned failures, int64_t longest_ms);

#endif
