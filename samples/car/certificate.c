/* See certificate.h; the private extensions are in extensions.c. */
#include "certificate.h"

#include <stdio.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "device_key.h"
#include "extensions.h"

enum { SERIAL_LEN = 16 };

/* RFC 5280 §4.1.2.2: positive and unique; 127 random bits are. */
static bool
set_serial(X509 *certificate)
{
    uint8_t bytes[SERIAL_LEN];
    BIGNUM *number;
    bool done;

    if (RAND_bytes(bytes, sizeof(bytes)) != 1)
        return false;
    bytes[0] &= 0x7f;
    number = BN_bin2bn(bytes, sizeof(bytes), NULL);
    done = number != NULL &&
           BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
    BN_free(number);
    return done;
}

static bool
add_name(X509_NAME *name, const char *kind, const char *value)
{
    return X509_NAME_add_entry_by_txt(name, kind, MBSTRING_UTF8,
                                      (const unsigned char *)value, -1, -1,
                                      0) == 1;
}

/* Its own name, and its issuer's: the same for one that signs itself. */
static bool
set_names(X509 *certificate, const struct certificate_order *order,
          const X509 *issuer)
{
    X509_NAME *name = X509_NAME_new();
    const X509_NAME *issued_by =
        issuer == NULL ? name : X509_get_subject_name(issuer);
    char fingerprint[DEVICE_KEY_FINGERPRINT];
    bool done = name != NULL &&
                device_key_fingerprint(order->key, fingerprint) == TG_OK &&
                add_name(name, "CN", order->subject) &&
                add_name(name, "serialNumber", fingerprint) &&
                X509_set_subject_name(certificate, name) == 1 &&
                X509_set_issuer_name(certificate, issued_by) == 1;

    X509_NAME_free(name);
    return done;
}

static bool
set_validity(X509 *certificate, const struct certificate_order *order)
{
    const struct grant *grant = order->grant;
    moment from = grant == NULL ? order->not_before : grant->not_before;
    moment until = grant == NULL ? order->not_after : grant->not_after;

    return ASN1_TIME_set(X509_getm_notBefore(certificate), from) != NULL &&
           ASN1_TIME_set(X509_getm_notAfter(certificate), until) != NULL;
}

