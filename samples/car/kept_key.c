/* See kept_key.h. Stored is PKCS #8, DER. */
#include "kept_key.h"

#include <openssl/crypto.h>
#include <openssl/x509.h>

#include "device_key.h"

#define NAME "key"

static enum tg_err
from_bytes(const struct tg_buf *bytes, EVP_PKEY **out)
{
    const uint8_t *at = bytes->ptr;
    EVP_PKEY *key =
        d2i_AutoPrivateKey(NULL, &at, bytes->len > 0 ? (long)bytes->len : 0);

    if (key == NULL || device_key_check(key) != TG_OK) {
        EVP_PKEY_free(key);
        return TG_E_FORMAT;
    }
    *out = key;
    return TG_OK;
}

/* Released with OPENSSL_clear_free(). TG_E_CRYPTO. */
static enum tg_err
to_bytes(EVP_PKEY *key, uint8_t **out, size_t *len)
{
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
    int n = info == NULL ? -1 : i2d_PKCS8_PRIV_KEY_INFO(info, out);

    PKCS8_PRIV_KEY_INFO_free(info);
    if (n <= 0)
        return TG_E_CRYPTO;
    *len = (size_t)n;
    return TG_OK;
}

/* Where a key is kept: the share, or with NULL the wallet. */
struct place {
    struct tg_wallet *wallet;
    struct tg_share *share;
};

static enum tg_err
get(const struct place *place, EVP_PKEY **out)
{
    struct tg_buf bytes = TG_BUF_EMPTY;
    enum tg_err err = place->share != NULL
                          ? tg_share_get(place->share, NAME, &bytes)
                          : tg_wallet_get(place->wallet, NAME, &bytes);

    if (err == TG_OK)
        err = from_bytes(&bytes, out);
    tg_buf_free(&bytes);
    return err;
}

static enum tg_err
put(const struct place *place, EVP_PKEY *key)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    enum tg_err err;

    if ((err = to_bytes(key, &bytes, &len)) != TG_OK)
        return err;
    if (place->share != NULL)
        err = tg_share_put(place->share, NAME, (struct tg_span){bytes, len});
    else
        err = tg_wallet_put(place->wallet, NAME, (struct tg_span){bytes, len});
    OPENSSL_clear_free(bytes, len);
    return err;
}

static enum tg_err
get_or_make(const struct place *place, EVP_PKEY **out)
{
    EVP_PKEY *key = NULL;
    enum tg_err err = get(place, out);

    if (err != TG_E_NOT_FOUND)
        return err;
    if ((err = device_key_make(&key)) == TG_OK &&
        (err = put(place, key)) == TG_OK) {
        *out = key;
        return TG_OK;
    }
    EVP_PKEY_free(key);
    return err;
}

enum tg_err
kept_key_get(struct tg_wallet *wallet, EVP_PKEY **out)
{
    return get(&(struct place){.wallet = wallet}, out);
}

enum tg_err
kept_key_make(struct tg_wallet *wallet, EVP_PKEY **out)
{
    return get_or_make(&(struct place){.wallet = wallet}, out);
}

enum tg_err
kept_key_of_share(struct tg_share *share, EVP_PKEY **out)
{
    return get(&(struct place){.share = share}, out);
}

enum tg_err
kept_key_make_for_share(struct tg_share *share, EVP_PKEY **out)
{
    return get_or_make(&(struct place){.share = share}, out);
}
