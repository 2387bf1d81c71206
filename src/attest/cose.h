/* The credential's public key, a COSE_Key (RFC 9052 §7, RFC 9053 §7), in the
 * forms that WebAuthn Level 3 §5.8.5 allows. */
#ifndef ATTEST_COSE_H
#define ATTEST_COSE_H

#include <openssl/evp.h>

#include "attest/attest.h"
#include "attest/cbor.h"

/* Algorithms (IANA COSE); others are not supported. */
enum cose_algorithm {
    COSE_ES256 = -7,
    COSE_EDDSA = -8, /* Ed25519 and Ed448 */
    COSE_ES384 = -35,
    COSE_ES512 = -36,
    COSE_RS256 = -257
};

bool cose_is_supported(int64_t algorithm);

/* A key whose members fit each other: EC2 on P-256, P-384, P-521 with points
 * on their curve and not compressed; OKP; RSA of 2048 to 8192 bits. Each curve
 * goes with its own algorithm only (§5.8.5). */
struct cose_key {
    enum cose_algorithm algorithm;
    int64_t curve;          /* IANA COSE elliptic curves; 0: RSA */
    struct tg_span x;       /* EC2, OKP; RSA: n */
    struct tg_span y;       /* EC2; RSA: e */
    EVP_PKEY *pkey;         /* owned */
};

/* ATTEST_MALFORMED, ATTEST_ALGORITHM, ATTEST_KEY, ATTEST_UNAVAILABLE: nothing
 * to release. Members beyond those of the key's type are refused. */
TG_MUST_USE enum attest_reason cose_key_read(const struct cbor_item *map,
                                             struct cose_key *out);
void cose_key_done(struct cose_key *key);

#endif
