/* The certificates of a test authority, on OpenSSL. */
#ifndef AUTHENTICATOR_CERTIFICATE_H
#define AUTHENTICATOR_CERTIFICATE_H

#include <openssl/x509.h>

#include "base/bytes.h"

enum { CERTIFICATE_AAGUID_LEN = 16 };

/* The model of what is made here; drawn by chance. */
extern const uint8_t certificate_aaguid[CERTIFICATE_AAGUID_LEN];

/* Who issues. Both are owned by whoever says so. */
struct certificate_issuer {
    X509 *root;
    EVP_PKEY *key;
};

/* A new key on P-256; EVP_PKEY_free() it. NULL: the library failed. */
EVP_PKEY *certificate_new_key(void);

/* The root of this key, valid for ten years. X509_free() it; NULL as above. */
X509 *certificate_make_root(EVP_PKEY *key);

/* A certificate for an authenticator's key, valid for a day, as §8.2.1 wants
 * it. `nonce` not NULL: with the extension of §8.8, 32 bytes, and without that
 * of the model. X509_free() it; NULL as above. */
X509 *certificate_make_leaf(EVP_PKEY *key,
                            const struct certificate_issuer *issuer,
                            const uint8_t *nonce);

/* Append it as DER. TG_E_CRYPTO, TG_E_NOMEM. */
TG_MUST_USE enum tg_err certificate_der(X509 *certificate, struct tg_buf *out);

#endif