/* One of the standard extensions, by OpenSSL's own notation. */
static bool
add_standard(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509_EXTENSION *extension;
    X509V3_CTX context;
    bool done;

    X509V3_set_ctx(&context, issuer == NULL ? certificate : issuer,
                   certificate, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    done = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return done;
}

static bool
add_extensions(X509 *certificate, X509 *issuer,
               const struct certificate_order *order)
{
    int path_length = order->grant == NULL ? order->path_length
                                           : (int)order->grant->sharing - 1;
    const char *usage = path_length == CERTIFICATE_LEAF
                            ? "critical,digitalSignature"
                            : "critical,digitalSignature,keyCertSign";
    char constraint[64];

    if (path_length == CERTIFICATE_LEAF)
        snprintf(constraint, sizeof(constraint), "critical,CA:FALSE");
    else
        snprintf(constraint, sizeof(constraint), "critical,CA:TRUE,pathlen:%d",
                 path_length);
    return add_standard(certificate, issuer, NID_basic_constraints,
                        constraint) &&
           add_standard(certificate, issuer, NID_key_usage, usage) &&
           add_standard(certificate, issuer, NID_subject_key_identifier,
                        "hash") &&
           add_standard(certificate, issuer, NID_authority_key_identifier,
                        "keyid:always") &&
           (order->grant == NULL ||
            (extensions_add_usage(certificate) &&
             extensions_add(certificate, order->grant)));
}

enum tg_err
certificate_issue(const struct certificate_order *order, X509 *issuer,
                  EVP_PKEY *issuer_key, X509 **out)
{
    X509 *certificate = X509_new();

    if (certificate == NULL)
        return TG_E_NOMEM;
    if (X509_set_version(certificate, X509_VERSION_3) != 1 ||
        !set_serial(certificate) || !set_names(certificate, order, issuer) ||
        !set_validity(certificate, order) ||
        X509_set_pubkey(certificate, order->key) != 1 ||
        !add_extensions(certificate, issuer, order) ||
        X509_sign(certificate, issuer_key, EVP_sha256()) == 0) {
        X509_free(certificate);
        return TG_E_CRYPTO;
    }
    *out = certificate;
    return TG_OK;
}

static bool
time_is(const ASN1_TIME *time, moment when)
{
    return ASN1_TIME_cmp_time_t(time, when) == 0;
}

/* That the critical key usage is that of a key which may issue, or may not,
 * and no other: the bits digitalSignature (0) and keyCertSign (5).
 * Source: RFC 5280 §4.2.1.3. */
static bool
has_key_usage(const X509 *certificate, bool may_issue)
{
    int critical = 0;
    ASN1_BIT_STRING *usage =
        X509_get_ext_d2i(certificate, NID_key_usage, &critical, NULL);
    bool has = usage != NULL && critical == 1 &&
               ASN1_STRING_length(usage) == 1 &&
               ASN1_STRING_get0_data(usage)[0] == (may_issue ? 0x84 : 0x80);

    ASN1_BIT_STRING_free(usage);
    return has;
}

/* RFC 5280 §4.2.1.9: critical; a CA of ours always has a path length. */
static bool
read_sharing(const X509 *certificate, struct grant *out)
{
    int critical = 0;
    BASIC_CONSTRAINTS *constraints =
        X509_get_ext_d2i(certificate, NID_basic_constraints, &critical, NULL);
    bool fine = constraints != NULL && critical == 1 &&
                (constraints->ca != 0) == (constraints->pathlen != NULL);
    int64_t path_length = CERTIFICATE_LEAF;

    if (fine && constraints->ca != 0)
        fine =
            ASN1_INTEGER_get_int64(&path_length, constraints->pathlen) == 1 &&
            path_length >= 0 && path_length < GRANT_SHARING_MAX;
    BASIC_CONSTRAINTS_free(constraints);
    if (!fine || !has_key_usage(certificate, path_length >= 0))
        return false;
    out->sharing = (unsigned)(path_length + 1);
    return true;
}

enum refusal
certificate_grant(const X509 *certificate, struct grant *out)
{
    struct grant grant;

    if (!extensions_read(certificate, &grant) ||
        !read_sharing(certificate, &grant))
        return REFUSAL_FORMAT;
    if (!time_is(X509_get0_notBefore(certificate), grant.not_before) ||
        !time_is(X509_get0_notAfter(certificate), grant.not_after))
        return REFUSAL_FORMAT;
    *out = grant;
    return REFUSAL_NONE;
}

static enum refusal
refusal_of(int verify_error)
{
    switch (verify_error) {
    case X509_V_ERR_CERT_NOT_YET_VALID: return REFUSAL_TOO_EARLY;
    case X509_V_ERR_CERT_HAS_EXPIRED: return REFUSAL_TOO_LATE;
    default: return REFUSAL_CHAIN;
    }
}

/* The path that X.509 (RFC 5280 §6) finds from the leaf to the root and is
 * satisfied with; NULL, and why, if there is none. */
static STACK_OF(X509) *
find_path(STACK_OF(X509) *chain, X509 *root, moment now, enum refusal *why)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    X509_VERIFY_PARAM *param;
    STACK_OF(X509) *path = NULL;

    *why = REFUSAL_CHAIN;
    if (store == NULL || context == NULL ||
        X509_STORE_add_cert(store, root) != 1 ||
        X509_STORE_CTX_init(context, store, sk_X509_value(chain, 0),
                            chain) != 1)
        goto out;
    param = X509_STORE_CTX_get0_param(context);
    X509_VERIFY_PARAM_set_time(param, now);
    X509_VERIFY_PARAM_set_depth(param, CERTIFICATE_CHAIN_MAX - 1);
    if (X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_X509_STRICT) != 1)
        goto out;
    if (X509_verify_cert(context) == 1)
        path = X509_STORE_CTX_get1_chain(context);
    else
        *why = refusal_of(X509_STORE_CTX_get_error(context));
out:
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    return path;
}

/* What X.509 cannot judge: our usage, the curve, and that no certificate of
 * the path gives what its issuer does not have. Only the root has no grant. */
