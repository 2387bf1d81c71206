/* The challenge that binds a device's statement to one create (D9). */
#ifndef CHALLENGE_CHALLENGE_H
#define CHALLENGE_CHALLENGE_H

#include "base/bytes.h"
#include "base/uuid.h"
#include "crypto/hash.h"

enum { CHALLENGE_LEN = SHA256_LEN };

/* The digest of who creates, in which request, and what.
 *
 *   payload_type   without a NUL, which no type has
 *   payload_data   decoded
 *
 * TG_E_CRYPTO. Thread-safe. Source: docs/protocol.md, Attestation.
 */
TG_MUST_USE enum tg_err challenge_make(const struct tg_uuid *claim,
                                       const struct tg_uuid *request_id,
                                       struct tg_span payload_type,
                                       struct tg_span payload_data,
                                       uint8_t out[CHALLENGE_LEN]);

#endif
