/* signing_key.h on OpenSSL 3. */
#include "crypto/signing_key.h"

#include <limits.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/alloc.h"

enum { COORDINATE_LEN = 32 };

struct signing_key {
    enum signing_key_kind kind;
    EVP_PKEY *native;
};

/* OpenSSL would ask at the terminal. */
static int
no_passphrase(char *out, int size, int is_for_writing, void *unused)
{
    (void)out;
    (void)size;
    (void)is_for_writing;
    (void)unused;
    return -1;
}

static enum tg_err
kind_of(const EVP_PKEY *native, enum signing_key_kind *out)
{
    char group[32];
    int bits = EVP_PKEY_get_bits(native);

    if (EVP_PKEY_is_a(native, "EC") == 1) {
        if (EVP_PKEY_get_group_name(native, group, sizeof(group), NULL) != 1 ||
            strcmp(group, SN_X9_62_prime256v1) != 0)
            return TG_E_UNKNOWN;
        *out = SIGNING_KEY_ES256;
        return TG_OK;
    }
    if (EVP_PKEY_is_a(native, "RSA") != 1 ||
        bits < SIGNING_KEY_RSA_BITS_LEAST || bits > SIGNING_KEY_RSA_BITS_MOST)
        return TG_E_UNKNOWN;
    *out = SIGNING_KEY_RS256;
    return TG_OK;
}

/* Whether the two halves belong together: or all signatures were in vain. */
static bool
is_pair(EVP_PKEY *native)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, native, NULL);
    bool is = ctx != NULL && EVP_PKEY_pairwise_check(ctx) == 1;

    EVP_PKEY_CTX_free(ctx);
    return is;
}

enum tg_err
signing_key_parse(struct tg_span pem, struct signing_key **out)
{
    enum tg_err err = TG_E_NOMEM;
    struct signing_key *key = NULL;
    enum signing_key_kind kind;
    EVP_PKEY *native = NULL;
    BIO *bio = NULL;

    if (pem.len == 0 || pem.len > INT_MAX)
        return TG_E_FORMAT;
    if ((bio = BIO_new_mem_buf(pem.ptr, (int)pem.len)) == NULL)
        goto out;
    err = TG_E_FORMAT;
    native = PEM_read_bio_PrivateKey_ex(bio, NULL, no_passphrase, NULL, NULL,
                                        NULL);
    if (native == NULL)
        goto out;
    if ((err = kind_of(native, &kind)) != TG_OK)
        goto out;
    err = TG_E_AUTH;
    if (!is_pair(native))
        goto out;
    err = TG_E_NOMEM;
    if ((key = tg_alloc(sizeof(*key))) == NULL)
        goto out;
    key->kind = kind;
    key->native = native;
    native = NULL;
    *out = key;
    err = TG_OK;
out:
    EVP_PKEY_free(native);
    BIO_free(bio);
    ERR_clear_error();
    return err;
}

void
signing_key_free(struct signing_key *key)
{
    if (key == NULL)
        return;
    EVP_PKEY_free(key->native);
    tg_free(key);
}

enum signing_key_kind
signing_key_kind(const struct signing_key *key)
{
    return key->kind;
}

/* OpenSSL's ECDSA signatures are DER; JOSE wants r ‖ s (RFC 7518 §3.4). */
static enum tg_err
append_es256(const uint8_t *der, size_t len, struct tg_buf *out)
{
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)len);
    uint8_t raw[SIGNING_KEY_ES256_LEN];
    enum tg_err err = TG_E_CRYPTO;

    if (pair != NULL &&
        BN_bn2binpad(ECDSA_SIG_get0_r(pair), raw, COORDINATE_LEN) ==
            COORDINATE_LEN &&
        BN_bn2binpad(ECDSA_SIG_get0_s(pair), raw + COORDINATE_LEN,
                     COORDINATE_LEN) == COORDINATE_LEN)
        err = tg_buf_append(out, (struct tg_span)TG_SPAN_ARRAY(raw));
    ECDSA_SIG_free(pair);
    return err;
}

enum tg_err
signing_key_sign(const struct signing_key *key, struct tg_span data,
                 struct tg_buf *out)
{
    uint8_t made[SIGNING_KEY_RSA_BITS_MOST / 8];
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    enum tg_err err = TG_E_CRYPTO;
    size_t len = sizeof(made);

    if (ctx == NULL ||
        EVP_DigestSignInit_ex(ctx, NULL, "SHA256", NULL, NULL, key->native,
                              NULL) != 1 ||
        EVP_DigestSign(ctx, made, &len, data.ptr, data.len) != 1)
        goto out;
    err = key->kind == SIGNING_KEY_ES256
              ? append_es256(made, len, out)
              : tg_buf_append(out, (struct tg_span){made, len});
out:
    EVP_MD_CTX_free(ctx);
    ERR_clear_error();
    return err;
}

/* One coordinate of the public point. */
static bool
write_coordinate(const EVP_PKEY *native, const char *name,
                 uint8_t out[COORDINATE_LEN])
{
    BIGNUM *number = NULL;
    bool done = EVP_PKEY_get_bn_param(native, name, &number) == 1 &&
                BN_bn2binpad(number, out, COORDINATE_LEN) == COORDINATE_LEN;

    BN_free(number);
    return done;
}

enum tg_err
signing_key_point(const struct signing_key *key,
                  uint8_t out[SIGNING_KEY_POINT_LEN])
{
    uint8_t point[SIGNING_KEY_POINT_LEN] = {POINT_CONVERSION_UNCOMPRESSED};

    if (key->kind != SIGNING_KEY_ES256)
        return TG_E_STATE;
    if (!write_coordinate(key->native, OSSL_PKEY_PARAM_EC_PUB_X, point + 1) ||
        !write_coordinate(key->native, OSSL_PKEY_PARAM_EC_PUB_Y,
                          point + 1 + COORDINATE_LEN)) {
        ERR_clear_error();
        return TG_E_CRYPTO;
    }
    memcpy(out, point, sizeof(point));
    return TG_OK;
}
