/* Is there a path from a device's certificate to somebody the operator trusts?
 *
 * OpenSSL judges paths (RFC 5280 §6.1), and sees one root at a time: of two
 * with the same name it would take the first and not come back for the other.
 * It is not told X509_V_FLAG_X509_STRICT, since the certificates that Android's
 * hardware issues lack the authority key identifier which that flag wants.
 * Reading files is in trust_file.c.
 */
#include "attest/trust.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "attest/trust_inside.h"
#include "base/alloc.h"

enum { SECURITY_LEVEL = 2 }; /* SSL_CTX_set_security_level(3): 112 bits */

/* Who may have issued a certificate, to OpenSSL while it looks for a path: who
 * has the name (RFC 5280 §6.1.3 (a) (4)). It would have the identifier of the
 * key agree too, which is a hint and no condition, and which some makers get
 * wrong. Whether the issuer's key has signed is seen once there is a path. */
static int
is_issuer(X509_STORE_CTX *ctx, X509 *certificate, X509 *issuer)
{
    (void)ctx;
    return X509_NAME_cmp(X509_get_issuer_name(certificate),
                         X509_get_subject_name(issuer)) == 0;
}

struct attest_trust *
attest_trust_new(void)
{
    struct attest_trust *trust = tg_alloc(sizeof(*trust));

    if (trust == NULL)
        return NULL;
    if ((trust->ways = X509_STORE_new()) == NULL) {
        tg_free(trust);
        return NULL;
    }
    X509_STORE_set_check_issued(trust->ways, is_issuer);
    return trust;
}

void
attest_trust_free(struct attest_trust *trust)
{
    if (trust == NULL)
        return;
    for (size_t i = 0; i < trust->root_count; i++)
        X509_free(trust->roots[i]);
    X509_STORE_free(trust->ways);
    tg_free(trust->roots);
    tg_free(trust->revoked);
    tg_free(trust);
}

size_t
attest_trust_root_count(const struct attest_trust *trust)
{
    return trust->root_count;
}

int
trust_serial_compare(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct trust_serial));
}

bool
trust_serial_set(struct trust_serial *serial, struct tg_span number)
{
    if (number.len > sizeof(serial->bytes))
        return false;
    *serial = (struct trust_serial){{0}};
    if (number.len > 0)
        memcpy(serial->bytes + sizeof(serial->bytes) - number.len, number.ptr,
               number.len);
    return true;
}

static bool
is_revoked(const struct attest_trust *trust, const X509 *certificate)
{
    const ASN1_INTEGER *number = X509_get0_serialNumber(certificate);
    struct trust_serial serial;

    return trust->revoked_count > 0 &&
           trust_serial_set(
               &serial, (struct tg_span){ASN1_STRING_get0_data(number),
                                         (size_t)ASN1_STRING_length(number)}) &&
           bsearch(&serial, trust->revoked, trust->revoked_count,
                   sizeof(serial), trust_serial_compare) != NULL;
}

static bool
is_self_issued(const X509 *certificate)
{
    return X509_NAME_cmp(X509_get_subject_name(certificate),
                         X509_get_issuer_name(certificate)) == 0;
}

/* The root, or it once more: authorities renew certificates of their keys, and
 * devices go on sending the one that they were made with. */
static bool
is_same_authority(const X509 *sent, const X509 *root)
{
    return X509_NAME_cmp(X509_get_subject_name(sent),
                         X509_get_subject_name(root)) == 0 &&
           EVP_PKEY_eq(X509_get0_pubkey(sent), X509_get0_pubkey(root)) == 1;
}

static bool
has_issued(X509 *issuer, X509 *certificate)
{
    return !is_self_issued(certificate) &&
           X509_check_issued(issuer, certificate) == X509_V_OK &&
           X509_verify(certificate, X509_get0_pubkey(issuer)) == 1;
}

/* Every certificate that was sent has its place: in the path, or above a root
 * that others have issued. */
