/* See authenticator.h. */
#include "authenticator/authenticator.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>

#include "authenticator/encode.h"
#include "authenticator/maker.h"
#include "base/alloc.h"
#include "crypto/hash.h"
#include "crypto/random.h"

enum {
    COSE_ES256 = -7,
    COORDINATE_LEN = 32,
    CREDENTIAL_ID_LEN = 32,
    SIGNATURE_MAX = 80,
    FLAGS = 0x01 | 0x04 | 0x40 /* user present and verified; a credential */
};

struct authenticator {
    struct maker maker;
    enum authenticator_format format;
    struct tg_attestation_provider provider;
};

/* A statement under way. */
struct draft {
    const struct certificate_issuer *issuer;
    EVP_PKEY *key; /* the credential's */
    struct tg_buf client_data;
    uint8_t client_data_hash[SHA256_LEN];
    struct tg_buf auth_data;
    struct tg_buf object;
};

/* ---- authenticator data ------------------------------------------------ */

static bool
coordinate(const EVP_PKEY *key, const char *name,
           uint8_t out[COORDINATE_LEN])
{
    BIGNUM *number = NULL;
    bool ok = EVP_PKEY_get_bn_param(key, name, &number) == 1 &&
              BN_bn2binpad(number, out, COORDINATE_LEN) == COORDINATE_LEN;

    BN_free(number);
    return ok;
}

/* COSE_Key (RFC 9053 §7.1.1), its members in canonical order. */
static enum tg_err
append_key(const EVP_PKEY *key, struct tg_buf *out)
{
    static const int64_t head[] = {1, 2, 3, COSE_ES256, -1, 1};
    uint8_t x[COORDINATE_LEN];
    uint8_t y[COORDINATE_LEN];
    enum tg_err err;

    if (!coordinate(key, OSSL_PKEY_PARAM_EC_PUB_X, x) ||
        !coordinate(key, OSSL_PKEY_PARAM_EC_PUB_Y, y))
        return TG_E_CRYPTO;
    err = encode_map(out, 5);
    for (size_t i = 0; i < sizeof(head) / sizeof(head[0]); i++)
        if (err == TG_OK)
            err = encode_integer(out, head[i]);
    if (err == TG_OK && (err = encode_integer(out, -2)) == TG_OK &&
        (err = encode_bytes(out, (struct tg_span)TG_SPAN_ARRAY(x))) == TG_OK &&
        (err = encode_integer(out, -3)) == TG_OK)
        err = encode_bytes(out, (struct tg_span)TG_SPAN_ARRAY(y));
    return err;
}

/* WebAuthn Level 3 §6.1, §6.5.1. */
static enum tg_err
make_auth_data(struct draft *d, const char *rp_id)
{
    static const uint8_t counter[4];
    static const uint8_t id_len[] = {0, CREDENTIAL_ID_LEN};
    const struct tg_span name = tg_span_text(rp_id);
    uint8_t id[CREDENTIAL_ID_LEN];
    uint8_t rp_hash[SHA256_LEN];
    enum tg_err err;

    if ((err = hash_sha256(&name, 1, rp_hash)) != TG_OK ||
        (err = random_bytes(id, sizeof(id))) != TG_OK)
        return err;
    const struct tg_span parts[] = {
        TG_SPAN_ARRAY(rp_hash), {(const uint8_t[]){FLAGS}, 1},
        TG_SPAN_ARRAY(counter), TG_SPAN_ARRAY(certificate_aaguid),
        TG_SPAN_ARRAY(id_len),  TG_SPAN_ARRAY(id),
    };
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if ((err = tg_buf_append(&d->auth_data, parts[i])) != TG_OK)
            return err;
    return append_key(d->key, &d->auth_data);
}

/* ---- attestation statements -------------------------------------------- */

/* authenticatorData ‖ clientDataHash, which both formats are about. */
static enum tg_err
join(const struct draft *d, struct tg_buf *out)
{
    enum tg_err err = tg_buf_append(out, tg_span_buf(&d->auth_data));

    if (err != TG_OK)
        return err;
    return tg_buf_append(out,
                         (struct tg_span)TG_SPAN_ARRAY(d->client_data_hash));
}

static enum tg_err
sign(EVP_PKEY *key, struct tg_span data, uint8_t out[SIGNATURE_MAX],
     size_t *len)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    enum tg_err err = TG_E_CRYPTO;

    *len = SIGNATURE_MAX;
    if (context != NULL &&
        EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
        EVP_DigestSign(context, out, len, data.ptr, data.len) == 1)
        err = TG_OK;
    EVP_MD_CTX_free(context);
    return err;
}

/* "x5c": a chain of one, since its root is not sent. */
static enum tg_err
append_x5c(X509 *leaf, struct tg_buf *out)
{
    struct tg_buf der = TG_BUF_EMPTY;
    enum tg_err err;

    if (leaf == NULL)
        return TG_E_CRYPTO;
    if ((err = certificate_der(leaf, &der)) == TG_OK &&
        (err = encode_text(out, "x5c")) == TG_OK &&
        (err = encode_array(out, 1)) == TG_OK)
        err = encode_bytes(out, tg_span_buf(&der));
    tg_buf_free(&der);
    return err;
}

