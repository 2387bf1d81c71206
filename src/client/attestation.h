/* A device's statement of what it is, made for one create by whoever the caller
 * has named (PROTOCOL §9). See <tigress/attestation.h>. */
#ifndef CLIENT_ATTESTATION_H
#define CLIENT_ATTESTATION_H

#include <tigress/relay_client.h>

#include "client/discovery.h"

enum { ATTESTATION_VALUE_MAX = 16384 }; /* of the header: what relays look at */

/* Ask the provider for a statement about this create.
 *
 *   body      of the create, as it will be sent
 *   formats   that the relay checks; NULL: not known
 *   *line     the header line is appended, and terminated
 *
 * Errors: TG_E_ATTESTATION (the provider cannot, or what it gave is too long
 * for a relay), TG_E_NETWORK and TG_E_BUSY (not now); TG_E_FORMAT,
 * TG_E_CRYPTO, TG_E_NOMEM. *line is then untouched.
 */
TG_MUST_USE enum tg_err
attestation_make(const struct tg_attestation_provider *provider,
                 const struct tg_relay_call *call, struct tg_span body,
                 const struct discovery_list *formats, struct tg_buf *line);

#endif
