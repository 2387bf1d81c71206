/* certificate.h on OpenSSL.
 *
 * Certificates come from anybody, so what OpenSSL would work on for long is
 * refused before it does: see is_small() and has_usual_key().
 */
#include "attest/certificate.h"

#include <string.h>

#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include "attest/der.h"
#include "attest/flawed.h"
#include "attest/library.h"

#define OID_FIDO_AAGUID "1.3.6.1.4.1.45724.1.1.4"

enum {
    VERSION_3 = 2, /* RFC 5280 §4.1.2.1: counted from 0 */
    BUDGET = 720,  /* items of DER in a chain; one has some hundred */
    SET_COST = 3   /* one of a name, which is kept three times */
};

/* One item of DER costs this much. */
static bool
pay(size_t *budget, bool is_set)
{
    size_t cost = is_set ? SET_COST : 1;

    if (*budget < cost)
        return false;
    *budget -= cost;
    return true;
}

/* OpenSSL also reads what is inside of some extensions, as far as it can:
 * whatever looks like BER there counts, and need not be. */
static bool
is_small_inside(struct tg_span bytes, size_t *budget)
{
    const unsigned char *at = bytes.ptr;
    const unsigned char *end = bytes.ptr + bytes.len;

    while (at < end) {
        int tag, class_, form;
        long len;

        form = ASN1_get_object(&at, &len, &tag, &class_, end - at);
        if ((form & 0x80) != 0)
            return true;
        if (!pay(budget, class_ == V_ASN1_UNIVERSAL && tag == V_ASN1_SET))
            return false;
        if ((form & V_ASN1_CONSTRUCTED) == 0)
            at += len;
    }
    return true;
}

/* DER that costs no more than is left in *budget: OpenSSL makes an object of
 * some fifty bytes of each item, and two bytes make an item. OpenSSL alone
 * would read lengths that are longer than necessary, too, so that one
 * certificate could come in many forms. */
static bool
is_small(struct tg_span der, size_t *budget)
{
    const uint8_t *end = der.ptr + der.len;

    while (der.len > 0) {
        struct der_item item;
        bool is_universal;

        if (der_take(&der, &item) != TG_OK)
            return false;
        is_universal = item.class_ == DER_UNIVERSAL;
        if (!pay(budget, is_universal && item.tag == DER_SET))
            return false;
        if (item.is_constructed) /* what is in it comes next */
            der = (struct tg_span){item.content.ptr,
                                   (size_t)(end - item.content.ptr)};
        else if (is_universal && item.tag == DER_OCTETS &&
                 !is_small_inside(item.content, budget))
            return false;
    }
    return true;
}

static bool
is_usual_rsa(const EVP_PKEY *key)
{
    BIGNUM *e = NULL;
    bool is = EVP_PKEY_get_bits(key) <= COSE_RSA_BITS_MOST &&
              EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &e) == 1 &&
              BN_num_bits(e) <= COSE_RSA_EXPONENT_BITS_MOST;

    BN_free(e);
    return is;
}

/* A curve that is spelled out in numbers is an attacker's choice. */
static bool
is_usual_ec(const EVP_PKEY *key)
{
    static const char *const curves[] = {SN_X9_62_prime256v1, SN_secp384r1,
                                         SN_secp521r1};
    char name[32];
    int is_explicit = 1;

    if (EVP_PKEY_get_int_param(key,
                               OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS,
                               &is_explicit) != 1 ||
        is_explicit != 0 ||
        EVP_PKEY_get_group_name(key, name, sizeof(name), NULL) != 1)
        return false;
    for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
        if (strcmp(name, curves[i]) == 0)
            return true;
    }
    return false;
}

static bool
has_usual_key(const X509 *certificate)
{
    const EVP_PKEY *key = X509_get0_pubkey(certificate);

    if (key == NULL)
        return false;
    if (EVP_PKEY_is_a(key, "RSA") == 1)
        return is_usual_rsa(key);
    if (EVP_PKEY_is_a(key, "EC") == 1)
        return is_usual_ec(key);
    return EVP_PKEY_is_a(key, "ED25519") == 1 ||
           EVP_PKEY_is_a(key, "ED448") == 1;
}

/* RFC 5280 §4.2: no extension comes twice, whether it is known here or not. */
static bool
has_extensions_once(const X509 *certificate)
{
    int count = X509_get_ext_count(certificate);

    for (int i = 0; i + 1 < count; i++) {
        const ASN1_OBJECT *oid =
            X509_EXTENSION_get_object(X509_get_ext(certificate, i));

        if (X509_get_ext_by_OBJ(certificate, oid, i) >= 0)
            return false;
    }
    return true;
}

static enum attest_reason
read_one(struct tg_span der, X509 **out)
{
    uint8_t room[FLAWED_MOST];
    X509 *certificate;

    (void)flawed_mend(der, room, &der);
    certificate = library_certificate(der);
    if (certificate == NULL)
        return ERR_GET_REASON(ERR_peek_last_error()) == ERR_R_MALLOC_FAILURE
                   ? ATTEST_UNAVAILABLE
                   : ATTEST_CERTIFICATE;
    if (!has_usual_key(certificate) || !has_extensions_once(certificate)) {
        X509_free(certificate);
        return ATTEST_CERTIFICATE;
    }
    *out = certificate;
    return ATTEST_FINE;
}

