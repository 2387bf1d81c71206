/* Whom an operator may name as a root. */
#ifndef ATTEST_ANCHOR_H
#define ATTEST_ANCHOR_H

#include <openssl/x509.h>

/* Why no statement could lead to this certificate, in words that follow its
 * name; a literal. NULL: one could. OpenSSL keeps in the certificate what it
 * has read of the extensions, so it is not const. */
const char *anchor_fault(X509 *certificate);

#endif
