/* OpenSSL with the few kinds of keys that statements have. */
#ifndef ATTEST_LIBRARY_H
#define ATTEST_LIBRARY_H

#include <openssl/x509.h>

#include "base/bytes.h"

/* The library context for keys and certificates: only RSA, EC, Ed25519 and
 * Ed448 are keys in it, and the rest is OpenSSL's default provider. OpenSSL 3
 * asks every decoder that there is about every key of every certificate, which
 * takes longer than verifying with it; here it asks four. Keys are used where
 * they were made: elsewhere OpenSSL would copy them first.
 *
 * Made by the first call, for as long as the process lives. NULL: it could not
 * be made, which is OpenSSL's own context, that does the same and takes longer.
 * Thread-safe. */
OSSL_LIB_CTX *library_context(void);

/* A new key on this curve, by OpenSSL's name of P-256, P-384 or P-521, still
 * without a point. Much quicker than making the curve anew from its constants,
 * as EVP_PKEY_fromdata() does. NULL: no memory. */
EVP_PKEY *library_curve(const char *group);

/* One certificate, with nothing behind it. NULL: it is none, or there is no
 * memory; OpenSSL's queue of errors says which. */
X509 *library_certificate(struct tg_span der);

#endif
