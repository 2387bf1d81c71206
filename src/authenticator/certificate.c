/* See certificate.h. */
#include "authenticator/certificate.h"

#include <stdbool.h>
#include <time.h>

#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

enum {
    SERIAL_BITS = 127, /* RFC 5280 §4.1.2.2: positive, at most 20 bytes */
    VERSION_3 = 2,     /* §4.1.2.1: counted from 0 */
    NONCE_LEN = 32,
    ROOT_DAYS = 3650
};

#define COUNTRY "ZZ" /* ISO 3166: nobody's */
#define MAKER "Tigress software authenticator, for development only"
#define OID_AAGUID "1.3.6.1.4.1.45724.1.1.4"
#define OID_APPLE_NONCE "1.2.840.113635.100.8.2"

const uint8_t certificate_aaguid[CERTIFICATE_AAGUID_LEN] = {
    0x5d, 0x1e, 0x7c, 0x0a, 0x93, 0x46, 0x4f, 0x0b,
    0xa8, 0x2b, 0x60, 0xf3, 0x17, 0xc9, 0xe4, 0x52};

EVP_PKEY *
certificate_new_key(void)
{
    return EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
}

/* ---- parts ------------------------------------------------------------- */

static bool
add_name(X509_NAME *name, const char *field, const char *value)
{
    return X509_NAME_add_entry_by_txt(name, field, V_ASN1_UTF8STRING,
                                      (const unsigned char *)value, -1, -1,
                                      0) == 1;
}

static bool
set_subject(X509 *certificate, const char *unit, const char *common)
{
    X509_NAME *name = X509_get_subject_name(certificate);

    return X509_NAME_add_entry_by_txt(name, "C", V_ASN1_PRINTABLESTRING,
                                      (const unsigned char *)COUNTRY, -1, -1,
                                      0) == 1 &&
           add_name(name, "O", MAKER) &&
           (unit == NULL || add_name(name, "OU", unit)) &&
           add_name(name, "CN", common);
}

static bool
set_serial(X509 *certificate)
{
    BIGNUM *number = BN_new();
    bool ok = number != NULL &&
              BN_rand(number, SERIAL_BITS, BN_RAND_TOP_ONE,
                      BN_RAND_BOTTOM_ANY) == 1 &&
              BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) !=
                  NULL;

    BN_free(number);
    return ok;
}

/* From yesterday on, since clocks differ. */
static bool
set_time(X509 *certificate, long days)
{
    time_t now = time(NULL);

    return ASN1_TIME_adj(X509_getm_notBefore(certificate), now, -1, 0) !=
               NULL &&
           ASN1_TIME_adj(X509_getm_notAfter(certificate), now, (int)days, 0) !=
               NULL;
}

static bool
add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509_EXTENSION *extension;
    X509V3_CTX context;
    bool ok;

    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    ok = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return ok;
}

/* One whose content is `head` and then `rest`, not critical. */
static bool
add_raw(X509 *certificate, const char *oid, struct tg_span head,
        struct tg_span rest)
{
    ASN1_OBJECT *name = OBJ_txt2obj(oid, 1);
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    X509_EXTENSION *extension = NULL;
    struct tg_buf content = TG_BUF_EMPTY;
    bool ok = false;

    if (name == NULL || value == NULL ||
        tg_buf_append(&content, head) != TG_OK ||
        tg_buf_append(&content, rest) != TG_OK ||
        ASN1_OCTET_STRING_set(value, content.ptr, (int)content.len) != 1)
        goto out;
    extension = X509_EXTENSION_create_by_OBJ(NULL, name, 0, value);
    ok = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
out:
    X509_EXTENSION_free(extension);
    tg_buf_free(&content);
    ASN1_OCTET_STRING_free(value);
    ASN1_OBJECT_free(name);
    return ok;
}

/* §8.2.1: id-fido-gen-ce-aaguid, an OCTET STRING. */
static bool
add_aaguid(X509 *certificate)
{
    static const uint8_t head[] = {V_ASN1_OCTET_STRING,
                                   CERTIFICATE_AAGUID_LEN};

    return add_raw(certificate, OID_AAGUID,
                   (struct tg_span)TG_SPAN_ARRAY(head),
                   (struct tg_span)TG_SPAN_ARRAY(certificate_aaguid));
}

/* §8.8: SEQUENCE { [1] EXPLICIT OCTET STRING }. */
static bool
add_nonce(X509 *certificate, const uint8_t nonce[NONCE_LEN])
{
    static const uint8_t head[] = {
        0x30, NONCE_LEN + 4, 0xa1, NONCE_LEN + 2, V_ASN1_OCTET_STRING,
        NONCE_LEN};

    return add_raw(certificate, OID_APPLE_NONCE,
                   (struct tg_span)TG_SPAN_ARRAY(head),
                   (struct tg_span){nonce, NONCE_LEN});
}

/* ---- certificates ------------------------------------------------------ */

X509 *
certificate_make_root(EVP_PKEY *key)
{
    X509 *root = X509_new();

    if (root != NULL && X509_set_version(root, VERSION_3) == 1 &&
        set_serial(root) && set_time(root, ROOT_DAYS) &&
        set_subject(root, NULL, "Root that proves nothing") &&
        X509_set_issuer_name(root, X509_get_subject_name(root)) == 1 &&
        X509_set_pubkey(root, key) == 1 &&
        add_extension(root, root, NID_basic_constraints,
                      "critical,CA:TRUE,pathlen:0") &&
        add_extension(root, root, NID_key_usage,
                      "critical,keyCertSign,cRLSign") &&
        add_extension(root, root, NID_subject_key_identifier, "hash") &&
        X509_sign(root, key, EVP_sha256()) > 0)
        return root;
    X509_free(root);
    return NULL;
}

X509 *
certificate_make_leaf(EVP_PKEY *key, const struct certificate_issuer *issuer,
                      const uint8_t *nonce)
{
    X509 *leaf = X509_new();

    if (leaf != NULL && X509_set_version(leaf, VERSION_3) == 1 &&
        set_serial(leaf) && set_time(leaf, 1) &&
        set_subject(leaf, "Authenticator Attestation",
                    "Device that proves nothing") &&
        X509_set_issuer_name(leaf, X509_get_subject_name(issuer->root)) == 1 &&
        X509_set_pubkey(leaf, key) == 1 &&
        add_extension(leaf, issuer->root, NID_basic_constraints,
                      "critical,CA:FALSE") &&
        add_extension(leaf, issuer->root, NID_key_usage,
                      "critical,digitalSignature") &&
        add_extension(leaf, issuer->root, NID_authority_key_identifier,
                      "keyid:always") &&
        (nonce != NULL ? add_nonce(leaf, nonce) : add_aaguid(leaf)) &&
        X509_sign(leaf, issuer->key, EVP_sha256()) > 0)
        return leaf;
    X509_free(leaf);
    return NULL;
}

enum tg_err
certificate_der(X509 *certificate, struct tg_buf *out)
{
    unsigned char *der = NULL;
    int len = i2d_X509(certificate, &der);
    enum tg_err err;

    if (len <= 0)
        return TG_E_CRYPTO;
    err = tg_buf_append(out, (struct tg_span){der, (size_t)len});
    OPENSSL_free(der);
    return err;
}
