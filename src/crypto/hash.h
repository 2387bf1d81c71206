/* SHA-256 and SHA-512, HMAC (RFC 2104) with either, HKDF-SHA-256 (RFC 5869). */
#ifndef CRYPTO_HASH_H
#define CRYPTO_HASH_H

#include "base/bytes.h"

enum { SHA256_LEN = 32, SHA512_LEN = 64 };

/* The digest of the concatenation of `count` parts; nothing separates them,
 * so all parts but one must have a fixed length. TG_E_CRYPTO. Thread-safe. */
TG_MUST_USE enum tg_err hash_sha256(const struct tg_span *parts, size_t count,
                                    uint8_t out[SHA256_LEN]);
TG_MUST_USE enum tg_err hash_sha512(const struct tg_span *parts, size_t count,
                                    uint8_t out[SHA512_LEN]);

/* HMAC of the concatenation of the parts, with SHA-256 or SHA-512.
 * TG_E_CRYPTO. Thread-safe. */
TG_MUST_USE enum tg_err hash_hmac(struct tg_span key,
                                  const struct tg_span *parts, size_t count,
                                  uint8_t out[SHA256_LEN]);
TG_MUST_USE enum tg_err hash_hmac_sha512(struct tg_span key,
                                         const struct tg_span *parts,
                                         size_t count,
                                         uint8_t out[SHA512_LEN]);

/* HKDF in its two steps, so that several keys share one extraction.
 * `label` is the info of RFC 5869 §2.3; the key is at most SHA256_LEN bytes,
 * which is all that is needed here. TG_E_CRYPTO. Thread-safe. */
TG_MUST_USE enum tg_err hash_hkdf_extract(struct tg_span salt,
                                          struct tg_span secret,
                                          uint8_t out[SHA256_LEN]);
TG_MUST_USE enum tg_err hash_hkdf_expand(const uint8_t prk[SHA256_LEN],
                                         const char *label, uint8_t *out,
                                         size_t out_len);

#endif