enum attest_reason
certificate_bytes_find(const struct cbor_item *att_stmt,
                       struct certificate_bytes *out)
{
    size_t budget = BUDGET;
    struct cbor_item x5c;

    if (!cbor_member(att_stmt, "x5c", &x5c) || x5c.kind != CBOR_ARRAY ||
        x5c.count == 0 || x5c.count > ATTEST_CHAIN_MOST)
        return ATTEST_STATEMENT;
    for (size_t i = 0; i < x5c.count; i++) {
        struct cbor_item item;

        if (!cbor_element(&x5c, i, &item) || item.kind != CBOR_BYTES)
            return ATTEST_STATEMENT;
        if (!is_small(item.content, &budget))
            return ATTEST_CERTIFICATE;
        out->der[i] = item.content;
    }
    out->count = x5c.count;
    return ATTEST_FINE;
}

enum attest_reason
certificate_chain_add(struct certificate_chain *chain,
                      const struct certificate_bytes *bytes, size_t end)
{
    enum attest_reason reason = ATTEST_FINE;

    while (chain->count < end && reason == ATTEST_FINE) {
        reason = read_one(bytes->der[chain->count],
                          &chain->certificates[chain->count]);
        chain->count += reason == ATTEST_FINE;
    }
    ERR_clear_error();
    return reason;
}

enum attest_reason
certificate_chain_read(const struct cbor_item *att_stmt,
                       struct certificate_chain *out)
{
    struct certificate_chain chain = {0};
    struct certificate_bytes bytes;
    enum attest_reason reason;

    if ((reason = certificate_bytes_find(att_stmt, &bytes)) != ATTEST_FINE)
        return reason;
    reason = certificate_chain_add(&chain, &bytes, bytes.count);
    if (reason == ATTEST_FINE)
        *out = chain;
    else
        certificate_chain_done(&chain);
    return reason;
}

void
certificate_chain_done(struct certificate_chain *chain)
{
    for (size_t i = 0; i < chain->count; i++)
        X509_free(chain->certificates[i]);
    X509_free(chain->known.anchor);
    X509_free(chain->known.root);
    *chain = (struct certificate_chain){0};
}

/* How many extensions have this OID, up to two; *out: the first. */
static int
find_extension(const X509 *certificate, const char *oid, X509_EXTENSION **out)
{
    ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
    int found = 0;
    int at;

    if (object == NULL)
        return 2; /* nothing can be said of it: nobody may rely on it */
    at = X509_get_ext_by_OBJ(certificate, object, -1);
    if (at >= 0) {
        *out = X509_get_ext(certificate, at);
        found = X509_get_ext_by_OBJ(certificate, object, at) >= 0 ? 2 : 1;
    }
    ASN1_OBJECT_free(object);
    return found;
}

bool
certificate_has_extension(const X509 *certificate, const char *oid)
{
    X509_EXTENSION *extension = NULL;

    return find_extension(certificate, oid, &extension) != 0;
}

static struct tg_span
content_of(X509_EXTENSION *extension)
{
    const ASN1_OCTET_STRING *data = X509_EXTENSION_get_data(extension);

    return (struct tg_span){ASN1_STRING_get0_data(data),
                            (size_t)ASN1_STRING_length(data)};
}

bool
certificate_extension(const X509 *certificate, const char *oid,
                      struct tg_span *out, bool *is_critical)
{
    X509_EXTENSION *extension = NULL;

    if (find_extension(certificate, oid, &extension) != 1)
        return false;
    *out = content_of(extension);
    *is_critical = X509_EXTENSION_get_critical(extension) != 0;
    return true;
}

bool
certificate_is_end_entity(X509 *certificate)
{
    uint32_t flags = X509_get_extension_flags(certificate);

    return X509_get_version(certificate) == VERSION_3 &&
           (flags & EXFLAG_BCONS) != 0 &&
           (flags & (EXFLAG_CA | EXFLAG_INVALID)) == 0;
}

bool
certificate_agrees_on_aaguid(const X509 *certificate,
                             const uint8_t aaguid[AAGUID_LEN])
{
    static const uint8_t head[] = {V_ASN1_OCTET_STRING, AAGUID_LEN};
    X509_EXTENSION *extension = NULL;
    int found = find_extension(certificate, OID_FIDO_AAGUID, &extension);
    struct tg_span content;

    if (found == 0)
        return true;
    if (found > 1 || X509_EXTENSION_get_critical(extension) != 0)
        return false;
    content = content_of(extension);
    return content.len == sizeof(head) + AAGUID_LEN &&
           memcmp(content.ptr, head, sizeof(head)) == 0 &&
           memcmp(content.ptr + sizeof(head), aaguid, AAGUID_LEN) == 0;
}

bool
certificate_has_key(const X509 *certificate, const EVP_PKEY *key)
{
    const EVP_PKEY *own = X509_get0_pubkey(certificate);
    bool has = own != NULL && EVP_PKEY_eq(own, key) == 1;

    ERR_clear_error();
    return has;
}