static enum refusal
check_grants(STACK_OF(X509) *path, struct grant *out)
{
    int issued = sk_X509_num(path) - 1;
    struct grant outer = {0};

    if (issued < 1)
        return REFUSAL_CHAIN; /* a root is no key */
    for (int i = issued - 1; i >= 0; i--) {
        X509 *certificate = sk_X509_value(path, i);
        struct grant inner;
        enum refusal why;

        if (!extensions_has_usage(certificate) ||
            device_key_check(X509_get0_pubkey(certificate)) != TG_OK)
            return REFUSAL_CHAIN;
        if ((why = certificate_grant(certificate, &inner)) != REFUSAL_NONE)
            return why;
        if (i < issued - 1 && !grant_within(&inner, &outer))
            return REFUSAL_BEYOND;
        outer = inner;
    }
    *out = outer;
    return REFUSAL_NONE;
}

/* That X.509 has gone through all of `chain`, in its order: who looks at the
 * chain afterwards (for keys that were revoked, for uses) sees what was judged.
 */
static bool
is_path(STACK_OF(X509) *chain, STACK_OF(X509) *path)
{
    int len = sk_X509_num(chain);

    if (sk_X509_num(path) != len + 1)
        return false;
    for (int i = 0; i < len; i++)
        if (X509_cmp(sk_X509_value(chain, i), sk_X509_value(path, i)) != 0)
            return false;
    return true;
}

enum refusal
certificate_check(STACK_OF(X509) *chain, X509 *root, moment now,
                  struct grant *out)
{
    STACK_OF(X509) *path;
    enum refusal why;

    if (sk_X509_num(chain) < 1 || sk_X509_num(chain) > CERTIFICATE_CHAIN_MAX)
        return REFUSAL_CHAIN;
    if ((path = find_path(chain, root, now, &why)) == NULL)
        return why;
    why = is_path(chain, path) ? check_grants(path, out) : REFUSAL_CHAIN;
    certificate_free_chain(path);
    return why;
}

enum tg_err
certificate_to_der(const X509 *certificate, struct text *out)
{
    uint8_t *der = NULL;
    int len = i2d_X509(certificate, &der);
    enum tg_err err;

    if (len <= 0)
        return TG_E_NOMEM;
    err = text_copy((struct tg_span){der, (size_t)len}, out);
    OPENSSL_free(der);
    return err;
}

enum tg_err
certificate_from_der(struct tg_span der, X509 **out)
{
    const uint8_t *at = der.ptr;
    X509 *certificate;

    if (der.len == 0 || der.len > CERTIFICATE_DER_MAX)
        return TG_E_FORMAT;
    if ((certificate = d2i_X509(NULL, &at, (long)der.len)) == NULL)
        return TG_E_FORMAT;
    if (at != der.ptr + der.len) {
        X509_free(certificate);
        return TG_E_FORMAT;
    }
    *out = certificate;
    return TG_OK;
}

enum tg_err
certificate_to_pem(const X509 *certificate, struct text *out)
{
    BIO *bio = BIO_new(BIO_s_mem());
    enum tg_err err = TG_E_NOMEM;
    char *pem;
    long len;

    if (bio != NULL && PEM_write_bio_X509(bio, certificate) == 1 &&
        (len = BIO_get_mem_data(bio, &pem)) > 0)
        err = text_copy((struct tg_span){(const uint8_t *)pem, (size_t)len},
                        out);
    BIO_free(bio);
    return err;
}

void
certificate_free_chain(STACK_OF(X509) *chain)
{
    sk_X509_pop_free(chain, X509_free);
}

enum tg_err
certificate_from_pem(struct tg_span pem, STACK_OF(X509) **out)
{
    BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    STACK_OF(X509) *chain = sk_X509_new_null();
    enum tg_err err = TG_E_NOMEM;
    X509 *next = NULL;

    if (bio == NULL || chain == NULL)
        goto out;
    while ((next = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
        err = TG_E_LIMIT;
        if (sk_X509_num(chain) > CERTIFICATE_CHAIN_MAX)
            goto out;
        if (sk_X509_push(chain, next) == 0)
            goto out;
    }
    err = TG_E_FORMAT;
    if (sk_X509_num(chain) == 0)
        goto out;
    err = TG_OK;
    *out = chain;
    chain = NULL;
out:
    X509_free(next);
    certificate_free_chain(chain);
    BIO_free(bio);
    return err;
}
