/* Signatures by COSE algorithm (RFC 9053 §2, RFC 8812 §2). */
#ifndef ATTEST_SIGNATURE_H
#define ATTEST_SIGNATURE_H

#include "attest/cose.h"

/* Verify over the concatenation of parts. ECDSA signatures are DER, as WebAuthn
 * Level 3 §6.5.5 has them. The key must be of the algorithm's kind and size:
 * ES256 with P-256 and so on.
 * ATTEST_FINE, ATTEST_ALGORITHM, ATTEST_SIGNATURE, ATTEST_UNAVAILABLE. */
TG_MUST_USE enum attest_reason
signature_verify(int64_t algorithm, EVP_PKEY *key, const struct tg_span *parts,
                 size_t count, struct tg_span signature);

/* The same of a kind that was chosen before. */
TG_MUST_USE enum attest_reason
signature_verify_kind(const struct cose_kind *kind, EVP_PKEY *key,
                      const struct tg_span *parts, size_t count,
                      struct tg_span signature);

#endif
