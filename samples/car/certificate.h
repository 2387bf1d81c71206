/* X.509 certificates for car keys: making them, reading them, judging them.
 *
 *   maker's root ──> owner's ────────> friend's ───────> third's certificate
 *   (CA, pathlen 2)  (CA, pathlen 1)   (CA, pathlen 0,   (not a CA)
 *                                       or not a CA)
 *
 * All but the root carry extensions of our own: vehicle, entitlements,
 * validity, and the number of uses if it is limited. They are not marked
 * critical, so that a general tool such as openssl-verify(1) can follow the
 * chain; what keeps one of these certificates from being taken for anything
 * else is a critical extended key usage of our own. The vehicle insists on all
 * of them. To how many generations a key may be lent on is said by X.509's own
 * means: n > 0 is a CA of path length n - 1 whose key usage has keyCertSign; 0
 * is no CA.
 * Members and encodings: docs/formats.md; the reasons:
 * docs/decisions/02-car-key-certificates.md.
 */
#ifndef CAR_CERTIFICATE_H
#define CAR_CERTIFICATE_H

#include <stddef.h>

#include <openssl/x509.h>

#include <tigress/error.h>

#include "grant.h"
#include "refusal.h"
#include "text.h"

enum {
    CERTIFICATE_CHAIN_MAX = 3,   /* up to the owner's; the root is not sent */
    CERTIFICATE_DER_MAX = 4096,  /* far above what ours need */
    CERTIFICATE_LEAF = -1        /* a path length: may not issue at all */
};

/* What is to be certified; everything is borrowed. */
struct certificate_order {
    const char *subject;       /* common name */
    EVP_PKEY *key;             /* the public half is used */
    const struct grant *grant; /* NULL for a root, which grants nothing */
    moment not_before;         /* of a root; otherwise the grant's are used */
    moment not_after;
    int path_length;           /* of a root, or CERTIFICATE_LEAF */
};

/* Make a certificate, signed by `issuer_key`.
 *
 *   issuer   its certificate; NULL makes a self-signed one
 *   *out     released with X509_free()
 *
 * The name that it gets is the subject and the key's fingerprint: X.509 does
 * not count a certificate as a generation whose name is that of its issuer.
 *
 * Errors: TG_E_CRYPTO, TG_E_NOMEM. Whether the issuer may give this is not
 * asked here: grant_within().
 */
TG_MUST_USE enum tg_err
certificate_issue(const struct certificate_order *order, X509 *issuer,
                  EVP_PKEY *issuer_key, X509 **out);

/* The grant that a certificate carries. REFUSAL_FORMAT when one of its
 * extensions is missing, there twice or malformed, the certificate's own
 * validity is another than the granted, or basic constraints and key usage do
 * not agree on who may issue. */
enum refusal certificate_grant(const X509 *certificate, struct grant *out);

/* Judge a chain as a vehicle does: signatures up to `root`, every certificate
 * valid at `now`, the critical key usage, every key on P-256, and no grant
 * beyond its issuer's. A grant beyond it is REFUSAL_BEYOND, what is wrong with
 * the chain itself REFUSAL_CHAIN.
 *
 *   chain   leaf first, each issued by the next, without the root; 1 to
 *           CERTIFICATE_CHAIN_MAX and none beside
 *   *out    the leaf's grant, written on REFUSAL_NONE only
 */
enum refusal certificate_check(STACK_OF(X509) *chain, X509 *root, moment now,
                               struct grant *out);

/* As text and bytes. Reading takes one certificate of at most
 * CERTIFICATE_DER_MAX bytes and nothing behind it: TG_E_FORMAT. */
TG_MUST_USE enum tg_err certificate_to_der(const X509 *certificate,
                                           struct text *out);
TG_MUST_USE enum tg_err certificate_from_der(struct tg_span der, X509 **out);
TG_MUST_USE enum tg_err certificate_to_pem(const X509 *certificate,
                                           struct text *out);

/* The certificates of a PEM text, in their order. TG_E_FORMAT when there is
 * none, TG_E_LIMIT beyond CERTIFICATE_CHAIN_MAX + 1. Released with
 * certificate_free_chain(). */
TG_MUST_USE enum tg_err certificate_from_pem(struct tg_span pem,
                                             STACK_OF(X509) **out);
void certificate_free_chain(STACK_OF(X509) *chain);

#endif
