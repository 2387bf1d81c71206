/* Is there a path from a device's certificate to somebody the operator trusts?
 *
 * OpenSSL judges paths (RFC 5280 §6.1), and sees one root at a time: of two
 * with the same name it would take the first and not come back for the other.
 * It is not told X509_V_FLAG_X509_STRICT, since the certificates that Android's
 * hardware issues lack the authority key identifier which that flag wants.
 * Reading files is in trust_file.c.
 */
#include "attest/trust.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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
    trust->ways = X509_STORE_new();
    trust->issuers = issuers_new();
    if (trust->ways == NULL || trust->issuers == NULL) {
        attest_trust_free(trust);
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
    issuers_free(trust->issuers);
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

/* A certificate below the one that `anchor` has issued was not signed by who
 * it says. Each that was sent has its place in every path, or somebody with its
 * key has, so that no other anchor makes it right. */
static bool
is_wrong_below(X509_STORE_CTX *ctx)
{
    int anchor = sk_X509_num(X509_STORE_CTX_get0_chain(ctx)) - 1;

    return X509_STORE_CTX_get_error(ctx) ==
               X509_V_ERR_CERT_SIGNATURE_FAILURE &&
           X509_STORE_CTX_get_error_depth(ctx) < anchor - 1;
}

/* The path that OpenSSL finds valid, from the first certificate up to `anchor`,
 * with the others up to `count` between them. *path: on ATTEST_FINE to be
 * released with free_path(). ATTEST_CHAIN, ATTEST_SIGNATURE (there is none with
 * any other anchor either), ATTEST_UNAVAILABLE. */
static enum attest_reason
find_path(const struct attest_trust *trust,
          const struct certificate_chain *chain, size_t count, X509 *anchor,
          tg_time_s now, STACK_OF(X509) **path)
{
    enum attest_reason reason = ATTEST_UNAVAILABLE;
    STACK_OF(X509) *anchors = sk_X509_new_null();
    STACK_OF(X509) *others = sk_X509_new_null();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();

    if (anchors == NULL || others == NULL || ctx == NULL ||
        sk_X509_push(anchors, anchor) == 0)
        goto out;
    for (size_t i = 1; i < count; i++) {
        if (sk_X509_push(others, chain->certificates[i]) == 0)
            goto out;
    }
    if (X509_STORE_CTX_init(ctx, trust->ways, chain->certificates[0], others) !=
        1)
        goto out;
    X509_STORE_CTX_set0_trusted_stack(ctx, anchors);
    set_rules(ctx, now);
    if (X509_verify_cert(ctx) == 1)
        reason = (*path = X509_STORE_CTX_get1_chain(ctx)) != NULL
                     ? ATTEST_FINE
                     : ATTEST_UNAVAILABLE;
    else if (X509_STORE_CTX_get_error(ctx) != X509_V_ERR_OUT_OF_MEM)
        reason = is_wrong_below(ctx) ? ATTEST_SIGNATURE : ATTEST_CHAIN;
out:
    X509_STORE_CTX_free(ctx);
    sk_X509_free(others);
    sk_X509_free(anchors);
    return reason;
}

static void
free_path(STACK_OF(X509) * path)
{
    sk_X509_pop_free(path, X509_free);
}

/* ---- issuers that are known ---------------------------------------------- */

/* What it says bears on certificates further down than the next one: on names
 * (RFC 5280 §4.2.1.10), addresses and systems (RFC 3779). So nothing can be
 * said of it without them. The length of paths is below. */
static bool
bears_on_all_below(const X509 *certificate)
{
    static const int extensions[] = {NID_name_constraints, NID_sbgp_ipAddrBlock,
                                     NID_sbgp_autonomousSysNum};

    for (size_t i = 0; i < sizeof(extensions) / sizeof(extensions[0]); i++) {
        if (X509_get_ext_by_NID(certificate, extensions[i], -1) >= 0)
            return true;
    }
    return false;
}

static bool
time_of(const ASN1_TIME *time, tg_time_s *out)
{
    struct tm tm = {0};

    if (ASN1_TIME_to_tm(time, &tm) != 1)
        return false;
    *out = timegm(&tm);
    return true;
}

/* It is no longer than this certificate's that a path is valid. */
static bool
narrow(struct certificate_path *path, const X509 *certificate)
{
    tg_time_s from, until;

    if (!time_of(X509_get0_notBefore(certificate), &from) ||
        !time_of(X509_get0_notAfter(certificate), &until))
        return false;
    if (path->from < from)
        path->from = from;
    if (path->until > until)
        path->until = until;
    return true;
}

/* A path from a chain was valid: so is what of it is above the device's own,
 * until a certificate of it expires. Nobody there may have judged less than it
 * will have to next time: a certificate that issues its own successors does not
 * count where the length of a path is limited (RFC 5280 §4.2.1.9). */
static void
remember(const struct attest_trust *trust,
         const struct certificate_chain *chain, const STACK_OF(X509) * path)
{
    struct certificate_path known = {.from = INT64_MIN, .until = INT64_MAX};
    size_t count = (size_t)sk_X509_num(path);

    if (chain->own == 0 || chain->count <= chain->own || count <= chain->own)
        return;
    for (size_t i = 1; i < chain->own; i++) {
        if (is_self_issued(sk_X509_value(path, (int)i)))
            return;
    }
    for (size_t i = chain->own; i < count; i++) {
        const X509 *issuer = sk_X509_value(path, (int)i);

        if (bears_on_all_below(issuer) || !narrow(&known, issuer))
            return;
    }
    known.anchor = sk_X509_value(path, (int)chain->own);
    known.root = sk_X509_value(path, (int)count - 1);
    issuers_keep(trust->issuers, chain, &known);
}

/* The issuers are known, and the device's own certificates are right below
 * them. If not, it is for the whole path to say what is wrong. */
static bool
is_below_known(const struct attest_trust *trust,
               const struct certificate_chain *chain, tg_time_s now)
{
    const struct certificate_path *known = &chain->known;
    STACK_OF(X509) * path;
    bool is;

    if (known->anchor == NULL || now < known->from || now >= known->until ||
        find_path(trust, chain, chain->own, known->anchor, now, &path) !=
            ATTEST_FINE)
        return false;
    is = (size_t)sk_X509_num(path) == chain->own + 1;
    for (size_t i = 0; i < chain->own && is; i++)
        is = X509_cmp(chain->certificates[i], sk_X509_value(path, (int)i)) == 0;
    is = is && !has_revoked(trust, chain, known->root);
    free_path(path);
    return is;
}

enum attest_reason
attest_trust_read(const struct attest_trust *trust,
                  const struct cbor_item *att_stmt, size_t own,
                  struct certificate_chain *out)
{
    struct certificate_chain chain = {.own = own};
    struct certificate_bytes bytes;
    enum attest_reason reason;

    assert(own > 0);
    if ((reason = certificate_bytes_find(att_stmt, &bytes)) != ATTEST_FINE)
        return reason;
    if (issuers_name(&bytes, own, chain.issuers) != TG_OK) {
        chain.own = 0;
        own = bytes.count;
    }
    reason = certificate_chain_add(&chain, &bytes, own);
    if (reason == ATTEST_FINE && chain.count < bytes.count &&
        !issuers_find(trust->issuers, &chain))
        reason = certificate_chain_add(&chain, &bytes, bytes.count);
    if (reason == ATTEST_FINE)
        *out = chain;
    else
        certificate_chain_done(&chain);
    return reason;
}

/* ---- the whole path ------------------------------------------------------ */

static enum attest_reason
check_under(const struct attest_trust *trust, X509 *root,
            const struct certificate_chain *chain, tg_time_s now)
{
    enum attest_reason reason;
    STACK_OF(X509) * path;

    reason = find_path(trust, chain, chain->count, root, now, &path);
    if (reason != ATTEST_FINE)
        return reason;
    if (!is_path(chain, path))
        reason = ATTEST_CHAIN;
    else if (has_revoked(trust, chain, root))
        reason = ATTEST_REVOKED;
    else
        remember(trust, chain, path);
    free_path(path);
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
    size_t tried = 0;

    if (is_below_known(trust, chain, now))
        return ATTEST_FINE;
    for (size_t i = 0; i < trust->root_count && reason != ATTEST_FINE &&
                       reason != ATTEST_SIGNATURE &&
                       tried < TRUST_NAMESAKES_MOST;
         i++) {
        enum attest_reason found;

        if (!is_named(trust->roots[i], chain))
            continue;
        tried++;
        found = check_under(trust, trust->roots[i], chain, now);
        if (found != ATTEST_CHAIN)
            reason = found;
    }
    ERR_clear_error();
    return reason == ATTEST_SIGNATURE ? ATTEST_CHAIN : reason;
}