/* §8.2: signed with a key of the maker's, which is new each time, too. */
static enum tg_err
append_packed(const struct draft *d, struct tg_buf *out)
{
    struct tg_buf data = TG_BUF_EMPTY;
    EVP_PKEY *key = certificate_new_key();
    X509 *leaf =
        key != NULL ? certificate_make_leaf(key, d->issuer, NULL) : NULL;
    uint8_t signature[SIGNATURE_MAX];
    size_t len = 0;
    enum tg_err err = TG_E_CRYPTO;

    if (leaf == NULL)
        goto out;
    if ((err = join(d, &data)) != TG_OK ||
        (err = sign(key, tg_span_buf(&data), signature, &len)) != TG_OK)
        goto out;
    if ((err = encode_map(out, 3)) == TG_OK &&
        (err = encode_text(out, "alg")) == TG_OK &&
        (err = encode_integer(out, COSE_ES256)) == TG_OK &&
        (err = encode_text(out, "sig")) == TG_OK &&
        (err = encode_bytes(out, (struct tg_span){signature, len})) == TG_OK)
        err = append_x5c(leaf, out);
out:
    tg_buf_free(&data);
    X509_free(leaf);
    EVP_PKEY_free(key);
    return err;
}

/* §8.8: the certificate is the credential's, and names what it is about. */
static enum tg_err
append_apple(const struct draft *d, struct tg_buf *out)
{
    struct tg_buf data = TG_BUF_EMPTY;
    uint8_t nonce[SHA256_LEN];
    X509 *leaf = NULL;
    struct tg_span whole;
    enum tg_err err;

    if ((err = join(d, &data)) != TG_OK)
        goto out;
    whole = tg_span_buf(&data);
    if ((err = hash_sha256(&whole, 1, nonce)) != TG_OK)
        goto out;
    leaf = certificate_make_leaf(d->key, d->issuer, nonce);
    if ((err = encode_map(out, 1)) == TG_OK)
        err = append_x5c(leaf, out);
out:
    tg_buf_free(&data);
    X509_free(leaf);
    return err;
}

/* §6.5: the attestation object. */
static enum tg_err
make_object(struct draft *d, enum authenticator_format format)
{
    const bool is_apple = format == AUTHENTICATOR_APPLE;
    struct tg_buf *out = &d->object;
    enum tg_err err;

    if ((err = encode_map(out, 3)) != TG_OK ||
        (err = encode_text(out, "fmt")) != TG_OK ||
        (err = encode_text(out, is_apple ? "apple" : "packed")) != TG_OK ||
        (err = encode_text(out, "attStmt")) != TG_OK ||
        (err = is_apple ? append_apple(d, out) : append_packed(d, out)) !=
            TG_OK ||
        (err = encode_text(out, "authData")) != TG_OK)
        return err;
    return encode_bytes(out, tg_span_buf(&d->auth_data));
}

/* ---- the provider ------------------------------------------------------ */

static bool
is_checked(const struct tg_attestation_request *request, const char *format)
{
    if (request->formats == NULL)
        return true;
    for (size_t i = 0; request->formats[i] != NULL; i++)
        if (strcmp(request->formats[i], format) == 0)
            return true;
    return false;
}

/* AUTHENTICATOR_ANY: none of them. */
static enum authenticator_format
choose(const struct authenticator *a,
       const struct tg_attestation_request *request)
{
    if (a->format != AUTHENTICATOR_APPLE && is_checked(request, "packed"))
        return AUTHENTICATOR_PACKED;
    if (a->format != AUTHENTICATOR_PACKED && is_checked(request, "apple"))
        return AUTHENTICATOR_APPLE;
    return AUTHENTICATOR_ANY;
}

static enum tg_err
attest(void *self, const struct tg_attestation_request *request,
       struct tg_attestation_statement *out)
{
    const struct authenticator *a = self;
    const enum authenticator_format format = choose(a, request);
    struct draft d = {.issuer = &a->maker.issuer};
    struct tg_span client_data;
    enum tg_err err = TG_E_CRYPTO;

    if (format == AUTHENTICATOR_ANY)
        return TG_E_UNKNOWN;
    if ((d.key = certificate_new_key()) == NULL)
        goto out;
    if ((err = tg_attestation_client_data(request, &d.client_data)) != TG_OK)
        goto out;
    client_data = tg_span_buf(&d.client_data);
    if ((err = hash_sha256(&client_data, 1, d.client_data_hash)) != TG_OK ||
        (err = make_auth_data(&d, request->rp_id)) != TG_OK ||
        (err = make_object(&d, format)) != TG_OK)
        goto out;
    err = tg_attestation_give(out, client_data, tg_span_buf(&d.object));
out:
    tg_buf_free(&d.object);
    tg_buf_free(&d.auth_data);
    tg_buf_free(&d.client_data);
    EVP_PKEY_free(d.key);
    return err;
}

enum tg_err
authenticator_open(const char *directory, enum authenticator_format format,
                   struct authenticator **out)
{
    struct authenticator *a = tg_alloc(sizeof(*a));
    enum tg_err err;

    if (a == NULL)
        return TG_E_NOMEM;
    if ((err = maker_open(directory, &a->maker)) != TG_OK) {
        tg_free(a);
        return err;
    }
    a->format = format;
    a->provider = (struct tg_attestation_provider){.attest = attest,
                                                   .self = a};
    *out = a;
    return TG_OK;
}

void
authenticator_free(struct authenticator *a)
{
    if (a == NULL)
        return;
    maker_done(&a->maker);
    tg_free(a);
}

const char *
authenticator_root(const struct authenticator *a)
{
    return (const char *)a->maker.root_path.ptr;
}

const struct tg_attestation_provider *
authenticator_provider(const struct authenticator *a)
{
    return &a->provider;
}
