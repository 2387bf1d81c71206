/* Whom the operator trusts: roots, and serials that were revoked. Made when a
 * configuration is read; thread-safe from then on, when nothing changes any
 * more but that it remembers some issuers (DECISION(11)). */
#ifndef ATTEST_TRUST_H
#define ATTEST_TRUST_H

#include "attest/certificate.h"

/* Nobody yet. NULL: no memory. */
struct attest_trust *attest_trust_new(void);
void attest_trust_free(struct attest_trust *trust);

/* Why a file was refused: `text` is a sentence for the operator, that names the
 * certificate or line and never a file's content. */
struct attest_trust_error {
    char text[256];
};

/* Add every certificate of a PEM file. One that is not yet or no longer valid
 * at `now`, broken, or too weak refuses the file; so does a file with none, or
 * with other PEM in it; lines of text around certificates are comments.
 * A trust anchor may be an intermediate, or the very certificate that signs
 * statements, which then issues none; but not a certificate that is plainly for
 * other work, such as a TLS server's.
 * TG_E_IO, TG_E_FORMAT, TG_E_LIMIT (1 MiB; more than 8 roots of one name),
 * TG_E_NOMEM: nothing was added. */
TG_MUST_USE enum tg_err
attest_trust_add_roots(struct attest_trust *trust, const char *path,
                       tg_time_s now, struct attest_trust_error *error);

/* Add serial numbers that are revoked: one a line in hexadecimal, colons and
 * leading zeros as you like, `#` begins a comment. A serial counts whoever
 * issued it. docs/attestation.md has a recipe for Google's list of revoked
 * Android keys, which mixes this with decimal. Errors as above. */
TG_MUST_USE enum tg_err
attest_trust_add_revoked(struct attest_trust *trust, const char *path,
                         struct attest_trust_error *error);

size_t attest_trust_root_count(const struct attest_trust *trust);

/* Read attStmt.x5c as certificate_chain_read() does, but not those certificates
 * again that are remembered. The first `own` of them, 1 at least, may be the
 * device's own; they are never remembered. Errors and *out are those of
 * certificate_chain_read(). */
TG_MUST_USE enum attest_reason
attest_trust_read(const struct attest_trust *trust,
                  const struct cbor_item *att_stmt, size_t own,
                  struct certificate_chain *out);

/* Does the chain lead to a root at `now`, with no certificate of it revoked?
 * Every certificate in the path is valid now and every issuer may issue
 * (RFC 5280 §6.1; path length, key usage, critical extensions, names). The
 * chain is the path, in its order. It may hold the root too, in any certificate
 * with the root's name and key, and above a root that is an intermediate,
 * whoever issued that. Other certificates that are not needed are refused, as
 * is SHA-1 below a root and a key below 112 bits of strength.
 *
 * Where that is so, the issuers of a chain from attest_trust_read() are
 * remembered for the next one, unless they say something about certificates
 * below them, such as names they may have.
 * ATTEST_CHAIN, ATTEST_REVOKED, ATTEST_UNAVAILABLE. */
TG_MUST_USE enum attest_reason
attest_trust_check(const struct attest_trust *trust,
                   const struct certificate_chain *chain, tg_time_s now);

#endif
