/* Keys for tests, made by OpenSSL and never stored; and whether a signature
 * is by one of them. */
#ifndef UNIT_KEY_KIT_H
#define UNIT_KEY_KIT_H

#include <string.h>

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/bytes.h"

static inline EVP_PKEY *
kit_make_ec(void)
{
    EVP_PKEY *native = EVP_EC_gen("P-256");

    assert_non_null(native);
    return native;
}

static inline EVP_PKEY *
kit_make_rsa(size_t bits)
{
    EVP_PKEY *native = EVP_RSA_gen(bits);

    assert_non_null(native);
    return native;
}

/* Its PEM (PKCS #8), under a passphrase unless that is NULL; freed with
 * tg_buf_free(). */
static inline struct tg_buf
kit_pem(const EVP_PKEY *native, const char *passphrase)
{
    struct tg_buf out = TG_BUF_EMPTY;
    BIO *bio = BIO_new(BIO_s_mem());
    char *text;
    long len;

    assert_non_null(bio);
    assert_int_equal(
        PEM_write_bio_PKCS8PrivateKey(
            bio, native, passphrase != NULL ? EVP_aes_128_cbc() : NULL,
            passphrase, passphrase != NULL ? (int)strlen(passphrase) : 0, NULL,
            NULL),
        1);
    len = BIO_get_mem_data(bio, &text);
    assert_int_equal(
        tg_buf_append(&out,
                      (struct tg_span){(const uint8_t *)text, (size_t)len}),
        TG_OK);
    assert_int_equal(tg_buf_terminate(&out), TG_OK);
    BIO_free(bio);
    return out;
}

/* ES256's r ‖ s as OpenSSL wants it. */
static inline size_t
kit_es256_to_der(struct tg_span raw, uint8_t out[80])
{
    ECDSA_SIG *pair = ECDSA_SIG_new();
    uint8_t *end = out;
    int len;

    assert_int_equal(raw.len, 64);
    assert_int_equal(ECDSA_SIG_set0(pair, BN_bin2bn(raw.ptr, 32, NULL),
                                    BN_bin2bn(raw.ptr + 32, 32, NULL)),
                     1);
    len = i2d_ECDSA_SIG(pair, &end);
    assert_true(len > 0 && len <= 80);
    ECDSA_SIG_free(pair);
    return (size_t)len;
}

/* Whether the key made this signature, as JOSE writes it, with SHA-256. */
static inline bool
kit_is_signed(EVP_PKEY *native, struct tg_span data, struct tg_span signature)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    uint8_t der[80];
    bool is;

    if (EVP_PKEY_is_a(native, "EC") == 1)
        signature =
            (struct tg_span){der, kit_es256_to_der(signature, der)};
    assert_int_equal(EVP_DigestVerifyInit_ex(ctx, NULL, "SHA256", NULL, NULL,
                                             native, NULL),
                     1);
    is = EVP_DigestVerify(ctx, signature.ptr, signature.len, data.ptr,
                          data.len) == 1;
    EVP_MD_CTX_free(ctx);
    return is;
}

#endif
