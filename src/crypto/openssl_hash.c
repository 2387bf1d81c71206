/* hash.h on OpenSSL 3. */
#include "crypto/hash.h"

#include <assert.h>
#include <string.h>

#include <openssl/evp.h>

#include "crypto/openssl_algorithms.h"

/* `out` has room for the digest of `md`. */
static enum tg_err
digest_parts(const EVP_MD *md, const struct tg_span *parts, size_t count,
             uint8_t *out)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    enum tg_err err = TG_E_CRYPTO;
    unsigned len = 0;

    if (ctx == NULL || EVP_DigestInit_ex2(ctx, md, NULL) != 1)
        goto out;
    for (size_t i = 0; i < count; i++)
        if (EVP_DigestUpdate(ctx, parts[i].ptr, parts[i].len) != 1)
            goto out;
    if (EVP_DigestFinal_ex(ctx, out, &len) == 1)
        err = TG_OK;
out:
    EVP_MD_CTX_free(ctx);
    return err;
}

enum tg_err
hash_sha256(const struct tg_span *parts, size_t count, uint8_t out[SHA256_LEN])
{
    const struct openssl_algorithms *openssl = openssl_algorithms_get();

    if (openssl == NULL)
        return TG_E_CRYPTO;
    return digest_parts(openssl->sha256, parts, count, out);
}

enum tg_err
hash_sha512(const struct tg_span *parts, size_t count, uint8_t out[SHA512_LEN])
{
    const struct openssl_algorithms *openssl = openssl_algorithms_get();

    if (openssl == NULL)
        return TG_E_CRYPTO;
    return digest_parts(openssl->sha512, parts, count, out);
}

/* `keyless` is a context of the algorithm, whose result has `out_len` bytes. */
static enum tg_err
mac_parts(const EVP_MAC_CTX *keyless, struct tg_span key,
          const struct tg_span *parts, size_t count, uint8_t *out,
          size_t out_len)
{
    static const uint8_t no_key[1]; /* NULL would mean "keep the old one" */
    EVP_MAC_CTX *ctx = EVP_MAC_CTX_dup(keyless);
    enum tg_err err = TG_E_CRYPTO;
    size_t len = 0;

    if (ctx == NULL ||
        EVP_MAC_init(ctx, key.len > 0 ? key.ptr : no_key, key.len, NULL) != 1)
        goto out;
    for (size_t i = 0; i < count; i++)
        if (EVP_MAC_update(ctx, parts[i].ptr, parts[i].len) != 1)
            goto out;
    if (EVP_MAC_final(ctx, out, &len, out_len) == 1 && len == out_len)
        err = TG_OK;
out:
    EVP_MAC_CTX_free(ctx);
    return err;
}

enum tg_err
hash_hmac(struct tg_span key, const struct tg_span *parts, size_t count,
          uint8_t out[SHA256_LEN])
{
    const struct openssl_algorithms *openssl = openssl_algorithms_get();

    if (openssl == NULL)
        return TG_E_CRYPTO;
    return mac_parts(openssl->hmac_sha256, key, parts, count, out, SHA256_LEN);
}

enum tg_err
hash_hmac_sha512(struct tg_span key, const struct tg_span *parts, size_t count,
                 uint8_t out[SHA512_LEN])
{
    const struct openssl_algorithms *openssl = openssl_algorithms_get();

    if (openssl == NULL)
        return TG_E_CRYPTO;
    return mac_parts(openssl->hmac_sha512, key, parts, count, out, SHA512_LEN);
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
