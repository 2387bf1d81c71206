/* See secret.h. */
#include "secret.h"

#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

enum tg_err
secret_draw(struct text *out)
{
    uint8_t bytes[SECRET_LEN];
    enum tg_err err;

    if (RAND_priv_bytes(bytes, sizeof(bytes)) != 1)
        return TG_E_RANDOM;
    err = text_to_base64((struct tg_span){bytes, sizeof(bytes)}, out);
    OPENSSL_cleanse(bytes, sizeof(bytes));
    return err;
}

enum tg_err
secret_draw_id(char out[static SECRET_ID_LEN + 1])
{
    uint8_t bytes[SECRET_ID_LEN / 2];

    if (RAND_bytes(bytes, sizeof(bytes)) != 1)
        return TG_E_RANDOM;
    for (size_t i = 0; i < sizeof(bytes); i++)
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
    return TG_OK;
}

bool
secret_is_id(const char *text)
{
    return strlen(text) == SECRET_ID_LEN &&
           strspn(text, "0123456789abcdef") == SECRET_ID_LEN;
}

/* The bytes of one. */
static enum tg_err
read_bytes(const char *text, struct text *out)
{
    struct text bytes = TEXT_EMPTY;
    enum tg_err err;

    if ((err = text_from_base64(text, &bytes)) != TG_OK)
        return err;
    if (bytes.len != SECRET_LEN) {
        text_free(&bytes);
        return TG_E_FORMAT;
    }
    *out = bytes;
    return TG_OK;
}

enum tg_err
secret_hash(const char *text, uint8_t out[static SECRET_HASH_LEN])
{
    struct text bytes = TEXT_EMPTY;
    enum tg_err err;

    if ((err = read_bytes(text, &bytes)) != TG_OK)
        return err;
    if (EVP_Digest(bytes.at, bytes.len, out, NULL, EVP_sha256(), NULL) != 1)
        err = TG_E_CRYPTO;
    text_free(&bytes);
    return err;
}

bool
secret_same(const uint8_t a[static SECRET_HASH_LEN],
            const uint8_t b[static SECRET_HASH_LEN])
{
    return CRYPTO_memcmp(a, b, SECRET_HASH_LEN) == 0;
}

enum tg_err
secret_derive(const char *secret, struct tg_span words, struct text *out)
{
    struct text key = TEXT_EMPTY;
    uint8_t derived[SECRET_LEN];
    enum tg_err err;

    if ((err = read_bytes(secret, &key)) != TG_OK)
        return err;
    if (HMAC(EVP_sha256(), key.at, (int)key.len, words.ptr, words.len, derived,
             NULL) == NULL)
        err = TG_E_CRYPTO;
    else
        err = text_to_base64((struct tg_span){derived, sizeof(derived)}, out);
    OPENSSL_cleanse(derived, sizeof(derived));
    text_free(&key);
    return err;
}
