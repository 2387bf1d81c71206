/* Keys, their COSE form, and signatures for tests; see forge.h. */
#include "forge.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

static const struct {
    const char *type;
    const char *group;
    unsigned bits;
} kinds[] = {
    [FORGE_P256] = {"EC", "P-256", 0},
    [FORGE_P384] = {"EC", "P-384", 0},
    [FORGE_P521] = {"EC", "P-521", 0},
    [FORGE_RSA] = {"RSA", NULL, 2048},
    [FORGE_ED25519] = {"ED25519", NULL, 0},
    [FORGE_ED448] = {"ED448", NULL, 0},
    [FORGE_RSA_1024] = {"RSA", NULL, 1024},
    [FORGE_RSA_4096] = {"RSA", NULL, 4096},
    [FORGE_SECP256K1] = {"EC", "secp256k1", 0},
};
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static EVP_PKEY *
make_key(enum forge_kind kind)
{
    EVP_PKEY *key;

    if (kinds[kind].group != NULL)
        key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", kinds[kind].group);
    else if (kinds[kind].bits != 0)
        key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)kinds[kind].bits);
    else
        key = EVP_PKEY_Q_keygen(NULL, NULL, kinds[kind].type);
    if (key == NULL)
        abort();
    return key;
}

EVP_PKEY *
forge_key(enum forge_kind kind)
{
    static EVP_PKEY *made[KINDS]; /* a second's work each */

    if (kinds[kind].bits == 0)
        return make_key(kind);
    if (made[kind] == NULL)
        made[kind] = make_key(kind);
    if (EVP_PKEY_up_ref(made[kind]) != 1)
        abort();
    return made[kind];
}

int64_t
forge_algorithm(const EVP_PKEY *key)
{
    if (EVP_PKEY_is_a(key, "RSA") == 1)
        return -257;
    if (EVP_PKEY_is_a(key, "ED448") == 1)
        return -53; /* RFC 9864: WebAuthn has -8 for Ed25519 only */
    if (EVP_PKEY_is_a(key, "EC") != 1)
        return -8;
    switch (EVP_PKEY_get_bits(key)) {
    case 384:
        return -35;
    case 521:
        return -36;
    default:
        return -7;
    }
}

/* A label of the map, and a number of the key in `len` bytes; 0: as many as it
 * has. */
static void
put_number(struct tg_buf *out, const EVP_PKEY *key, int label, const char *name,
           int len)
{
    uint8_t bytes[1024];
    BIGNUM *number = NULL;

    if (EVP_PKEY_get_bn_param(key, name, &number) != 1)
        abort();
    if (len == 0)
        len = BN_num_bytes(number);
    if (BN_bn2binpad(number, bytes, len) != len)
        abort();
    BN_free(number);
    if (label != 0) {
        forge_cbor_integer(out, label);
        forge_cbor_bytes(out, (struct tg_span){bytes, (size_t)len});
    } else {
        forge_append(out, (struct tg_span){bytes, (size_t)len});
    }
}

static int
coordinate_len(const EVP_PKEY *key)
{
    return (EVP_PKEY_get_bits(key) + 7) / 8;
}

void
forge_point(struct tg_buf *out, const EVP_PKEY *key)
{
    forge_append(out, TG_SPAN_LITERAL("\x04"));
    put_number(out, key, 0, OSSL_PKEY_PARAM_EC_PUB_X, coordinate_len(key));
    put_number(out, key, 0, OSSL_PKEY_PARAM_EC_PUB_Y, coordinate_len(key));
}

static void
put_ec(struct tg_buf *out, const EVP_PKEY *key)
{
    int bits = EVP_PKEY_get_bits(key);

    forge_cbor_integer(out, -1); /* crv */
    forge_cbor_integer(out, bits == 521 ? 3 : bits == 384 ? 2 : 1);
    put_number(out, key, -2, OSSL_PKEY_PARAM_EC_PUB_X, coordinate_len(key));
    put_number(out, key, -3, OSSL_PKEY_PARAM_EC_PUB_Y, coordinate_len(key));
}

static void
put_okp(struct tg_buf *out, const EVP_PKEY *key)
{
    uint8_t raw[57];
    size_t len = sizeof(raw);

    if (EVP_PKEY_get_raw_public_key(key, raw, &len) != 1)
        abort();
    forge_cbor_integer(out, -1); /* crv */
    forge_cbor_integer(out, len == 32 ? 6 : 7);
    forge_cbor_integer(out, -2); /* x */
    forge_cbor_bytes(out, (struct tg_span){raw, len});
}

void
forge_cose_key(struct tg_buf *out, const EVP_PKEY *key, int64_t algorithm)
{
    bool is_ec = EVP_PKEY_is_a(key, "EC") == 1;
    bool is_rsa = EVP_PKEY_is_a(key, "RSA") == 1;

    forge_cbor_map(out, is_ec ? 5 : 4);
    forge_cbor_integer(out, 1); /* kty */
    forge_cbor_integer(out, is_ec ? 2 : is_rsa ? 3 : 1);
    forge_cbor_integer(out, 3); /* alg */
    forge_cbor_integer(out, algorithm);
    if (is_ec) {
        put_ec(out, key);
    } else if (is_rsa) {
        put_number(out, key, -1, OSSL_PKEY_PARAM_RSA_N, 0);
        put_number(out, key, -2, OSSL_PKEY_PARAM_RSA_E, 0);
    } else {
        put_okp(out, key);
    }
}

static const char *
digest_of(int64_t algorithm)
{
    switch (algorithm) {
    case -8:
    case -53:
        return NULL;
    case -35:
        return "SHA384";
    case -36:
        return "SHA512";
    case -65535:
        return "SHA1";
    default:
        return "SHA256";
    }
}

void
forge_sign(struct tg_buf *out, EVP_PKEY *key, int64_t algorithm,
           struct tg_span data)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool is_eddsa = digest_of(forge_algorithm(key)) == NULL;
    const char *digest = is_eddsa ? NULL : digest_of(algorithm);
    uint8_t made[1024];
    size_t len = sizeof(made);

    if (digest == NULL && !is_eddsa)
        digest = "SHA256";
    if (ctx == NULL ||
        EVP_DigestSignInit_ex(ctx, NULL, digest, NULL, NULL, key, NULL) != 1 ||
        EVP_DigestSign(ctx, made, &len, data.ptr, data.len) != 1)
        abort();
    forge_append(out, (struct tg_span){made, len});
    EVP_MD_CTX_free(ctx);
}

void
forge_sha256(struct tg_span data, uint8_t out[ATTEST_HASH_LEN])
{
    (void)SHA256(data.ptr, data.len, out);
}