static bool
is_path(const struct certificate_chain *chain, const STACK_OF(X509) * path)
{
    size_t last = (size_t)sk_X509_num(path) - 1;

    for (size_t i = 0; i < chain->count; i++) {
        X509 *sent = chain->certificates[i];

        if (i < last    ? X509_cmp(sent, sk_X509_value(path, (int)i)) != 0
            : i == last ? !is_same_authority(sent, sk_X509_value(path, (int)i))
                        : !has_issued(sent, chain->certificates[i - 1]))
            return false;
    }
    return true;
}

static bool
has_revoked(const struct attest_trust *trust,
            const struct certificate_chain *chain, const X509 *root)
{
    for (size_t i = 0; i < chain->count; i++) {
        if (is_revoked(trust, chain->certificates[i]))
            return true;
    }
    return is_revoked(trust, root);
}

static void
set_rules(X509_STORE_CTX *ctx, tg_time_s now)
{
    X509_VERIFY_PARAM *rules = X509_STORE_CTX_get0_param(ctx);

    X509_VERIFY_PARAM_set_time(rules, (time_t)now);
    X509_VERIFY_PARAM_set_depth(rules, ATTEST_CHAIN_MOST);
    X509_VERIFY_PARAM_set_auth_level(rules, SECURITY_LEVEL);
    X509_STORE_CTX_set_flags(ctx, X509_V_FLAG_PARTIAL_CHAIN);
}

static enum attest_reason
judge_path(const struct attest_trust *trust, X509 *root,
           const struct certificate_chain *chain, X509_STORE_CTX *ctx)
{
    const STACK_OF(X509) * path;

    if (X509_verify_cert(ctx) != 1)
        return X509_STORE_CTX_get_error(ctx) == X509_V_ERR_OUT_OF_MEM
                   ? ATTEST_UNAVAILABLE
                   : ATTEST_CHAIN;
    path = X509_STORE_CTX_get0_chain(ctx);
    if (!is_path(chain, path))
        return ATTEST_CHAIN;
    if (has_revoked(trust, chain, root))
        return ATTEST_REVOKED;
    return ATTEST_FINE;
}

static enum attest_reason
check_under(const struct attest_trust *trust, X509 *root,
            const struct certificate_chain *chain, tg_time_s now)
{
    enum attest_reason reason = ATTEST_UNAVAILABLE;
    STACK_OF(X509) *roots = sk_X509_new_null();
    STACK_OF(X509) *others = sk_X509_new_null();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();

    if (roots == NULL || others == NULL || ctx == NULL ||
        sk_X509_push(roots, root) == 0)
        goto out;
    for (size_t i = 1; i < chain->count; i++) {
        if (sk_X509_push(others, chain->certificates[i]) == 0)
            goto out;
    }
    if (X509_STORE_CTX_init(ctx, trust->ways, chain->certificates[0], others) !=
        1)
        goto out;
    X509_STORE_CTX_set0_trusted_stack(ctx, roots);
    set_rules(ctx, now);
    reason = judge_path(trust, root, chain, ctx);
out:
    X509_STORE_CTX_free(ctx);
    sk_X509_free(others);
    sk_X509_free(roots);
    return reason;
}

/* Whether somebody in the chain is this root, or says to be issued by it. */
static bool
is_named(const X509 *root, const struct certificate_chain *chain)
{
    const X509_NAME *name = X509_get_subject_name(root);

    for (size_t i = 0; i < chain->count; i++) {
        const X509 *sent = chain->certificates[i];

        if (X509_NAME_cmp(X509_get_issuer_name(sent), name) == 0 ||
            X509_cmp(sent, root) == 0)
            return true;
    }
    return false;
}

enum attest_reason
attest_trust_check(const struct attest_trust *trust,
                   const struct certificate_chain *chain, tg_time_s now)
{
    enum attest_reason reason = ATTEST_CHAIN;

    for (size_t i = 0; i < trust->root_count && reason != ATTEST_FINE; i++) {
        enum attest_reason found;

        if (!is_named(trust->roots[i], chain))
            continue;
        found = check_under(trust, trust->roots[i], chain, now);
        if (found != ATTEST_CHAIN)
            reason = found;
    }
    ERR_clear_error();
    return reason;
}
