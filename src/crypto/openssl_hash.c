/* hash.h on OpenSSL 3. */
#include "crypto/hash.h"

#include <assert.h>
#include <string.h>

#include <openssl/evp.h>

#include "crypto/openssl_algorithms.h"

static enum tg_err
digest_parts(EVP_MD_CTX *ctx, const struct tg_span *parts, size_t count,
             uint8_t out[SHA256_LEN])
{
    unsigned len = SHA256_LEN;

    for (size_t i = 0; i < count; i++)
        if (EVP_DigestUpdate(ctx, parts[i].ptr, parts[i].len) != 1)
            return TG_E_CRYPTO;
    return EVP_DigestFinal_ex(ctx, out, &len) == 1 ? TG_OK : TG_E_CRYPTO;
}

enum tg_err
hash_sha256(const struct tg_span *parts, size_t count, uint8_t out[SHA256_LEN])
{
    const struct openssl_algorithms *openssl = openssl_algorithms_get();
    enum tg_err err = TG_E_CRYPTO;
    EVP_MD_CTX *ctx;

    if (openssl == NULL || (ctx = EVP_MD_CTX_new()) == NULL)
        return TG_E_CRYPTO;
    if (EVP_DigestInit_ex2(ctx, openssl->sha256, NULL) == 1)
        err = digest_parts(ctx, parts, count, out);
    EVP_MD_CTX_free(ctx);
    return err;
}

static enum tg_err
mac_parts(EVP_MAC_CTX *ctx, struct tg_span key, const struct tg_span *parts,
          size_t count, uint8_t out[SHA256_LEN])
{
    static const uint8_t no_key[1]; /* NULL would mean "keep the old one" */
    size_t len = 0;

    if (EVP_MAC_init(ctx, key.len > 0 ? key.ptr : no_key, key.len, NULL) != 1)
        return TG_E_CRYPTO;
    for (size_t i = 0; i < count; i++)
        if (EVP_MAC_update(ctx, parts[i].ptr, parts[i].len) != 1)
            return TG_E_CRYPTO;
    if (EVP_MAC_final(ctx, out, &len, SHA256_LEN) != 1 || len != SHA256_LEN)
        return TG_E_CRYPTO;
    return TG_OK;
}

enum tg_err
hash_hmac(struct tg_span key, const struct tg_span *parts, size_t count,
          uint8_t out[SHA256_LEN])
{
    const struct openssl_algorithms *openssl = openssl_algorithms_get();
    enum tg_err err;
    EVP_MAC_CTX *ctx;

    if (openssl == NULL ||
        (ctx = EVP_MAC_CTX_dup(openssl->hmac_sha256)) == NULL)
        return TG_E_CRYPTO;
    err = mac_parts(ctx, key, parts, count, out);
    EVP_MAC_CTX_free(ctx);
    return err;
}

enum tg_err
hash_hkdf_extract(struct tg_span salt, struct tg_span secret,
                  uint8_t out[SHA256_LEN])
{
    return hash_hmac(salt, &secret, 1, out);
}

enum tg_err
hash_hkdf_expand(const uint8_t prk[SHA256_LEN], const char *label,
                 uint8_t *out, size_t out_len)
{
    static const uint8_t first_block = 1;
    const struct tg_span key = {prk, SHA256_LEN};
    const struct tg_span parts[] = {tg_span_text(label), {&first_block, 1}};
    TG_WIPED(struct { uint8_t bytes[SHA256_LEN]; }, block);
    enum tg_err err;

    assert(out_len <= SHA256_LEN);
    if ((err = hash_hmac(key, parts, 2, block.bytes)) != TG_OK)
        return err;
    memcpy(out, block.bytes, out_len);
    return TG_OK;
}
