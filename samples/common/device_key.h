/* A P-256 key and what it signs.
 *
 * The private half of a service's is in one file with mode 0600; who has a
 * wallet keeps it in there. Signatures are ECDSA with SHA-256 in DER (RFC 3279
 * §2.2.3), over words that name their purpose first, so that a signature made
 * for one thing can never serve as another.
 */
#ifndef COMMON_DEVICE_KEY_H
#define COMMON_DEVICE_KEY_H

#include <stddef.h>

#include <openssl/evp.h>

#include <tigress/bytes.h>
#include <tigress/error.h>

#include "state.h"

/* Bounds of what is accepted from others. */
enum {
    DEVICE_KEY_PUBLIC_MAX = 128,   /* SubjectPublicKeyInfo, DER */
    DEVICE_KEY_SIGNATURE_MAX = 80, /* DER of two 256-bit numbers */
    DEVICE_KEY_FINGERPRINT = 33    /* 16 bytes as hex, terminated */
};

/* A new key in memory. TG_E_CRYPTO. Released with EVP_PKEY_free(). */
TG_MUST_USE enum tg_err device_key_make(EVP_PKEY **out);

/* The key in the file `name`, PKCS #8 PEM. TG_E_NOT_FOUND, TG_E_IO, TG_E_FORMAT
 * when it holds no P-256 key. */
TG_MUST_USE enum tg_err device_key_load(const struct state *state,
                                        const char *name, EVP_PKEY **out);

/* What device_key_load() finds, or a new key, saved before this returns:
 * for a service's own key. TG_E_IO, TG_E_FULL, TG_E_CRYPTO, TG_E_FORMAT. */
TG_MUST_USE enum tg_err device_key_load_or_make(const struct state *state,
                                                const char *name,
                                                EVP_PKEY **out);

/* The public half as SubjectPublicKeyInfo (RFC 5480) and back. Reading refuses
 * everything but a point on the named curve P-256, without trailing bytes:
 * TG_E_FORMAT. Writing: TG_E_NOMEM; *out is released with text_free(). */
TG_MUST_USE enum tg_err device_key_public(EVP_PKEY *key, struct text *out);
TG_MUST_USE enum tg_err device_key_read_public(struct tg_span der,
                                               EVP_PKEY **out);

/* That the key is on P-256 by name: TG_E_FORMAT if not. */
TG_MUST_USE enum tg_err device_key_check(EVP_PKEY *key);

/* The first half of SHA-256 over the public key, in hex: a name for logs. */
TG_MUST_USE enum tg_err
device_key_fingerprint(EVP_PKEY *key, char out[static DEVICE_KEY_FINGERPRINT]);

/* TG_E_CRYPTO, TG_E_NOMEM. */
TG_MUST_USE enum tg_err device_key_sign(EVP_PKEY *key, struct tg_span words,
                                        struct text *signature);

/* TG_E_AUTH when `signature` is not this key's over `words`. */
TG_MUST_USE enum tg_err device_key_verify(EVP_PKEY *key, struct tg_span words,
                                          struct tg_span signature);

#endif
