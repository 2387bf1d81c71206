/* What both formats of Apple have in their certificates. */
#ifndef ATTEST_APPLE_NONCE_H
#define ATTEST_APPLE_NONCE_H

#include "attest/certificate.h"
#include "attest/statement.h"

/* Extension 1.2.840.113635.100.8.2 holds the digest of authenticatorData and
 * clientDataHash (§8.8 steps 2 to 4). ATTEST_FINE, ATTEST_CERTIFICATE (there
 * is none, or something else in it), ATTEST_BINDING, ATTEST_UNAVAILABLE. */
TG_MUST_USE enum attest_reason
apple_nonce_check(const X509 *certificate,
                  const struct attest_statement *statement);

#endif
