/* What is signed besides keys, and by whom.
 *
 *   at a door    by the key's holder, for this door and this nonce
 *   to redeem    by the key that is to be certified, for this token
 *
 * The conversation with a door:
 *
 *   key   {"action": "open"}
 *   door  {"id": …, "room": …, "door": …, "nonce": base64 of 32 bytes}
 *   key   {"statement": …, "signature": …, "proof": base64}
 *   door  {"done": true, "message": …} or
 *         {"done": false, "check": …, "message": …}
 *
 * The nonce is for this connection and one answer; the door's own id is among
 * what is signed, so an answer is worth nothing at another door.
 * Member by member: docs/formats.md.
 */
#ifndef HOTEL_CHALLENGE_H
#define HOTEL_CHALLENGE_H

#include "text.h"

enum { CHALLENGE_NONCE = 32 }; /* bytes */

#define CHALLENGE_ACTION "open"

/* `nonce`, `token` and `public_key` in base64, as they came. TG_E_NOMEM. */
TG_MUST_USE enum tg_err challenge_words(const char *door_id, const char *nonce,
                                        struct text *out);
TG_MUST_USE enum tg_err challenge_redeem_words(const char *token,
                                               const char *public_key,
                                               struct text *out);

#endif
