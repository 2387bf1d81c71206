/* See device_key.h. */
#include "device_key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

enum tg_err
device_key_make(EVP_PKEY **out)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");

    if (key == NULL)
        return TG_E_CRYPTO;
    *out = key;
    return TG_OK;
}

/* PKCS #8 PEM. */
static enum tg_err
save(const struct state *state, const char *name, EVP_PKEY *key)
{
    enum tg_err err = TG_E_CRYPTO;
    BIO *pem = BIO_new(BIO_s_secmem());
    char *text;
    long len;

    if (pem == NULL ||
        PEM_write_bio_PKCS8PrivateKey(pem, key, NULL, NULL, 0, NULL, NULL) != 1)
        goto out;
    if ((len = BIO_get_mem_data(pem, &text)) <= 0)
        goto out;
    err = state_write(state, name,
                      (struct tg_span){(const uint8_t *)text, (size_t)len});
out:
    BIO_free(pem); /* a BIO of this kind wipes what it held */
    return err;
}

enum tg_err
device_key_check(EVP_PKEY *key)
{
    char curve[32];

    if (!EVP_PKEY_is_a(key, "EC") ||
        EVP_PKEY_get_group_name(key, curve, sizeof(curve), NULL) != 1 ||
        strcmp(curve, SN_X9_62_prime256v1) != 0)
        return TG_E_FORMAT;
    return TG_OK;
}

enum tg_err
device_key_load(const struct state *state, const char *name, EVP_PKEY **out)
{
    enum tg_err err;
    struct text pem = TEXT_EMPTY;
    EVP_PKEY *key = NULL;
    BIO *bio = NULL;

    if ((err = state_read(state, name, &pem)) != TG_OK)
        return err;
    err = TG_E_NOMEM;
    if ((bio = BIO_new_mem_buf(pem.at, (int)pem.len)) == NULL)
        goto out;
    err = TG_E_FORMAT;
    /* An empty passphrase rather than a question on the terminal. */
    key = PEM_read_bio_PrivateKey(bio, NULL, NULL, (char[]){""});
    if (key == NULL || device_key_check(key) != TG_OK)
        goto out;
    err = TG_OK;
    *out = key;
    key = NULL;
out:
    EVP_PKEY_free(key);
    BIO_free(bio);
    text_free(&pem);
    return err;
}

enum tg_err
device_key_load_or_make(const struct state *state, const char *name,
                        EVP_PKEY **out)
{
    EVP_PKEY *key = NULL;
    enum tg_err err = device_key_load(state, name, out);

    if (err != TG_E_NOT_FOUND)
        return err;
    if ((err = device_key_make(&key)) != TG_OK)
        return err;
    if ((err = save(state, name, key)) != TG_OK) {
        EVP_PKEY_free(key);
        return err;
    }
    *out = key;
    return TG_OK;
}

enum tg_err
device_key_public(EVP_PKEY *key, struct text *out)
{
    uint8_t *der = NULL;
    int len = i2d_PUBKEY(key, &der);
    enum tg_err err;

    if (len <= 0)
        return TG_E_NOMEM;
    err = text_copy((struct tg_span){der, (size_t)len}, out);
    OPENSSL_free(der);
    return err;
}

enum tg_err
device_key_read_public(struct tg_span der, EVP_PKEY **out)
{
    const uint8_t *at = der.ptr;
    EVP_PKEY *key;

    if (der.len == 0 || der.len > DEVICE_KEY_PUBLIC_MAX)
        return TG_E_FORMAT;
    if ((key = d2i_PUBKEY(NULL, &at, (long)der.len)) == NULL)
        return TG_E_FORMAT;
    if (at != der.ptr + der.len || device_key_check(key) != TG_OK) {
        EVP_PKEY_free(key);
        return TG_E_FORMAT;
    }
    *out = key;
    return TG_OK;
}

enum tg_err
device_key_fingerprint(EVP_PKEY *key, char out[static DEVICE_KEY_FINGERPRINT])
{
    struct text der = TEXT_EMPTY;
    uint8_t digest[EVP_MAX_MD_SIZE];
    enum tg_err err;

    if ((err = device_key_public(key, &der)) != TG_OK)
        return err;
    if (EVP_Digest(der.at, der.len, digest, NULL, EVP_sha256(), NULL) != 1)
        err = TG_E_CRYPTO;
    for (size_t i = 0; err == TG_OK && i < DEVICE_KEY_FINGERPRINT / 2; i++)
        snprintf(out + 2 * i, 3, "%02x", digest[i]);
    text_free(&der);
    return err;
}

enum tg_err
device_key_sign(EVP_PKEY *key, struct tg_span words, struct text *signature)
{
    uint8_t der[DEVICE_KEY_SIGNATURE_MAX];
    size_t len = sizeof(der);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    enum tg_err err = TG_E_CRYPTO;

    if (ctx != NULL &&
        EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
        EVP_DigestSign(ctx, der, &len, words.ptr, words.len) == 1)
        err = text_copy((struct tg_span){der, len}, signature);
    EVP_MD_CTX_free(ctx);
    return err;
}

enum tg_err
device_key_verify(EVP_PKEY *key, struct tg_span words,
                  struct tg_span signature)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    enum tg_err err = TG_E_AUTH;

    if (ctx != NULL && signature.len <= DEVICE_KEY_SIGNATURE_MAX &&
        EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
        EVP_DigestVerify(ctx, signature.ptr, signature.len, words.ptr,
                         words.len) == 1)
        err = TG_OK;
    EVP_MD_CTX_free(ctx);
    return err;
}
