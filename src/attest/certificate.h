/* What formats ask of certificates, on OpenSSL. */
#ifndef ATTEST_CERTIFICATE_H
#define ATTEST_CERTIFICATE_H

#include <openssl/x509.h>

#include "attest/auth_data.h"

/* A path to a root that was judged before (issuers.h). */
struct certificate_path {
    X509 *anchor; /* owned: its first, who has issued the device's own; NULL:
                     there is none */
    X509 *root;   /* owned: its last */
    tg_time_s from, until; /* from <= time < until: all of it is valid */
};

/* The certificates of attStmt.x5c, leaf first. */
struct certificate_chain {
    size_t count;                       /* 1 to ATTEST_CHAIN_MOST */
    X509 *certificates[ATTEST_CHAIN_MOST]; /* owned */
    size_t own; /* so many may be the device's own; 0: nobody knows */
    uint8_t issuers[ATTEST_HASH_LEN]; /* what the others are known by, where
                                         own < count */
    struct certificate_path known;    /* where they lead */
};

/* The same, still in DER; borrowed. */
struct certificate_bytes {
    size_t count;
    struct tg_span der[ATTEST_CHAIN_MOST];
};

/* Find attStmt.x5c, and in it nothing that would take much memory.
 * ATTEST_STATEMENT (there is none, or it is no array of bytes, empty, or too
 * long), ATTEST_CERTIFICATE. */
TG_MUST_USE enum attest_reason
certificate_bytes_find(const struct cbor_item *att_stmt,
                       struct certificate_bytes *out);

/* Read them, from where the chain ends to before `end`: DER, nothing behind any
 * of them, with keys on P-256, P-384 or P-521, of RSA up to 8192 bits, Ed25519
 * or Ed448, and no extension twice. ATTEST_CERTIFICATE, ATTEST_UNAVAILABLE: the
 * caller releases the chain nevertheless. */
TG_MUST_USE enum attest_reason
certificate_chain_add(struct certificate_chain *chain,
                      const struct certificate_bytes *bytes, size_t end);

/* Both for all of x5c. Errors of either: nothing to release. */
TG_MUST_USE enum attest_reason
certificate_chain_read(const struct cbor_item *att_stmt,
                       struct certificate_chain *out);
void certificate_chain_done(struct certificate_chain *chain);

/* The content of the extension with this dotted OID: what is inside its OCTET
 * STRING; borrowed. False: there is none, or it comes twice. */
bool certificate_extension(const X509 *certificate, const char *oid,
                           struct tg_span *out, bool *is_critical);

/* It comes once or more often. True also where that cannot be told. */
bool certificate_has_extension(const X509 *certificate, const char *oid);

/* Version 3 and basic constraints present with CA false. OpenSSL keeps in the
 * certificate what it has read of the extensions, so it is not const. */
bool certificate_is_end_entity(X509 *certificate);

/* §8.2.1: extension 1.3.6.1.4.1.45724.1.1.4, if it is there, holds this AAGUID
 * and is not critical. */
bool certificate_agrees_on_aaguid(const X509 *certificate,
                                  const uint8_t aaguid[AAGUID_LEN]);

/* Same public key, both encodings compared as points or integers. */
bool certificate_has_key(const X509 *certificate, const EVP_PKEY *key);

#endif
