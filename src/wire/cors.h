/* Pages of other origins that may use the relay: browser wallets (§13,
 * decision 13). Browsers keep the answers from all other pages; the relay
 * itself serves whoever asks, so nothing here is access control. */
#ifndef WIRE_CORS_H
#define WIRE_CORS_H

#include "wire/wire.h"

/* NULL when `text` is an origin that may be allowed, exactly as a browser
 * writes it; otherwise what is wrong with it and what would be right, a
 * literal that goes on with “… is no origin that can be allowed: ”. */
const char *cors_fault(struct tg_span text);

/* Whether this is an OPTIONS that is answered with cors_preflight(): some
 * origin is configured, and pages of others may use the path. */
bool cors_is_preflight(const struct wire_site *site,
                       const struct wire_route *route);

/* Answer such an OPTIONS; cors_share() adds what is for the origin.
 *   ids  echoed request id; may be NULL
 * TG_E_NOMEM: nothing to release. */
TG_MUST_USE enum tg_err cors_preflight(const struct wire_route *route,
                                       const struct wire_ids *ids,
                                       struct wire_answer *out);

/* Add to any answer what lets a page of `origin`, the request's header, read
 * it; nothing of that for an origin that is not configured, and nothing at all
 * when none is. What is added borrows from `site`. */
void cors_share(const struct wire_site *site, const struct wire_route *route,
                const struct wire_header *origin, struct wire_answer *answer);

#endif
