/* How often a vehicle has done something for a key. In the state directory, a
 * file for each key whose uses are limited: uses/FINGERPRINT, the number and
 * when the last certificate that it came with is over. A day after that the
 * file goes, when another key is counted for the first time: a certificate that
 * is over opens nothing. */
#ifndef CAR_USES_H
#define CAR_USES_H

#include <openssl/x509.h>

#include "refusal.h"
#include "state.h"

/* Count one use of every key of `chain` whose certificate limits them, durably,
 * from the owner's key down to the first. A process that is killed meanwhile
 * has counted a use that nobody had; never the other way round.
 *
 *   *why   set on TG_OK: REFUSAL_USES when one of them has none left; nothing
 *          was counted then
 *
 * TG_E_IO, TG_E_FULL, TG_E_FORMAT (a file that is not ours), TG_E_LIMIT,
 * TG_E_NOMEM, TG_E_CRYPTO: do nothing for the key.
 */
TG_MUST_USE enum tg_err uses_count(const struct state *state,
                                   STACK_OF(X509) *chain, enum refusal *why);

#endif
