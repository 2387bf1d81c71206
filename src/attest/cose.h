/* The credential's public key, a COSE_Key (RFC 9052 §7, RFC 9053 §7), in the
 * forms that WebAuthn Level 3 §5.8.5 allows. */
#ifndef ATTEST_COSE_H
#define ATTEST_COSE_H

#include <openssl/evp.h>

#include "attest/attest.h"
#include "attest/cbor.h"

/* Algorithms (IANA COSE); others are not supported. Those of RFC 9864 name
 * their curve; they are what Ed448 goes by, since WebAuthn has EdDSA for
 * Ed25519 only. */
enum cose_algorithm {
    COSE_ES256 = -7,
    COSE_EDDSA = -8, /* with Ed25519 */
    COSE_ESP256 = -9,
    COSE_ED25519 = -19,
    COSE_ES384 = -35,
    COSE_ES512 = -36,
    COSE_ESP384 = -51,
    COSE_ESP512 = -52,
    COSE_ED448 = -53,
    COSE_RS256 = -257
};

/* What goes with an algorithm: one kind of key, one digest. */
struct cose_kind {
    enum cose_algorithm algorithm;
    int64_t key_type;      /* IANA COSE key types */
    int64_t curve;         /* IANA COSE elliptic curves; 0: RSA */
    size_t coordinate_len; /* of EC2 and OKP */
    const char *key_name;  /* OpenSSL's: "EC", "RSA", "ED25519", "ED448" */
    const char *group;     /* OpenSSL's; NULL: not EC */
    const char *digest;    /* OpenSSL's; NULL: EdDSA, which has its own */
};

/* NULL: not supported. */
const struct cose_kind *cose_kind_find(int64_t algorithm);

/* RS1 (RFC 8812 §2): with SHA-1, and so not among those that are found. Most
 * TPMs of Windows have signed with it; see struct attest_policy. */
enum { COSE_RS1 = -65535 };
extern const struct cose_kind cose_rs1;

bool cose_is_supported(int64_t algorithm);

/* Whether this key, wherever it is from, is of that kind: on its curve, or RSA
 * of COSE_RSA_BITS_LEAST to COSE_RSA_BITS_MOST bits with an odd exponent of 2
 * to COSE_RSA_EXPONENT_BITS_MOST bits, so that using it costs little. */
enum {
    COSE_RSA_BITS_LEAST = 2048,
    COSE_RSA_BITS_MOST = 8192,
    COSE_RSA_EXPONENT_BITS_MOST = 32
};
bool cose_kind_fits(const struct cose_kind *kind, const EVP_PKEY *key);

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

/* ATTEST_MALFORMED (no map), ATTEST_ALGORITHM, ATTEST_KEY, ATTEST_UNAVAILABLE:
 * nothing to release. Members beyond those of the key's type are refused. */
TG_MUST_USE enum attest_reason cose_key_read(const struct cbor_item *map,
                                             struct cose_key *out);
void cose_key_done(struct cose_key *key);

#endif
