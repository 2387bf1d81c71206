/* What a vehicle asks a key, and the key signs.
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
#ifndef CAR_CHALLENGE_H
#define CAR_CHALLENGE_H

#include "entitlements.h"
#include "text.h"

enum { CHALLENGE_NONCE = 32 }; /* bytes */

/* The words that a key signs. `nonce` in base64, as it came. TG_E_NOMEM. */
TG_MUST_USE enum tg_err challenge_words(const char *vehicle,
                                        enum entitlement action,
                                        const char *nonce, struct text *out);

#endif
