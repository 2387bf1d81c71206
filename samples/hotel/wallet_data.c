/* See wallet_data.h. */
#include "wallet_data.h"

#include <openssl/crypto.h>
#include <openssl/x509.h>

enum tg_err
wallet_data_get(struct tg_share *share, const char *name, struct text *out)
{
    struct tg_buf bytes = TG_BUF_EMPTY;
    enum tg_err err;

    if ((err = tg_share_get(share, name, &bytes)) == TG_OK)
        err = text_copy((struct tg_span){bytes.ptr, bytes.len}, out);
    tg_buf_free(&bytes);
    return err;
}

bool
wallet_data_has(struct tg_share *share, const char *name)
{
    struct tg_buf bytes = TG_BUF_EMPTY;
    enum tg_err err = tg_share_get(share, name, &bytes);

    tg_buf_free(&bytes);
    return err == TG_OK;
}

enum tg_err
wallet_data_get_key(struct tg_share *share, EVP_PKEY **out)
{
    struct tg_buf der = TG_BUF_EMPTY;
    const uint8_t *at;
    EVP_PKEY *key;
    enum tg_err err;

    if ((err = tg_share_get(share, DATA_KEY, &der)) != TG_OK)
        return err;
    at = der.ptr;
    key = d2i_AutoPrivateKey(NULL, &at, (long)der.len);
    if (key == NULL || device_key_check(key) != TG_OK) {
        EVP_PKEY_free(key);
        err = TG_E_FORMAT;
    } else {
        *out = key;
    }
    tg_buf_free(&der);
    return err;
}

enum tg_err
wallet_data_make_key(struct tg_share *share, EVP_PKEY **out)
{
    PKCS8_PRIV_KEY_INFO *info = NULL;
    uint8_t *der = NULL;
    EVP_PKEY *key = NULL;
    int len;
    enum tg_err err = wallet_data_get_key(share, out);

    if (err != TG_E_NOT_FOUND)
        return err;
    if ((err = device_key_make(&key)) != TG_OK)
        return err;
    err = TG_E_CRYPTO;
    info = EVP_PKEY2PKCS8(key);
    if (info != NULL && (len = i2d_PKCS8_PRIV_KEY_INFO(info, &der)) > 0) {
        err = tg_share_put(share, DATA_KEY,
                           (struct tg_span){der, (size_t)len});
        OPENSSL_clear_free(der, (size_t)len);
    }
    PKCS8_PRIV_KEY_INFO_free(info);
    if (err != TG_OK) {
        EVP_PKEY_free(key);
        return err;
    }
    *out = key;
    return TG_OK;
}
