/* What a relay says of itself, asked for and kept in the wallet. */
#ifndef CLIENT_RELAY_INFO_H
#define CLIENT_RELAY_INFO_H

#include "client/discovery.h"

enum {
    RELAY_INFO_MOST_MS = 3000,   /* the longest time to ask */
    RELAY_INFO_KEEP_S = 3600,    /* the longest time to keep an answer */
    RELAY_INFO_ABSENCE_S = 300,  /* and that there was none */
    RELAY_INFO_RELAYS = 8        /* kept at once */
};

enum relay_info_source {
    RELAY_INFO_ANY,   /* the wallet, and the relay if nothing is kept */
    RELAY_INFO_KEPT,  /* the wallet alone: no network */
    RELAY_INFO_RELAY  /* the relay in any case */
};

/* As tg_relay_info_ask(), into the caller's memory. TG_E_NOT_FOUND also when
 * nothing is kept and the relay must not be asked.
 *
 *   *was_kept  set always: it came from the wallet
 */
TG_MUST_USE enum tg_err
relay_info_ask(struct tg_wallet *wallet, struct tg_relay_client *client,
               const char *relay, enum relay_info_source source,
               struct tg_relay_info *out, bool *was_kept);

#endif
