/* aead.h on OpenSSL 3. */
#include "crypto/aead.h"

#include <assert.h>
#include <limits.h>

#include <openssl/evp.h>

#include "crypto/openssl_algorithms.h"
#include "crypto/random.h"

/* NULL when OpenSSL lacks it. */
static const EVP_CIPHER *
cipher_for(const struct aead_key *key)
{
    const struct openssl_algorithms *openssl = openssl_algorithms_get();

    assert(key->len == 16 || key->len == 32);
    if (openssl == NULL)
        return NULL;
    return key->len == 16 ? openssl->aes_128_gcm : openssl->aes_256_gcm;
}

static bool
start(EVP_CIPHER_CTX *ctx, const struct aead_key *key,
      const uint8_t iv[AEAD_IV_LEN], struct tg_span associated, int encrypt)
{
    const EVP_CIPHER *cipher = cipher_for(key);
    int len;

    if (cipher == NULL ||
        EVP_CipherInit_ex2(ctx, cipher, key->bytes, iv, encrypt, NULL) != 1)
        return false;
    return associated.len == 0 ||
           EVP_CipherUpdate(ctx, NULL, &len, associated.ptr,
                            (int)associated.len) == 1;
}

/* Encrypt into the room behind out->len, which the caller has reserved. */
static enum tg_err
seal_into(EVP_CIPHER_CTX *ctx, struct tg_span plain, uint8_t *to)
{
    int len = 0;
    int last = 0;

    if (plain.len > 0 &&
        EVP_CipherUpdate(ctx, to, &len, plain.ptr, (int)plain.len) != 1)
        return TG_E_CRYPTO;
    if (EVP_CipherFinal_ex(ctx, to + len, &last) != 1)
        return TG_E_CRYPTO;
    assert((size_t)len + (size_t)last == plain.len);
    if (EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, AEAD_TAG_LEN,
                            to + plain.len) != 1)
        return TG_E_CRYPTO;
    return TG_OK;
}

enum tg_err
aead_seal(const struct aead_key *key, struct tg_span associated,
          struct tg_span plain, struct tg_buf *out)
{
    enum tg_err err;
    EVP_CIPHER_CTX *ctx = NULL;
    uint8_t *iv;

    if (plain.len > INT_MAX / 2 || associated.len > INT_MAX / 2)
        return TG_E_CRYPTO;
    if ((err = tg_buf_reserve(out, AEAD_IV_LEN + plain.len + AEAD_TAG_LEN)) !=
        TG_OK)
        return err;
    iv = out->ptr + out->len;
    if ((err = random_bytes(iv, AEAD_IV_LEN)) != TG_OK)
        return err;
    err = TG_E_CRYPTO;
    if ((ctx = EVP_CIPHER_CTX_new()) != NULL &&
        start(ctx, key, iv, associated, 1))
        err = seal_into(ctx, plain, iv + AEAD_IV_LEN);
    EVP_CIPHER_CTX_free(ctx);
    if (err == TG_OK)
        out->len += AEAD_IV_LEN + plain.len + AEAD_TAG_LEN;
    return err;
}

/* `tag` is only read; OpenSSL's prototype lacks the const. */
static enum tg_err
open_into(EVP_CIPHER_CTX *ctx, struct tg_span cipher,
          const uint8_t tag[AEAD_TAG_LEN], uint8_t *to)
{
    uint8_t expected[AEAD_TAG_LEN];
    int len = 0;
    int last = 0;

    for (size_t i = 0; i < sizeof(expected); i++)
        expected[i] = tag[i];
    if (cipher.len > 0 &&
        EVP_CipherUpdate(ctx, to, &len, cipher.ptr, (int)cipher.len) != 1)
        return TG_E_CRYPTO;
    if (EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, AEAD_TAG_LEN,
                            expected) != 1)
        return TG_E_CRYPTO;
    if (EVP_CipherFinal_ex(ctx, to + len, &last) != 1)
        return TG_E_AUTH;
    return TG_OK;
}

enum tg_err
aead_open(const struct aead_key *key, struct tg_span associated,
          struct tg_span sealed, struct tg_buf *out)
{
    enum tg_err err;
    EVP_CIPHER_CTX *ctx = NULL;
    struct tg_span cipher;

    if (sealed.len < AEAD_IV_LEN + AEAD_TAG_LEN)
        return TG_E_AUTH;
    if (sealed.len > INT_MAX / 2 || associated.len > INT_MAX / 2)
        return TG_E_CRYPTO;
    cipher.ptr = sealed.ptr + AEAD_IV_LEN;
    cipher.len = sealed.len - AEAD_IV_LEN - AEAD_TAG_LEN;
    if ((err = tg_buf_reserve(out, cipher.len)) != TG_OK)
        return err;
    err = TG_E_CRYPTO;
    if ((ctx = EVP_CIPHER_CTX_new()) != NULL &&
        start(ctx, key, sealed.ptr, associated, 0))
        err = open_into(ctx, cipher, cipher.ptr + cipher.len,
                        out->ptr + out->len);
    EVP_CIPHER_CTX_free(ctx);
    if (err == TG_OK)
        out->len += cipher.len;
    else
        tg_wipe(out->ptr + out->len, cipher.len);
    return err;
}
