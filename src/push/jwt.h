/* Signed tokens: JWT (RFC 7519) as a compact JWS (RFC 7515 §3.1). */
#ifndef PUSH_JWT_H
#define PUSH_JWT_H

#include "base/json.h"
#include "crypto/signing_key.h"

/* Append the token of these claims, NUL-terminated.
 *
 *   key_id     `kid` of the header; NULL: none. `typ` is JWT, and `alg` what
 *              the key can
 *   claims     an object
 *   out        holds a credential: wiped by its owner
 *
 * TG_E_NOMEM, TG_E_CRYPTO, TG_E_FORMAT (key_id is not UTF-8): *out is then of
 * no use.
 */
TG_MUST_USE enum tg_err jwt_sign(const struct signing_key *key,
                                 const char *key_id,
                                 const struct tg_json *claims,
                                 struct tg_buf *out);

#endif
