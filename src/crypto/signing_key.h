/* Private keys that sign: ECDSA on P-256, or RSA, both with SHA-256
 * (RFC 7518 §3.4 and §3.3: what JOSE calls ES256 and RS256). */
#ifndef CRYPTO_SIGNING_KEY_H
#define CRYPTO_SIGNING_KEY_H

#include "base/bytes.h"

enum {
    SIGNING_KEY_POINT_LEN = 65,    /* 4 ‖ x ‖ y */
    SIGNING_KEY_ES256_LEN = 64,    /* r ‖ s */
    SIGNING_KEY_RSA_BITS_LEAST = 2048,
    SIGNING_KEY_RSA_BITS_MOST = 8192
};

enum signing_key_kind { SIGNING_KEY_ES256, SIGNING_KEY_RS256 };

struct signing_key;

/* Read the first private key of a PEM text that is not encrypted.
 *
 *   *out   released with signing_key_free()
 *
 * Errors: TG_E_FORMAT (there is none, or a passphrase would be needed),
 * TG_E_UNKNOWN (a key of another kind or size), TG_E_AUTH (its public half
 * belongs to another), TG_E_NOMEM, TG_E_CRYPTO. Nobody is asked for anything.
 */
TG_MUST_USE enum tg_err signing_key_parse(struct tg_span pem,
                                          struct signing_key **out);

/* Wipes it. Accepts NULL. */
void signing_key_free(struct signing_key *key);

enum signing_key_kind signing_key_kind(const struct signing_key *key);

/* Append the signature of `data` to *out: SIGNING_KEY_ES256_LEN bytes, or as
 * many as the RSA modulus has. TG_E_CRYPTO, TG_E_NOMEM: *out unchanged. */
TG_MUST_USE enum tg_err signing_key_sign(const struct signing_key *key,
                                         struct tg_span data,
                                         struct tg_buf *out);

/* The public key as a point, not compressed (SEC 1 §2.3.3). TG_E_STATE: it is
 * an RSA key. TG_E_CRYPTO. */
TG_MUST_USE enum tg_err
signing_key_point(const struct signing_key *key,
                  uint8_t out[SIGNING_KEY_POINT_LEN]);

#endif
