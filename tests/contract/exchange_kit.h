/* What tests of exchanges share: a site, and calls with made-up bodies. */
#ifndef CONTRACT_EXCHANGE_KIT_H
#define CONTRACT_EXCHANGE_KIT_H

#include "store/exchange.h"

enum { KIT_NOW = 1000000000 }; /* a second at which tests begin */

void kit_site(struct exchange_site *site, const struct hour_keys *hours);

/* A UUID that belongs to the number. */
struct tg_uuid kit_uuid(unsigned number);

/* Prepared for `call`; the claim and request id are kit_uuid() of the numbers.
 * `id` is not for EXCHANGE_CREATE. End with exchange_done(). */
void kit_exchange(struct exchange *ex, const struct exchange_site *site,
                  enum exchange_call call, const struct mailbox_id *id,
                  unsigned claim, unsigned request);

/* Run it alone, at KIT_NOW. */
void kit_run(const struct store *store, struct exchange *ex);

#endif
